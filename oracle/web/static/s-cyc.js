// The schedules that can be moved in the page, by the same formulas as scyc/schedules.py and scyc/ramps.py.

/** Return max_lr of a level by S-Cyc. */
export function sCyc({delta, epsilon, beta, q, p}, level) {
  if (level <= q) return delta;
  const steps = level - q, log = Math.log1p(-p);
  const odds = beta * (Math.log(-Math.expm1(steps * log)) - steps * log);
  return delta + epsilon / (1 + Math.exp(-Math.max(-700, Math.min(odds, 700))));
}

/** Return max_lr of a level by a ramp that rises by the same amount from level to level. */
export function linear({start, end, levels}, level) {
  const share = Math.min(level / levels, 1);
  return start * (1 - share) + end * share;
}

/** Return max_lr of a level by a ramp that changes by the same factor from level to level. */
export function exponential({start, end, levels}, level) {
  return start * (end / start) ** Math.min(level / levels, 1);
}

export const FAMILIES = {
  "s-cyc": {formula: sCyc, moved: ["delta", "epsilon", "beta", "q"]},
  linear: {formula: linear, moved: ["start", "end"]},
  exponential: {formula: exponential, moved: ["start", "end"]},
};

export const LABELS = {delta: "δ, max_lr of the dense network", epsilon: "ε, how far it rises", beta: "β, how steeply",
  q: "q, levels before it rises", start: "start, max_lr of the dense network", end: "end, max_lr of the last level"};

/** Return a schedule as the service and `scyc run` name it, `s-cyc:delta=0.1,q=2`. */
export function written(family, values) {
  return `${family}:${FAMILIES[family].moved.map(name => `${name}=${values[name]}`).join(",")}`;
}

/** Return family and values of a schedule that `written` wrote; null if it is something else. */
export function parsed(text) {
  const [family, rest] = text.split(":", 2);
  if (!rest || !Object.hasOwn(FAMILIES, family)) return null;
  const values = Object.fromEntries(rest.split(",").map(part => part.split("=")).map(([name, value]) => [name, Number(value)]));
  return FAMILIES[family].moved.every(name => Number.isFinite(values[name])) ? {family, values} : null;
}
