// Numbers as text, the same as in the report, and elements that hold text.

export const NOTHING = "–";

export const rate = value => value == null ? NOTHING : String(Number(value.toPrecision(3)));
export const whole = number => number.toLocaleString("en");
export const count = (number, noun) => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;
export const density = fraction => `${Number((100 * fraction).toPrecision(3))}\u202f%`;

/** Return a time span in its two largest units, such as `3 min 24 s`. */
export function duration(seconds) {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))}\u202fs`;
  let rest = Math.round(seconds);
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].map(([size, unit]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return [amount, unit];
  });
  const first = parts.findIndex(([amount]) => amount);
  return parts.slice(first, first + 2).filter(([amount]) => amount).map(part => part.join("\u202f")).join(" ");
}

/** Return a value of a study's metric in its own units. */
export function measured(value, metric) {
  if (value == null) return NOTHING;
  return metric.format === "percent" ? `${(100 * value).toFixed(1)}\u202f%` : String(Number(value.toPrecision(metric.digits + 1)));
}

/** Return how much worse something is, in points of percent or the metric's own units. */
export function lost(value, metric) {
  if (value == null) return NOTHING;
  const text = metric.format === "percent" ? `${(100 * value).toFixed(2)} points` : String(Number(value.toPrecision(3)));
  return text.replace(/^-(?=0\.00 )/, "").replace("-", "−");
}

/** Return a value of the provenance as one line of text. */
export function flat(value) {
  if (value == null || value === "") return "not recorded";
  if (Array.isArray(value)) return value.map(flat).join(", ") || "none";
  if (typeof value === "object") return Object.entries(value).map(([key, item]) => `${key} ${flat(item)}`).join(", ");
  return String(value);
}

/** Return an element with attributes and children; text stays text, whatever is in it. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter(child => child != null));
  return element;
}

/** Return a table that scrolls by itself where it is too wide. */
export function table(caption, columns, rows, {textual = []} = {}) {
  const cell = (name, i, content, more = {}) => make(name, {...more, class: textual.includes(i) ? "text" : null}, content);
  return make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption},
    make("table", {class: "data"},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...columns.map((column, i) => cell("th", i, column, {scope: "col"})))),
      make("tbody", {}, ...rows.map(row => make("tr", {}, ...row.map((content, i) => cell("td", i, content)))))));
}

export const pageOf = name => `/study/${name.split("/").map(encodeURIComponent).join("/")}`;
