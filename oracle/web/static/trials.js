// Every candidate as a surface, the trials of a cell, one trial with its epochs, and the failures.

import {choose, chosen, onAddress} from "./address.js";
import {draw} from "./plot.js";
import {ask} from "./service.js";
import {count, duration, make, measured, NOTHING, rate, table} from "./words.js";

const at = id => document.getElementById(id);
const PAGE = 20;

export function trials(study) {
  let surface = [], failed = 0, starts = [0];
  const metric = () => study.detail?.metric ?? {name: "validation", format: "plain", digits: 4};

  /** Ask for the surface again, and for what is open below it. */
  async function refresh() {
    const [plate, {levels}] = await Promise.all([ask(`${study.path}/figures/heatmap`), ask(`${study.path}/surface`)]);
    surface = levels;
    at("surface-section").hidden = !levels.length;
    at("plot-heatmap").hidden = plate.figure === null;
    at("caption-heatmap").textContent = plate.caption.replaceAll("`", "");
    if (plate.figure) draw(at("plot-heatmap"), withPending(plate.figure));
    if (levels.length) pickers();
    await Promise.all([cell(), trial()]);
  }

  /** Add marks where trials are still to come. */
  function withPending(figure) {
    const open = surface.flatMap(({density, cells}) => cells.filter(one => one.pending).map(one => [density, one.max_lr]));
    if (!open.length) return figure;
    const marks = {name: "trials to come", type: "scatter", mode: "markers", hoverinfo: "skip", x: open.map(([x]) => x), y: open.map(([, y]) => y),
      marker: {symbol: "circle-open", size: 6, color: "#5f6368", line: {width: 1.5}}};
    return {...figure, data: [...figure.data, marks]};
  }

  /** Choose the cell under the pointer. Plotly's own clicks are lost when the figure is drawn again meanwhile. */
  function pressed({clientX, clientY, target}) {
    const {xaxis, yaxis} = at("plot-heatmap")._fullLayout ?? {}, lifted = new AbortController();
    if (!xaxis || !target.classList.contains("drag")) return;
    const frame = at("plot-heatmap").getBoundingClientRect();
    addEventListener("pointercancel", () => lifted.abort(), {signal: lifted.signal});
    addEventListener("pointerup", event => {
      lifted.abort();
      if (Math.hypot(event.clientX - clientX, event.clientY - clientY) > 5) return;
      const level = nearest(surface, one => one.density, xaxis.p2d(clientX - frame.left - xaxis._offset));
      const {max_lr} = nearest(level.cells, one => one.max_lr, yaxis.p2d(clientY - frame.top - yaxis._offset));
      choose({level: level.level, max_lr, trial: null});
    }, {signal: lifted.signal});
  }

  function pickers() {
    const level = chosen("level"), max_lr = chosen("max_lr");
    const cells = surface.find(one => String(one.level) === level)?.cells ?? [];
    const fill = (select, values, value) => {
      select.replaceChildren(make("option", {value: ""}, "–"), ...values.map(one => make("option", {value: one}, typeof one === "number" && select.id === "max-lr" ? rate(one) : one)));
      select.value = value ?? "";
    };
    fill(at("level"), surface.map(one => one.level), level);
    fill(at("max-lr"), cells.map(one => one.max_lr).sort((a, b) => a - b), max_lr);
    at("max-lr").disabled = !cells.length;
  }

  async function cell() {
    const level = chosen("level"), max_lr = chosen("max_lr");
    if (!/^\d+$/.test(level ?? "")) return at("trials").replaceChildren();
    const found = [];
    for (let after = 0; after !== null && found.length < 2000;) {
      const part = await ask(`${study.path}/trials?level=${level}&run=oracle&limit=500&after=${after}`);
      found.push(...part.trials.filter(one => max_lr === null || one.max_lr === Number(max_lr)));
      after = part.next;
    }
    if (level !== chosen("level") || max_lr !== chosen("max_lr")) return;
    const rows = found.map(one => [link(one), rate(one.max_lr), one.seed, one.state, measured(one.val, metric()), measured(one.test, metric()),
      one.seconds == null ? NOTHING : duration(one.seconds), one.attempts]);
    const caption = `${count(found.length, "trial")} of level ${level}${max_lr === null ? "" : ` with max_lr ${rate(Number(max_lr))}`}`;
    at("trials").replaceChildren(table(caption, ["Trial", "max_lr", "Seed", "State", "Validation", "Test", "Time", "Attempts"], rows));
  }

  function link({id}) {
    const query = new URLSearchParams(location.search);
    query.set("trial", id);
    return make("a", {href: `?${query}`, "data-trial": id}, `${id}`);
  }

  async function trial() {
    const id = chosen("trial");
    at("trial").hidden = !/^\d+$/.test(id ?? "");
    if (at("trial").hidden) return;
    let one;
    try {
      one = await ask(`${study.path}/trials/${id}`);
    } catch (error) {
      at("trial-title").textContent = `Trial ${id}`;
      at("trial-facts").textContent = error.message;
      at("plot-trial").hidden = at("trial-error").hidden = true;
      at("trial-epochs").replaceChildren();
      return;
    }
    if (id !== chosen("trial")) return;
    at("trial-title").textContent = `Trial ${id}`;
    at("trial-facts").textContent = [`${one.run}, level ${one.level}, seed ${one.seed}, max_lr ${rate(one.max_lr)}: ${one.state}`,
      one.val == null ? null : `validation ${measured(one.val, metric())}`, one.test == null ? null : `test ${measured(one.test, metric())}`,
      one.seconds == null ? null : duration(one.seconds), one.machine].filter(Boolean).join(", ") + ".";
    at("trial-error").hidden = !one.error;
    at("trial-error").textContent = one.error ?? "";
    at("plot-trial").hidden = !one.epochs.length;
    if (one.epochs.length) draw(at("plot-trial"), epochs(one.epochs, metric()));
    const columns = ["Step", `Validation ${metric().name}`, "Validation loss", "Training loss", "Learning rate"];
    const rows = one.epochs.map(epoch => [epoch.step, measured(epoch.val, metric()), rate(epoch.val_loss), rate(epoch.train_loss), rate(epoch.lr)]);
    at("trial-epochs").replaceChildren(...rows.length ? [make("details", {}, make("summary", {}, "The epochs in numbers"), table("Epochs", columns, rows))] : []);
  }

  async function failures(number = failed) {
    failed = number;
    at("failures-section").hidden = !failed;
    if (!failed) return;
    const part = await ask(`${study.path}/trials?state=failed&limit=${PAGE}&after=${starts.at(-1)}`);
    const rows = part.trials.map(one => [link(one), one.run, one.level, rate(one.max_lr), one.seed, one.attempts, one.error ?? ""]);
    at("failures").replaceChildren(table(`${count(failed, "failed trial")}`, ["Trial", "Run", "Level", "max_lr", "Seed", "Attempts", "Why"], rows, {textual: [6]}));
    at("failures-before").hidden = at("failures-after").hidden = starts.length === 1 && part.next === null;
    at("failures-before").disabled = starts.length === 1;
    at("failures-after").disabled = part.next === null;
    at("failures-after").value = part.next ?? "";
  }

  const again = work => work().catch(error => { at("trials").textContent = error.message; });
  at("failures-before").addEventListener("click", () => { starts.pop(); again(failures); });
  at("failures-after").addEventListener("click", event => { starts.push(Number(event.target.value)); again(failures); });
  at("level").addEventListener("change", event => choose({level: event.target.value || null, max_lr: null, trial: null}));
  at("max-lr").addEventListener("change", event => choose({max_lr: event.target.value || null, trial: null}));
  at("plot-heatmap").addEventListener("pointerdown", pressed);
  at("trial-close").addEventListener("click", () => choose({trial: null}));
  document.addEventListener("click", event => {
    const place = event.target.closest("[data-trial]");
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose({trial: place.dataset.trial});
    at("trial").scrollIntoView({block: "start"});
    at("trial").focus({preventScroll: true});
  });
  let was = "";
  onAddress(() => {
    if (surface.length) pickers();
    const now = `${chosen("level")} ${chosen("max_lr")} ${chosen("trial")}`;
    if (now === was) return;
    was = now;
    again(cell);
    again(trial);
  });
  return {refresh, failures};
}

const nearest = (items, value, wanted) =>
  items.reduce((best, item) => Math.abs(Math.log(value(item) / wanted)) < Math.abs(Math.log(value(best) / wanted)) ? item : best);

/** Return the figure of a trial's epochs: the metric above, the learning rate below. */
function epochs(points, metric) {
  const scale = metric.format === "percent" ? 100 : 1, x = points.map(point => point.step);
  const axis = {showline: true, linecolor: "#5f6368", gridcolor: "#e4e4e0", zeroline: false, ticks: "outside", tickcolor: "#5f6368", ticklen: 4};
  const lrs = points.some(point => point.lr != null);
  const title = (text, y) => ({text, showarrow: false, xref: "paper", yref: "paper", xanchor: "center", yanchor: "middle", font: {size: 13}, x: 0, y, xshift: -62, textangle: -90});
  const curve = (name, y, color, yaxis) => ({name, type: "scatter", mode: points.length < 60 ? "lines+markers" : "lines", x, y, yaxis,
    line: {color, width: 2}, marker: {color, size: 6}, hovertemplate: `${name} %{y}<br>step %{x}<extra></extra>`});
  return {
    data: [curve(`validation ${metric.name}`, points.map(point => point.val == null ? null : point.val * scale), "#0072b2", "y"),
      ...lrs ? [curve("learning rate", points.map(point => point.lr), "#d55e00", "y2")] : []],
    layout: {
      height: lrs ? 430 : 300, margin: {l: 76, r: 16, t: 16, b: 64}, showlegend: false, hovermode: "closest",
      font: {family: "system-ui, sans-serif", size: 13, color: "#1d1f21"}, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff",
      hoverlabel: {bgcolor: "#ffffff", bordercolor: "#5f6368", font: {color: "#1d1f21"}, align: "left"},
      xaxis: {...axis, anchor: lrs ? "y2" : "y", showgrid: false},
      yaxis: {...axis, domain: lrs ? [0.45, 1] : [0, 1], nticks: 6, ticksuffix: scale === 100 ? "\u202f%" : ""},
      ...lrs && {yaxis2: {...axis, domain: [0, 0.33], nticks: 4, rangemode: "tozero"}},
      annotations: [{text: "step", showarrow: false, xref: "paper", yref: "paper", xanchor: "center", yanchor: "middle", font: {size: 13}, x: 0.5, y: 0, yshift: -44},
        title(metric.name, lrs ? 0.725 : 0.5), ...lrs ? [title("learning rate", 0.165)] : []],
    },
  };
}
