// The oracle curve, the schedules on it, and one to move with sliders: what it would lose, and how to use it.

import {choose, chosen, onAddress} from "./address.js";
import {draw} from "./plot.js";
import {FAMILIES, LABELS, parsed, written} from "./s-cyc.js";
import {ask, newest} from "./service.js";
import {lost, make, rate} from "./words.js";

const at = id => document.getElementById(id);
const TRIED = "#cc79a7"; // purple: nothing else on the curve has it but one kind of bars
const LOOKS = [["#d55e00", "dash"], ["#009e73", "dashdot"], ["#1d1f21", "dot"], ["#e69f00", "solid"], ["#56b4e9", "dash"],
  ["#5f6368", "dashdot"], ["#e69f00", "dot"], ["#56b4e9", "solid"]];
const STEPS = 400;

export function explore(study) {
  let plate = null, known = null, levels = [], tried = null, verdict = null, frame = 0;

  /** Ask for figure and schedules again, when a level was decided; these are the decided ones. */
  async function refresh(decided) {
    const figure = await ask(`${study.path}/figures/curve`);
    plate = figure;
    levels = decided;
    at("no-curve").hidden = figure.figure !== null;
    at("plot-curve").hidden = figure.figure === null;
    at("no-curve").textContent = figure.caption;
    at("caption-curve").textContent = figure.figure ? figure.caption.replaceAll("`", "") : "";
    const found = await ask(`${study.path}/schedules`);
    known = found.schedules.length ? found : null; // there are none before level 0 is decided
    at("explore").hidden = at("switches").hidden = known === null || figure.figure === null;
    if (known) offer();
    if (known && !tried) onAddress(restore);
    else if (known) judge();
    redraw();
  }

  /** Return family and values of a schedule of the study, if sliders can move it. */
  function movable(name) {
    const one = known.schedules.find(schedule => schedule.name === name);
    if (!one) return parsed(name);
    if (one.parameters) return {family: "s-cyc", values: {...one.parameters}};
    if (!Object.hasOwn(FAMILIES, name)) return null;
    return {family: name, values: {start: one.max_lrs[0], end: one.max_lrs.at(-1)}};
  }

  function offer() {
    const select = at("start"), names = known.schedules.map(one => one.name).filter(movable);
    const had = select.value;
    select.replaceChildren(...names.map(name => make("option", {value: name}, name)), make("option", {value: "", hidden: true}, "moved"));
    select.value = names.includes(had) || had === "" ? had : known.start;
    if (!at("rule").options.length && study.detail) {
      at("rule").append(...study.detail.rules.map(rule => make("option", {value: rule, selected: rule === study.detail.default_rule}, rule)));
    }
    const on = shown();
    at("switches").replaceChildren(at("switches").firstElementChild, ...known.schedules.map(({name}, i) => {
      const line = make("i", {style: `border-top-color: ${LOOKS[i % LOOKS.length][0]}`, "aria-hidden": "true"});
      return make("label", {}, make("input", {type: "checkbox", value: name, checked: on.includes(name)}), line, name);
    }));
  }

  const shown = () => (chosen("show") ?? "").split(",").filter(Boolean);

  /** Take the schedule from the address. */
  function restore() {
    if (!known) return;
    const name = chosen("schedule") ?? known.start;
    const found = movable(name) ?? movable(known.start);
    if (!found) return;
    const p = study.detail?.rate ?? known.schedules.find(one => one.parameters)?.parameters.p ?? 0.2;
    const steps = Math.max((study.detail?.levels ?? levels.length) - 1, 1);
    const isNew = tried?.family !== found.family;
    tried = {name, family: found.family, values: {p, levels: steps, ...found.values}};
    at("start").value = known.schedules.some(one => one.name === name) ? name : "";
    if (isNew) sliders();
    settle();
    for (const box of at("switches").querySelectorAll("input")) box.checked = shown().includes(box.value);
    const rule = chosen("rule");
    if (rule && study.detail?.rules.includes(rule)) at("rule").value = rule;
    redraw();
    judge();
  }

  function range(name) {
    const {low, high} = known.sliders[name] ?? known.sliders.delta;
    const value = tried.values[name];
    return {low: Math.min(low, value), high: Math.max(high, value), log: low > 0 && name !== "q"};
  }

  function sliders() {
    at("sliders").replaceChildren(...FAMILIES[tried.family].moved.map(name => {
      const id = `slide-${name}`;
      const slide = make("input", {type: "range", id, min: 0, max: name === "q" ? range(name).high : STEPS, step: 1});
      const typed = make("input", {type: "number", step: name === "q" ? 1 : "any", min: 0, "aria-label": LABELS[name]});
      slide.addEventListener("input", () => move(name, fromSlide(name, Number(slide.value))));
      slide.addEventListener("change", () => choose({schedule: tried.name}, {step: false}));
      typed.addEventListener("change", () => {
        const value = Number(typed.value);
        if (typed.value !== "" && (value > 0 || (value === 0 && (name === "q" || name === "epsilon")))) {
          move(name, name === "q" ? Math.round(value) : value);
        }
        settle();
      });
      return make("div", {class: "slider"}, make("label", {for: id}, LABELS[name]), slide, typed);
    }));
  }

  function fromSlide(name, place) {
    if (name === "q") return place;
    const {low, high, log} = range(name), share = place / STEPS;
    return Number((log ? low * (high / low) ** share : low + (high - low) * share).toPrecision(3));
  }

  /** Put sliders and numbers where the schedule is. */
  function settle() {
    FAMILIES[tried.family].moved.forEach((name, i) => {
      const [slide, typed] = at("sliders").children[i].querySelectorAll("input");
      const value = tried.values[name], {low, high, log} = range(name);
      const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
      if (name === "q") slide.max = high;
      if (document.activeElement !== slide) slide.value = name === "q" ? value : Math.round(STEPS * (share || 0));
      slide.setAttribute("aria-valuetext", rate(value));
      if (document.activeElement !== typed) typed.value = Number(value.toPrecision(4));
    });
  }

  function move(name, value) {
    tried.values[name] = value;
    tried.name = written(tried.family, tried.values);
    at("start").value = "";
    settle();
    choose({schedule: tried.name}, {step: false});
    redraw();
    judge();
  }

  const maxLrs = () => levels.map(({level}) => FAMILIES[tried.family].formula(tried.values, level));

  /** Draw at the next frame, however often something moves until then. */
  function redraw() {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; drawn(); });
  }

  function drawn() {
    if (!plate?.figure) return;
    const figure = {data: [...plate.figure.data], layout: {...plate.figure.layout, yaxis: {...plate.figure.layout.yaxis}}};
    const x = levels.map(level => level.density);
    const lines = [];
    if (known) {
      known.schedules.forEach(({name, max_lrs: values}, i) => {
        if (!shown().includes(name)) return;
        const [color, dash] = LOOKS[i % LOOKS.length];
        lines.push(line(name, x, levels.map(({level}) => values[level] ?? null), levels, {color, dash, width: 2}));
      });
    }
    if (tried && known) {
      const one = line("the schedule that you move", x, maxLrs(), levels, {color: TRIED, dash: "solid", width: 2.5});
      const inside = new Map((verdict?.levels ?? []).map(level => [level.level, level.inside]));
      one.mode = "lines+markers";
      one.marker = {color: TRIED, size: 8, line: {color: TRIED, width: 2},
        symbol: levels.map(({level}) => inside.get(level) === false ? "circle-open" : "circle")};
      lines.push(one);
    }
    widen(figure.layout.yaxis, lines.flatMap(one => one.y).filter(value => value > 0));
    figure.data.push(...lines);
    draw(at("plot-curve"), figure);
  }

  const judge = newest(async isNewest => {
    if (!tried) return;
    at("verdict").classList.add("old");
    try {
      const found = await ask(`${study.path}/verdict?${new URLSearchParams({schedule: tried.name, rule: at("rule").value})}`);
      if (isNewest()) { verdict = found; tellVerdict(found); redraw(); }
    } catch (error) {
      if (isNewest()) at("sentence").textContent = error.message;
    }
    if (isNewest()) at("verdict").classList.remove("old");
  });

  function tellVerdict(found) {
    at("hits").replaceChildren(...found.levels.map(({level, inside}) => {
      const [look, said] = inside === null ? ["unjudged", "not judged"] : inside ? ["inside", "inside"] : ["outside", "outside"];
      return make("li", {class: look, title: `Level ${level}: ${said}`}, `${level}`, make("span", {class: "unseen"}, ` ${said}`));
    }));
    at("hit-count").textContent = `${found.hits} of ${found.judged}`;
    at("regret").textContent = study.detail ? lost(found.mean_regret, study.detail.metric) : String(found.mean_regret);
    at("sentence").textContent = found.sentence;
    at("code").textContent = found.code;
    at("command").textContent = found.command;
  }

  at("start").addEventListener("change", event => choose({schedule: event.target.value}));
  at("rule").addEventListener("change", event => choose({rule: event.target.value}));
  at("switches").addEventListener("change", () => {
    const on = [...at("switches").querySelectorAll("input:checked")].map(box => box.value);
    choose({show: on.join(",") || null}, {step: false});
    redraw();
  });
  return {refresh};
}

function line(name, x, y, levels, look) {
  const text = levels.map(({level}, i) => `<b>${escaped(name)}</b>, level ${level}<br>max_lr <b>${rate(y[i])}</b>`);
  return {name: escaped(name), type: "scatter", mode: "lines", x, y, text, hovertemplate: "%{text}<extra></extra>", line: look};
}

/** Plotly reads some HTML in names. */
const escaped = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Let a logarithmic axis reach all values, with round ticks where it has grown. */
function widen(axis, values) {
  const room = 0.02, [low, high] = axis.range;
  const least = Math.log10(Math.min(...values)) - room, most = Math.log10(Math.max(...values)) + room;
  if (!values.length || (least >= low && most <= high)) return;
  axis.range = [Math.min(low, least), Math.max(high, most)];
  axis.tickvals = [];
  for (let decade = Math.floor(axis.range[0]); decade <= axis.range[1]; decade++) {
    for (const step of axis.range[1] - axis.range[0] > 2 ? [1] : [1, 2, 5]) {
      const tick = Number(`${step}e${decade}`);
      if (Math.log10(tick) >= axis.range[0] && Math.log10(tick) <= axis.range[1]) axis.tickvals.push(tick);
    }
  }
  axis.ticktext = axis.tickvals.map(rate);
}
