// The page of a study: how far it is, live, and what its parts show.

import {actions} from "./actions.js";
import {explore} from "./explore.js";
import {ask, calm, follow, say} from "./service.js";
import {trials} from "./trials.js";
import {count, density, duration, flat, make, measured, rate, table, whole} from "./words.js";

const LONG = 300; // characters

const at = id => document.getElementById(id);

export async function begin() {
  const {number, name} = document.body.dataset, path = `/studies/${number}`;
  let summary = null;
  const study = {path, name, detail: null};

  const control = at("actions") && actions(study);
  const show = found => {
    const before = summary;
    summary = found;
    const {done, stopped, failed, total} = found.trials, ended = done + stopped;
    at("header").className = found.state;
    at("state").className = `badge ${found.state}`;
    at("state").textContent = found.state;
    at("progress").max = Math.max(total, 1);
    at("progress").value = ended;
    document.title = found.state === "finished" ? name : `${Math.floor(100 * ended / Math.max(total, 1))} % – ${name}`;
    const {activity, cost} = study.detail ?? {};
    const facts = [
      ["levels decided", `${found.decided} of ${found.levels}`],
      ["trials done", `${whole(ended)} of ${whole(total)}`],
      stopped && ["stopped early", whole(stopped)],
      failed && ["failed", whole(failed), "bad"],
      found.seconds_left != null && found.state === "running" && ["left", duration(found.seconds_left)],
      activity?.workers && ["workers", whole(activity.workers)],
      activity?.trials_per_minute && ["trials per minute", rate(activity.trials_per_minute)],
      cost && ["of computing", duration(cost.seconds)],
      cost && [`${cost.unit} trained`, whole(cost.epochs)],
    ].filter(Boolean);
    at("facts").replaceChildren(...facts.map(([what, value, look]) =>
      make("div", {}, make("dt", {}, what), make("dd", {class: look}, value))));
    at("driver").textContent = driver(found);
    tellOf(study.detail?.launch, found.state);
    control?.show(found);
    if (before && before.state !== found.state) say(`The study is ${found.state}.`);
    else if (before && before.decided < found.decided) say(`${found.decided} of ${count(found.levels, "level")} decided.`);
  };

  const parts = {explore: explore(study), trials: trials(study)};
  const refresh = {
    detail: calm(async () => {
      study.detail = await ask(path);
      show(study.detail);
      provenance(study.detail.provenance);
      parts.trials.failures(study.detail.failures);
    }, 1500),
    levels: calm(async () => {
      const {levels, note, partial} = await ask(`${path}/curve`);
      numbers(levels, study.detail?.metric);
      at("note").textContent = note ?? "";
      await parts.explore.refresh(levels);
      if (partial) setTimeout(refresh.levels, 2000); // the rest is being worked out
    }, 2000),
    trials: calm(() => parts.trials.refresh(), 2500),
    spec: calm(async () => { at("spec").textContent = (await ask(`${path}/spec`)).toml; }),
  };
  const everything = () => Object.values(refresh).forEach(again => again());

  study.detail = await ask(path).catch(() => null); // the parts need its metric
  let known = study.detail?.cursor; // what is shown from here on is no older
  everything();
  const leave = follow(`${path}/events`, {
    study: event => {
      show(event.summary);
      const isKnown = event.cursor === known;
      known = null;
      if (isKnown) return;
      refresh.detail();
      if (event.changed.levels) refresh.levels();
      if (event.changed.trials) refresh.trials();
      if (event.changed.spec) everything();
    },
    trials: () => refresh.trials(),
    gone: () => {
      leave();
      at("line").textContent = "This study was deleted.";
      at("actions")?.querySelectorAll("button").forEach(button => { button.disabled = true; });
    },
  }, everything);
  setInterval(() => document.hidden && refresh.detail(), 60_000); // the title tells those who work elsewhere
  control?.bind(refresh.detail);
}

/** Say what became of the driver that was asked for last, where the state does not say it. */
function tellOf(launch, state) {
  const idle = ["waiting", "blocked"].includes(state);
  const sentence = !launch || !idle ? "" : launch.state === "accepted" ? "A driver is starting." : launch.state === "lost"
    ? "The last driver has gone without a word; resume the study." : launch.state === "ended" ? "" : launch.message ?? "";
  at("launched").textContent = sentence;
  at("launched").classList.toggle("bad", ["lost", "refused"].includes(launch?.state));
}

function driver({holder, heartbeat_seconds_ago: ago, state}) {
  if (holder == null) return "Nobody is working on it.";
  if (!["running", "pausing", "cancelling"].includes(state)) return `${holder} has stopped working on it.`;
  const silent = ago > 20 ? `; its last sign of life came ${duration(ago)} ago` : "";
  return `${holder} is working on it${silent}.`;
}

function numbers(levels, metric) {
  if (!levels.length) return;
  const partly = levels.some(level => level.network_density != null && Math.abs(level.network_density - level.density) > 1e-9);
  const rules = Object.keys(levels[0].intervals);
  const range = one => !one ? "–" : `${one.low_open ? "≤\u202f" : ""}${rate(one.low)} – ${one.high_open ? "≥\u202f" : ""}${rate(one.high)}`;
  const columns = ["Level", "Density", ...partly ? ["Network"] : [], "Best max_lr (90 % band)", "Winner", ...rules.map(rule => `“${rule}” interval`)];
  const rows = levels.map(level => [level.level, density(level.density), ...partly ? [density(level.network_density)] : [],
    level.best ? `${rate(level.best.max_lr)} (${rate(level.best.low)} – ${rate(level.best.high)})` : "–",
    level.winner == null ? "none" : rate(level.winner) + (level.edge ? " edge" : ""), ...rules.map(rule => range(level.intervals[rule]))]);
  at("levels").replaceChildren(table(`${count(levels.length, "level")} decided`, columns, rows));
}

/** Return text as it is, or behind a summary if it is long. */
function folded(text) {
  return text.length <= LONG ? text : make("details", {}, make("summary", {}, `${text.slice(0, LONG / 2)} …`), text);
}

function provenance(values) {
  at("provenance").tBodies[0].replaceChildren(...Object.entries(values).map(([name, value]) =>
    make("tr", {}, make("th", {scope: "row"}, name), make("td", {}, folded(flat(value))))));
}
