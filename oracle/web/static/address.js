// What the address says beyond the study: level, max_lr, trial, schedule, and the schedules that are switched on.

const listeners = [];

export const chosen = name => new URLSearchParams(location.search).get(name);

/** Put values into the address; null takes one out. A step is one that the browser's Back undoes. */
export function choose(values, {step = true} = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) value == null ? query.delete(name) : query.set(name, value);
  const text = query.toString().replace(/%3A/g, ":").replace(/%2C/g, ",").replace(/%3D/g, "=");
  if (text === location.search.slice(1)) return;
  history[step ? "pushState" : "replaceState"](null, "", location.pathname + (text && `?${text}`));
  if (step) tell();
}

/** Call a function now, and whenever the address has changed. */
export function onAddress(listener) {
  listeners.push(listener);
  listener();
}

const tell = () => listeners.forEach(listener => listener());
addEventListener("popstate", tell);
