"use strict";
// The page's script: charts by uPlot, hover, zoom, and tables that sort. It asks nothing of the
// network, and puts text of the run into the page as text alone (textContent).
const started = performance.now();
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

// -- numbers --------------------------------------------------------------------------------------
const whole = new Intl.NumberFormat("en-US");
const number = (value) =>
  value === null || value === undefined ? "–"
    : Number.isInteger(value) ? whole.format(value)
    : Math.abs(value) >= 10 && Math.abs(value) < 1e9 ? value.toFixed(2)
    : String(Number(value.toPrecision(4)));
const percent = (value) => value === null ? "–" : `${(100 * value).toFixed(2)}%`;
const metric = (value) => data.metric.share ? percent(value) : number(value);

// -- children -------------------------------------------------------------------------------------
const kids = data.children; // a comparison has none
const words = (tokens) =>
  tokens === "" ? [] : tokens.includes(",") ? tokens.split(",").map(Number)
    : [...tokens].map((digit) => parseInt(digit, 36));

/** The search of a child, and its number there. */
function placeOf(child) {
  for (const search of kids.searches) {
    if (child < search.children) return { label: search.label, number: child + 1 };
    child -= search.children;
  }
  return { label: "", number: 0 };
}

/** A child's architecture: a line for each layer, or for each decision that belongs to none. */
function lines(child) {
  const found = new Map();
  words(kids.tokens[child]).forEach((token, place) => {
    const decision = kids.decisions[place];
    if (!decision) return;
    const name = decision.layer === null ? decision.name : `layer ${decision.layer}`;
    if (!found.has(name)) found.set(name, { name, options: [], told: [], reads: [] });
    const line = found.get(name), option = decision.options[token];
    if (decision.source !== null && (option === "yes" || option === "no")) {
      if (option === "yes") line.reads.push(decision.source);
    } else {
      line.options.push(option);
      line.told.push(decision.layer === null ? option : `${decision.kind} ${option}`);
    }
  });
  return [...found.values()];
}
const short = (child) =>
  lines(child).map((line) =>
    line.options.join("·") + (line.reads.length ? `←${line.reads.join(",")}` : "")).join("  ");
const told = (line) =>
  `${line.name}: ${line.told.join(", ")}` +
  (line.reads.length ? `${line.told.length ? "; " : ""}reads ${line.reads.join(", ")}` : "");

// -- the box beside the pointer -------------------------------------------------------------------
const tip = $("tip");
function showTip(x, y, fill) {
  tip.replaceChildren();
  fill(tip);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(y + 12, innerHeight - height - 8))}px`;
}
function hideTip() { tip.hidden = true; }

function tellChild(box, child) {
  const place = placeOf(child), status = kids.status[child];
  box.append(make("b", `${place.label}, child ${whole.format(place.number)}`));
  if (status === "ok") {
    box.append(make("div", `${data.metric.title} ${metric(kids.value[child])}`));
    const facts = [`reward ${number(kids.reward[child])}`];
    if (kids.parameters[child] !== null) facts.push(`${number(kids.parameters[child])} parameters`);
    if (kids.flops[child] !== null) facts.push(`${number(kids.flops[child])} FLOPs`);
    if (kids.seconds[child] !== null) facts.push(`${number(kids.seconds[child])} s`);
    box.append(make("div", facts.join(" · ")));
  } else {
    box.append(make("div", `${status}: ${kids.errors[kids.error[child]]}`, "failed-text"));
  }
  if (child in data.top) {
    const drawn = document.querySelectorAll("#top tbody img");
    const known = [...drawn].find((image) => Number(image.dataset.place) === data.top[child]);
    if (known) box.append(Object.assign(make("img"), { src: known.src, alt: "" }));
    return;
  }
  const list = make("ul"), every = lines(child);
  every.slice(0, 14).forEach((line) => list.append(make("li", told(line))));
  if (every.length > 14) list.append(make("li", `… and ${every.length - 14} more`));
  box.append(list);
}

// -- charts ---------------------------------------------------------------------------------------
const charts = [];
const colour = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();
const faint = (text, share) => `color-mix(in srgb, ${text} ${share}%, transparent)`;

/** One row for each point of each series, ordered by x: what uPlot takes. */
function aligned(spec) {
  const rows = [], kinds = [];
  spec.series.forEach((series) => {
    const first = kinds.length;
    const columns = series.kind === "band" ? ["low", "high"] : ["y"];
    columns.forEach((name) => kinds.push({ ...series, column: name, first }));
    series.x.forEach((x, place) => {
      rows.push({ x, first, values: columns.map((name) => series[name][place]), child: series.child?.[place] ?? null });
    });
  });
  rows.sort((one, other) => one.x - other.x);
  const table = [rows.map((row) => row.x), ...kinds.map(() => new Array(rows.length).fill(null))];
  rows.forEach((row, place) => row.values.forEach((value, k) => { table[1 + row.first + k][place] = value; }));
  return { table, kinds, children: rows.map((row) => row.child) };
}

function extent(values, log) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null || (log && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [log ? 1 : 0, log ? 10 : 1];
}

function ranges(spec, table, kinds) {
  const x = extent(table[0].concat(spec.rug.map((mark) => mark.x)), spec.x.log);
  // A band may leave the chart: where it is wide at first, it would press all else into a line.
  const y = extent(table.filter((_, k) => k && kinds[k - 1].kind !== "band").flat(), false);
  const pad = (y[1] - y[0] || Math.abs(y[1]) || 1) * 0.06;
  const room = spec.rug.length ? 2.2 : 1; // for the crosses, on the side of the worse values
  const wide = (x[1] - x[0] || 1) * 0.02;
  return {
    x: spec.x.log ? [x[0] / 1.15, x[1] * 1.15] : [spec.x.whole ? Math.max(0, x[0] - 1 - wide) : Math.max(0, x[0] - wide), x[1] + wide],
    y: [spec.y.low ?? y[0] - pad * (spec.y.falls ? 1 : room), spec.y.high ?? y[1] + pad * (spec.y.falls ? room : 1)],
  };
}

const paths = {
  dots: () => () => null,
  steps: () => uPlot.paths.stepped({ align: 1 }),
  line: () => uPlot.paths.linear(),
  band: () => uPlot.paths.linear(),
};

const dashed = (series) => series.kind === "line" && series.role !== "agent";

const WHOLE = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** The ticks of a logarithmic axis: 1, 2 and 5 times the powers of ten. */
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (tick >= low && tick <= high) found.push(tick);
    }
  }
  return found;
}

function seriesOf(kind, many) {
  const c = () => colour(kind.role);
  const common = { spanGaps: true, label: kind.name, paths: paths[kind.kind](), show: true };
  if (kind.kind === "dots") {
    const size = many > 3000 ? 3.5 : many > 600 ? 4.5 : many > 100 ? 6 : 8;
    return { ...common, points: { show: true, size, width: 0, fill: () => faint(c(), 62), stroke: "transparent" } };
  }
  const points = { show: false };
  if (kind.kind === "band") return { ...common, points, width: 0, stroke: "transparent" };
  return { ...common, points, width: kind.thin ? 1 : kind.kind === "steps" ? 2.2 : 2, stroke: () => kind.thin ? faint(c(), 55) : c(), dash: dashed(kind) ? [6, 4] : undefined };
}

function build(spec) {
  const holder = $(spec.id);
  if (!holder) return;
  const { table, kinds, children } = aligned(spec);
  const full = ranges(spec, table, kinds);
  const chart = { spec, holder, kinds, children, full, view: { ...full } };
  const share = spec.y.share;
  const axis = { stroke: () => colour("muted"), grid: { stroke: () => colour("rule"), width: 1 }, ticks: { stroke: () => colour("rule"), width: 1 }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
  const bands = kinds.flatMap((kind, k) => kind.kind === "band" && kind.column === "low"
    ? [{ series: [k + 2, k + 1], fill: () => faint(colour(kind.role), 22) }] : []);
  const options = {
    width: holder.clientWidth, height: holder.clientHeight, padding: [12, 14, 0, 4],
    legend: { show: false },
    cursor: { drag: { x: true, y: true, uni: 24, setScale: false }, points: { show: false }, bind: { dblclick: () => () => { zoom(chart, full); return null; } } },
    scales: {
      x: { time: false, distr: spec.x.log ? 3 : 1, range: () => chart.view.x },
      y: { range: () => chart.view.y },
    },
    axes: [
      { ...axis, label: spec.x.title, labelSize: 20, size: 34, ...(spec.x.whole ? { incrs: WHOLE } : {}), ...(spec.x.log ? { splits: (_, __, low, high) => logTicks(low, high), filter: (_, ticks) => ticks } : {}), values: (_, ticks) => ticks.map((tick) => tick === null ? "" : compact(tick)) },
      { ...axis, label: spec.y.title + (share ? ", %" : ""), labelSize: 22, size: 46, values: (_, ticks) => ticks.map((tick) => compact(share ? 100 * tick : tick)) },
    ],
    series: [{}, ...kinds.map((kind) => seriesOf(kind, children.length))],
    bands,
    hooks: {
      draw: [(plot) => drawRug(plot, spec)],
      setCursor: [(plot) => hover(chart, plot)],
      setSelect: [(plot) => select(chart, plot)],
    },
  };
  chart.plot = new uPlot(options, table, holder);
  chart.ring = make("span", "", "ring");
  chart.ring.hidden = true;
  chart.plot.over.append(chart.ring);
  chart.plot.over.addEventListener("mouseleave", () => { chart.ring.hidden = true; hideTip(); });
  chart.plot.over.addEventListener("click", () => { if (chart.near !== undefined && !chart.zoomed) findChild(chart.near); chart.zoomed = false; });
  charts.push(chart);
  legend(chart);
}

const compact = (value) => Math.abs(value) >= 10000
  ? new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 }).format(value)
  : String(Number(value.toPrecision(4)));

/** Crosses at the edge of the worse values, one for each child that failed. */
function drawRug(plot, spec) {
  const { ctx, bbox } = plot, ratio = devicePixelRatio, size = 3.2 * ratio;
  ctx.save();
  ctx.strokeStyle = colour("bad");
  ctx.lineWidth = 1.4 * ratio;
  ctx.beginPath();
  for (const mark of spec.rug) {
    const x = plot.valToPos(mark.x, "x", true), y = bbox.top + (spec.y.falls ? 7 * ratio : bbox.height - 7 * ratio);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.moveTo(x - size, y - size); ctx.lineTo(x + size, y + size);
    ctx.moveTo(x + size, y - size); ctx.lineTo(x - size, y + size);
  }
  ctx.stroke();
  ctx.restore();
}

/** The child nearest to the pointer, within a finger's breadth. */
function nearest(chart, plot, left, top) {
  let best, least = 22 * 22;
  const offer = (child, x, y) => {
    const distance = (x - left) ** 2 + (y - top) ** 2;
    if (distance < least) { least = distance; best = { child, x, y }; }
  };
  chart.kinds.forEach((kind, k) => {
    if (kind.kind !== "dots" || !plot.series[k + 1].show) return;
    chart.plot.data[k + 1].forEach((value, row) => {
      if (value !== null) offer(chart.children[row], plot.valToPos(plot.data[0][row], "x"), plot.valToPos(value, "y"));
    });
  });
  const edge = chart.spec.y.falls ? 7 : plot.over.clientHeight - 7;
  chart.spec.rug.forEach((mark) => offer(mark.child, plot.valToPos(mark.x, "x"), edge));
  return best;
}

function hover(chart, plot) {
  const { left, top } = plot.cursor;
  chart.near = undefined;
  if (chart.ring) chart.ring.hidden = true;
  if (left < 0 || !chart.ring) { hideTip(); return; }
  const box = plot.over.getBoundingClientRect(), x = box.left + left, y = box.top + top;
  const found = nearest(chart, plot, left, top);
  if (found) {
    chart.near = found.child;
    chart.ring.hidden = false;
    chart.ring.style.left = `${found.x}px`;
    chart.ring.style.top = `${found.y}px`;
    showTip(x, y, (tipBox) => tellChild(tipBox, found.child));
    return;
  }
  const at = plot.posToVal(left, "x"), rows = values(chart, plot, at);
  if (!rows.length) { hideTip(); return; }
  showTip(x, y, (tipBox) => {
    tipBox.append(make("b", `${chart.spec.x.title}: ${number(chart.spec.x.whole ? Math.round(at) : Number(at.toPrecision(4)))}`));
    rows.forEach((row) => tipBox.append(make("div", row)));
  });
}

/** What each line is at a place: of steps the last value before it. */
function values(chart, plot, at) {
  const form = chart.spec.y.share ? percent : number;
  return chart.spec.series.flatMap((series, place) => {
    const first = chart.kinds.findIndex((kind) => kind.name === series.name && kind.kind === series.kind);
    if (series.kind === "dots" || !plot.series[first + 1].show) return [];
    let row = -1;
    series.x.forEach((x, k) => { if (x <= at) row = k; });
    if (row < 0) return [];
    if (series.kind !== "band") return series.y[row] === null ? [] : [`${series.name}: ${form(series.y[row])}`];
    return series.low[row] === null ? [] : [`${series.name}: ${form(series.low[row])} to ${form(series.high[row])}`];
  });
}

function select(chart, plot) {
  const { left, top, width, height } = plot.select;
  if (width < 8 && height < 8) return;
  const x = width < 8 ? chart.view.x : [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
  const tall = height < 8 || height >= plot.over.clientHeight;
  const y = tall ? chart.view.y : [plot.posToVal(top + height, "y"), plot.posToVal(top, "y")];
  chart.zoomed = true;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(chart, { x, y });
}

function zoom(chart, view) {
  chart.view = { ...view };
  chart.holder.dataset.zoomed = view === chart.full ? "" : "yes";
  chart.plot.setData(chart.plot.data, true);
}

function legend(chart) {
  const holder = $(`legend-${chart.spec.id}`);
  chart.spec.series.forEach((series) => {
    const button = make("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    const mark = make("span", "", `mark ${series.kind}${dashed(series) ? " dashed" : ""}`);
    mark.style.setProperty("--c", `var(--${series.role})`);
    button.append(mark, make("span", series.name));
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      chart.kinds.forEach((kind, k) => { if (kind.name === series.name) chart.plot.setSeries(k + 1, { show: shown }); });
    });
    holder.append(button);
  });
}

function resize() {
  for (const chart of charts) {
    const { clientWidth: width, clientHeight: height } = chart.holder;
    if (width && (width !== chart.plot.width || height !== chart.plot.height)) chart.plot.setSize({ width, height });
  }
}
const redraw = () => charts.forEach((chart) => chart.plot.redraw(true, true));

// -- the table of all children --------------------------------------------------------------------
const PAGE = 50;
const COLUMNS = kids && [
  ["child", (child) => placeOf(child).number, number],
  ["search", (child) => placeOf(child).label, String],
  ["status", (child) => kids.status[child], String],
  [data.metric.title, (child) => kids.value[child], metric],
  ["reward", (child) => kids.reward[child], number],
  ["parameters", (child) => kids.parameters[child], number],
  ["FLOPs", (child) => kids.flops[child], number],
  ["seconds", (child) => kids.seconds[child], number],
];
const table = { order: [], shown: PAGE, by: null, down: false };

function matching() {
  const wanted = $("filter").value.trim().toLowerCase(), label = $("which").value, failed = $("failed").checked;
  const front = $("front")?.checked ? new Set(data.front) : null;
  const exact = /^#\d+$/.test(wanted) ? Number(wanted.slice(1)) : null;
  return kids.status.map((_, child) => child).filter((child) => {
    const place = placeOf(child);
    if (label && place.label !== label) return false;
    if (front && !front.has(child)) return false;
    if (failed && kids.status[child] === "ok") return false;
    if (exact !== null) return place.number === exact;
    return !wanted || text(child).includes(wanted);
  });
}
const texts = [];
function text(child) {
  texts[child] ??= [short(child), ...lines(child).map(told), kids.status[child], kids.errors[kids.error[child]]].join("\n").toLowerCase();
  return texts[child];
}

function list() {
  let order = matching();
  if (table.by !== null) {
    const value = COLUMNS[table.by][1], sign = table.down ? -1 : 1;
    const keys = new Map(order.map((child) => [child, value(child)]));
    order = order.sort((one, other) => {
      const a = keys.get(one), b = keys.get(other);
      if (a === null || b === null) return (a === null) - (b === null) || one - other; // last, either way
      return (a < b ? -1 : a > b ? 1 : 0) * sign || one - other;
    });
  }
  table.order = order;
  table.shown = PAGE;
  $("all").tBodies[0].replaceChildren();
  extend(0);
}

function extend(from) {
  const body = $("all").tBodies[0];
  table.order.slice(from, table.shown).forEach((child) => body.append(row(child)));
  $("more").hidden = table.shown >= table.order.length;
  $("count").textContent = `${whole.format(table.order.length)} of ${whole.format(kids.status.length)} children`;
}

function row(child) {
  const line = make("tr", undefined, kids.status[child] === "ok" ? "" : "is-failed");
  line.dataset.child = child;
  COLUMNS.forEach(([, value, form], place) => {
    line.append(make("td", form(value(child)), place === 1 || place === 2 ? "" : "n"));
  });
  const failed = kids.status[child] !== "ok" ? `${kids.errors[kids.error[child]]} ` : "";
  const cell = make("td", undefined, "architecture");
  cell.append(make("div", failed + short(child), "clamped"));
  line.append(cell);
  return line;
}

/** Point at an architecture in the table, and see it whole. */
function tableHover() {
  const body = $("all").tBodies[0];
  body.addEventListener("mousemove", (event) => {
    const cell = event.target.closest(".architecture");
    if (!cell) { hideTip(); return; }
    showTip(event.clientX, event.clientY, (box) => tellChild(box, Number(cell.parentElement.dataset.child)));
  });
  body.addEventListener("mouseleave", hideTip);
}

function findChild(child) {
  const place = placeOf(child);
  $("filter").value = `#${place.number}`;
  $("which").value = place.label;
  $("failed").checked = false;
  list();
  $("all").tBodies[0].querySelector("tr")?.classList.add("found");
  $("children").scrollIntoView();
}

function headings() {
  const head = $("all").tHead.rows[0];
  COLUMNS.forEach(([name], place) => {
    const cell = make("th", undefined, place === 1 || place === 2 ? "" : "n"), button = make("button", name, "sort");
    cell.scope = "col";
    button.type = "button";
    button.addEventListener("click", () => {
      table.down = table.by === place ? !table.down : place > 2;
      table.by = place;
      [...head.cells].forEach((each) => each.removeAttribute("aria-sort"));
      cell.setAttribute("aria-sort", table.down ? "descending" : "ascending");
      list();
    });
    cell.append(button);
    head.append(cell);
  });
  head.append(Object.assign(make("th", "architecture"), { scope: "col" }));
  kids.searches.filter((search) => search.children).forEach((search) => $("which").append(make("option", search.label)));
}

function saveCSV() {
  const quoted = (value) => `"${String(value ?? "").replaceAll('"', '""')}"`;
  const rows = [[...COLUMNS.map(([name]) => name), "error", "architecture"]];
  table.order.forEach((child) => rows.push([...COLUMNS.map(([, value]) => value(child)), kids.errors[kids.error[child]], short(child)]));
  const link = make("a");
  link.href = `data:text/csv;charset=utf-8,${encodeURIComponent(rows.map((each) => each.map(quoted).join(",")).join("\n"))}`;
  link.download = "children.csv";
  link.click();
}

// -- small tables, heat map, drawings -------------------------------------------------------------
function sortable(element) {
  const body = element.tBodies[0];
  [...element.tHead.rows[0].cells].forEach((cell, place) => {
    const name = cell.textContent;
    if (name === "drawing") return;
    const button = make("button", name, "sort");
    button.type = "button";
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      [...element.tHead.rows[0].cells].forEach((each) => each.removeAttribute("aria-sort"));
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (line) => {
        const found = line.cells[place], raw = found.dataset.value ?? found.textContent.replaceAll(",", "");
        return raw === "" || isNaN(raw) ? raw : Number(raw);
      };
      [...body.rows].sort((one, other) => {
        const a = value(one), b = value(other);
        return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
      }).forEach((line) => body.append(line));
    });
    cell.replaceChildren(button);
  });
}

function heat() {
  const body = document.querySelector("#heat tbody");
  if (!body) return;
  const ends = body.dataset.ends.split(",").map(Number), c = "var(--agent)";
  body.querySelectorAll(".cells").forEach((cell) => {
    const shares = cell.dataset.cells.split(","), wide = 100 / shares.length;
    const stops = shares.map((share, k) => {
      const shade = share === "" ? "transparent" : `color-mix(in srgb, ${c} ${share}%, transparent)`;
      return `${shade} ${(k * wide).toFixed(3)}% ${((k + 1) * wide).toFixed(3)}%`;
    });
    cell.style.backgroundImage = `linear-gradient(to right, ${stops.join(",")})`;
  });
  body.addEventListener("mousemove", (event) => {
    const cell = event.target.closest(".cells");
    if (!cell) { hideTip(); return; }
    const box = cell.getBoundingClientRect(), shares = cell.dataset.cells.split(",");
    const k = Math.min(shares.length - 1, Math.max(0, Math.floor(shares.length * (event.clientX - box.left) / box.width)));
    showTip(event.clientX, event.clientY, (tipBox) => {
      tipBox.append(make("b", cell.dataset.name));
      tipBox.append(make("div", `children ${whole.format(k ? ends[k - 1] + 1 : 1)} to ${whole.format(ends[k])}: ${shares[k] === "" ? "not asked" : `${shares[k]}%`}`));
    });
  });
  body.addEventListener("mouseleave", hideTip);
}

function drawings() {
  const dialog = $("large");
  document.querySelectorAll("[data-large]").forEach((button) => button.addEventListener("click", () => {
    const image = button.querySelector("img"), large = dialog.querySelector("img");
    large.src = image.src;
    large.alt = image.alt;
    dialog.showModal();
  }));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.querySelectorAll("#top tbody img").forEach((image, place) => { image.dataset.place = place; });
}

function allEffects() {
  const button = $("all-effects");
  button?.addEventListener("click", () => { $("effects").classList.add("all"); button.hidden = true; });
}

function theme() {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  $("theme").addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
    root.dataset.theme = isDark ? "light" : "dark";
    redraw();
  });
  dark.addEventListener("change", redraw);
}

// -- the start: the first chart at once, the others one by one ------------------------------------
theme();
drawings();
allEffects();
document.querySelectorAll("[data-sortable]").forEach(sortable);
if ($("all")) {
  headings();
  list();
  tableHover();
  $("filter").addEventListener("input", list);
  $("which").addEventListener("change", list);
  $("failed").addEventListener("change", list);
  $("front")?.addEventListener("change", list);
  $("csv").addEventListener("click", saveCSV);
  $("more").addEventListener("click", () => { const from = table.shown; table.shown += 4 * PAGE; extend(from); });
}
const waiting = [...data.charts];
function next() {
  const spec = waiting.shift();
  if (spec) { build(spec); setTimeout(next); return; }
  heat();
  new ResizeObserver(resize).observe(document.body);
  document.documentElement.dataset.ready = Math.round(performance.now());
}
next();
addEventListener("scroll", hideTip, { passive: true });
// Paper is white, and what stands on a canvas has the colours with which it was drawn.
let before;
addEventListener("beforeprint", () => {
  before = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  resize();
  redraw();
});
addEventListener("afterprint", () => {
  if (before) document.documentElement.dataset.theme = before;
  else delete document.documentElement.dataset.theme;
  resize();
  redraw();
});
