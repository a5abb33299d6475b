// Draws figures in the page's colours and as wide as their place, and draws them again when either changes.
// On a narrow screen the legend is below, the colour bar above, and margins are small.

const NARROW = 560;
const PRINTED = 680; // pixels: the paper's width without its margins
const ROLES = {"#1d1f21": "--ink", "#5f6368": "--muted", "#e4e4e0": "--rule", "#ffffff": "--paper", white: "--paper",
  "#0072b2": "--blue", "#d55e00": "--vermillion", "#009e73": "--green"};
const LEGEND_ROW = 19;

const figures = new Map(); // from a place to the figure that it shows
const widths = new ResizeObserver(entries => {
  for (const {target} of entries) if (!printing && target.clientWidth !== target._fullLayout?.width) show(target);
});
let printing = false;

/** Draw a figure, Plotly JSON, in a place; what the reader switched off or zoomed into stays as it is. */
export function draw(place, figure, {config = {}} = {}) {
  if (!figures.has(place)) widths.observe(place);
  figures.set(place, {figure, config});
  return show(place);
}

async function show(place) {
  const width = printing ? PRINTED : place.clientWidth;
  if (!width) return; // it is hidden
  const {figure, config} = figures.get(place);
  const {data, layout} = inColours(structuredClone(figure));
  const bar = layout.coloraxis?.colorbar;
  if (width < NARROW) narrow(data, layout, width);
  const afresh = !place._fullLayout || (bar && bar.orientation !== place.layout.coloraxis?.colorbar.orientation);
  place.style.minHeight = `${layout.height}px`;
  await (afresh ? Plotly.newPlot : Plotly.react)(place, data, {...layout, width, autosize: false, uirevision: true},
    {displaylogo: false, modeBarButtons: [["toImage"]], ...config});
}

function narrow(data, layout, width) {
  const entries = data.filter(trace => trace.name && trace.showlegend !== false && trace.visible !== false).length;
  const several = "yaxis2" in layout || layout.yaxis.automargin;
  const named = layout.yaxis.automargin; // its labels are names
  const tall = layout.height - layout.margin.t - layout.margin.b;
  const high = several ? tall : Math.min(tall, 330);
  const bar = layout.coloraxis?.colorbar;
  const asked = layout.showlegend || entries > 1 || data.some(trace => trace.showlegend);
  const legend = asked ? entries * LEGEND_ROW + 12 : 0;
  const labels = [layout.yaxis, layout.yaxis2 ?? {}].flatMap(axis => axis.ticktext ?? []);
  const left = (labels.length ? longest(labels) : 6) * 7.4 + (named ? 10 : 24), right = 10;
  const top = bar ? 66 : 14, below = layout.margin.b;
  if (bar) {
    Object.assign(bar, {orientation: "h", x: 0, xanchor: "left", xpad: 0, y: 1, yanchor: "bottom", len: 1, thickness: 10,
      nticks: 5, tickangle: 0});
    Object.assign(bar.title, {side: "top"});
  }
  layout.legend = {...layout.legend, orientation: "v", x: 0, xref: "container", xanchor: "left", y: -below / high,
    yanchor: "top", maxheight: 10000};
  const titles = layout.annotations ?? [];
  const beside = titles.filter(title => title.yshift < 0).length > 1;
  for (const title of titles) {
    if (title.textangle === -90) title.xshift = 9 - left;
    if (title.yshift < 0 && beside) Object.assign(title, {text: halved(title.text), yshift: title.yshift - 8});
  }
  for (const [name, axis] of Object.entries(layout)) {
    if (!name.startsWith("xaxis")) continue;
    if (axis.tickvals) thin(axis, width - left - right);
    else Object.assign(axis, {nticks: Math.ceil((width - left - right) / 50), tickangle: 0});
  }
  Object.assign(layout.margin, {l: left, r: right, t: top, b: below + legend, autoexpand: false});
  Object.assign(layout, {height: high + top + below + legend, dragmode: false}); // a finger scrolls the page
}

/** Return a title in two lines. */
function halved(text) {
  const words = text.split(" "), half = Math.ceil(words.length / 2);
  return words.length > 1 ? `${words.slice(0, half).join(" ")}<br>${words.slice(half).join(" ")}` : text;
}

/** Leave out labels of an axis that would touch the one before. */
function thin(axis, width) {
  const [start, end] = axis.range, [from, to] = axis.domain ?? [0, 1];
  const pixels = axis.tickvals.map(value => {
    const place = axis.type === "log" ? Math.log10(value) : value;
    return (place - start) / (end - start) * (to - from) * width;
  });
  const room = i => longest(axis.ticktext[i].split("<br>")) * 4 + 3;
  const kept = [];
  for (const i of pixels.keys()) {
    const last = kept.at(-1);
    if (last === undefined || pixels[i] - pixels[last] >= room(i) + room(last)) kept.push(i);
  }
  axis.tickvals = kept.map(i => axis.tickvals[i]);
  axis.ticktext = kept.map(i => axis.ticktext[i]);
  axis.tickangle = 0;
}

/** Return how many characters the longest of some texts has, without its markup. */
function longest(texts) {
  return Math.max(...texts.map(text => text.replace(/<[^>]*>/g, "").length));
}

/** Replace the report's colours by those of the page, in a figure and all that it holds. */
function inColours(figure) {
  const styles = getComputedStyle(document.documentElement);
  const colour = text => styles.getPropertyValue(ROLES[text.toLowerCase()] ?? "").trim() || text;
  const replaced = value => {
    if (typeof value === "string") {
      if (/^(#[0-9a-f]{6}|white)$/i.test(value)) return colour(value);
      const parts = /^rgba\((\d+),(\d+),(\d+),([\d.]+)\)$/.exec(value);
      if (parts) return translucent(colour(hex(parts.slice(1, 4))), parts[4]);
      return value.replace(/(style='color:)(#[0-9a-f]{6})/gi, (_, before, found) => before + colour(found));
    }
    if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(replaced);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, replaced(v)]));
    return value;
  };
  return replaced(figure);
}

const hex = numbers => "#" + numbers.map(number => (+number).toString(16).padStart(2, "0")).join("");

const translucent = (colour, opacity) =>
  `rgba(${[1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16)).join(",")},${opacity})`;

const all = () => [...figures.keys()].forEach(show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
addEventListener("beforeprint", () => { printing = true; all(); });
addEventListener("afterprint", () => { printing = false; all(); });
