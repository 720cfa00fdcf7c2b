// The map with replay. Text from data goes in by textContent and attributes alone; nothing from data is ever run.
"use strict";
(function () {
  const source = document.getElementById("map-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const byId = (id) => document.getElementById(id);
  const kinds = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array, f4: Float32Array };
  function bytesOf(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);  // browsers of 2025 and after, without a loop of ours
    const raw = atob(text), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  }
  function decode(packed) {
    return new kinds[packed.kind](bytesOf(packed.base64).buffer);
  }
  const times = decode(data.times), n = times.length, start = Date.parse(data.start + "Z");
  const elements = new Map();
  const stamp = (hours) => new Date(start + hours * 3600e3).toISOString().slice(0, 16).replace("T", " ");
  const day = (seconds) => {
    const moment = new Date(seconds * 1000);
    return moment.getUTCHours() ? moment.toISOString().slice(11, 16) : moment.toLocaleString("en", { day: "numeric", month: "short", timeZone: "UTC" });
  };
  const number = (x, digits) => x.toLocaleString("en", { maximumFractionDigits: digits === undefined ? 1 : digits });

  // Projection: Albers for the places given by degrees, the plain plane for a layout from the graph.
  const width = 800, height = 520, svg = d3.select("#map").attr("viewBox", `0 0 ${width} ${height}`), root = svg.append("g");
  let project;
  if (data.degrees) {
    const shown = data.regions.flatMap((region) => region.rings.flat()).concat(data.extent);  // no oblast is cut off
    const all = { type: "MultiPoint", coordinates: shown };
    const middle = d3.geoCentroid(all), lats = shown.map((p) => p[1]);
    const projection = d3.geoConicEqualArea().rotate([-middle[0], 0]).center([0, middle[1]])
      .parallels([d3.min(lats) + 2, d3.max(lats) - 2.01]).fitExtent([[24, 24], [width - 24, height - 24]], all);
    project = (p) => projection(p);
  } else {
    const xs = d3.extent(data.extent, (p) => p[0]), ys = d3.extent(data.extent, (p) => p[1]);
    const scale = Math.min((width - 60) / (xs[1] - xs[0] || 1), (height - 60) / (ys[1] - ys[0] || 1));
    project = (p) => [30 + (p[0] - xs[0]) * scale, height - 30 - (p[1] - ys[0]) * scale];
  }
  const path = (points, close) => "M" + points.map((p) => project(p).map((v) => v.toFixed(1)).join(" ")).join("L") + (close ? "Z" : "");
  function add(tag, kind, row, d) {
    const node = root.append(tag).attr("class", kind);
    if (d) node.attr("d", d);
    if (row.id) {
      const entry = { ...row, kind, node, base: kind + (row.kv >= 330 ? " kv500" : "") };
      elements.set(row.id, entry);
      node.attr("data-id", row.id).on("click", () => choose(row.id)).on("mouseenter", () => tell(entry));
      return entry;
    }
    return { node };
  }
  for (const country of data.countries) for (const ring of country.rings) add("path", "country", {}, path(ring, true));
  const regions = data.regions.map((region) => add("path", "region", { ...region, id: "oblast:" + region.name },
    region.rings.map((ring) => path(ring, true)).join("")));
  const pipes = data.pipes.map((row) => add("path", "pipe", row, path([row.from, row.to])));
  for (const e of pipes) {  // the arrow of its flow, at the middle
    const [x0, y0] = project(e.from), [x1, y1] = project(e.to);
    e.turn = 180 * Math.atan2(y1 - y0, x1 - x0) / Math.PI;
    e.middle = `translate(${((x0 + x1) / 2).toFixed(1)} ${((y0 + y1) / 2).toFixed(1)})`;
    e.arrow = root.append("path").attr("class", "arrow").attr("d", "M-3 -3L4 0L-3 3Z").attr("visibility", "hidden");
  }
  const lines = data.lines.map((row) => add("path", "line", row, path([row.from, row.to])));
  const cities = data.cities.map((row) => { const [x, y] = project(row.at); return add("circle", "city", row).node.attr("cx", x).attr("cy", y).attr("r", 0) && elements.get(row.id); });
  const plants = data.plants.map((row) => {
    const [x, y] = project(row.at), entry = add("circle", "plant", row);
    entry.node.attr("cx", x).attr("cy", y).attr("r", 2 + 7 * Math.sqrt(row.mw / data.largest_mw)).attr("fill", row.colour);
    return entry;
  });
  const loading = decode(data.loading), output = decode(data.output), cut = decode(data.cut);
  const pressure = decode(data.pressure), shortage = decode(data.shortage);
  lines.forEach((e, i) => { e.series = (t) => loading[i * n + t] === 255 ? NaN : loading[i * n + t]; e.unit = "% of rating"; });
  plants.forEach((e, i) => { e.series = (t) => output[i * n + t]; e.unit = "MW"; });
  const flow = data.flow && decode(data.flow);
  pipes.forEach((e, i) => {
    const bar = (t) => pressure[i * n + t] / 100;
    e.series = flow ? (t) => flow[i * n + t] / 100 : bar;
    e.unit = flow ? "mcm/d" : "bar";
    if (flow) e.second = { series: bar, unit: "bar" };
  });
  cities.forEach((e, i) => { e.series = (t) => cut[i * n + t] / 100; e.unit = "mcm/d of homes and heat not delivered"; });
  regions.forEach((e, i) => { e.series = (t) => shortage[i * n + t]; e.unit = "MW not served"; });
  svg.call(d3.zoom().scaleExtent([1, 12]).filter((event) => !event.button && (event.type !== "wheel" || event.ctrlKey || document.activeElement === svg.node()))
    .on("zoom", (event) => root.attr("transform", event.transform)));

  // State at an interval. Only what changed is written.
  let now = -1, chosen = null, timer = null, plot = null;
  function name(entry, value) { if (entry.shown !== value) { entry.shown = value; entry.node.attr("class", value + (entry.id === chosen ? " chosen" : "")); } }
  function set(entry, attribute, value) { if (entry[attribute] !== value) { entry[attribute] = value; entry.node.attr(attribute, value); } }
  const outOfGas = data.broken_pipes.map((row) => ({ ...row, entry: elements.get(row.id) }));
  function draw(t) {
    if (t === now) return;
    now = t;
    lines.forEach((e, i) => { const v = loading[i * n + t]; name(e, e.base + (v === 255 ? " out" : v >= 100 ? " l3" : v >= 80 ? " l2" : v >= 50 ? " l1" : "")); });
    plants.forEach((e, i) => set(e, "fill-opacity", (0.12 + 0.88 * Math.min(1, output[i * n + t] / (e.mw || 1))).toFixed(1)));
    const broken = new Set(outOfGas.filter((row) => times[t] >= row.from && times[t] < row.to).map((row) => row.entry));
    pipes.forEach((e, i) => {
      const bar = pressure[i * n + t], q = flow ? flow[i * n + t] / 100 : 0, share = Math.abs(q) / data.largest_flow;
      name(e, e.base + (broken.has(e) ? " out" : bar && bar / 100 < e.low ? " low" : ""));
      const way = share < 0.02 || broken.has(e) ? 0 : Math.sign(q);
      if (e.way !== way) {
        e.way = way;
        e.arrow.attr("visibility", way ? "visible" : "hidden").attr("transform", `${e.middle} rotate(${e.turn + (way < 0 ? 180 : 0)})`);
      }
      const wide = (Math.round(2 + 10 * Math.sqrt(share)) / 2).toFixed(1);
      if (flow && e.wide !== wide) { e.wide = wide; e.node.style("stroke-width", wide); }
    });
    cities.forEach((e, i) => set(e, "r", cut[i * n + t] ? 4 + 6 * Math.sqrt(cut[i * n + t] / (data.largest_cut || 1)) : 0));
    let short = 0;
    regions.forEach((e, i) => { const v = shortage[i * n + t]; short += v; name(e, v ? "region short" : "region"); set(e, "fill-opacity", v ? (0.25 + 0.75 * v / data.largest_shortage).toFixed(2) : null); });
    const slider = byId("time");
    slider.value = t;
    slider.setAttribute("aria-valuetext", stamp(times[t]));
    byId("clock").textContent = stamp(times[t]);
    const until = t + 1 < n ? times[t + 1] : Infinity;
    const happened = data.events.filter((e) => e.time_h >= times[t] && e.time_h < until);
    const without = cities.filter((e, i) => cut[i * n + t]).length;
    byId("now").textContent = `Not served: ${number(data.unserved[t], 0)} MW. Cities short of gas for homes or heat: ${without}. ` +
      (happened.length ? happened.slice(0, 4).map((e) => `${e.component}: ${e.to_state}`).join("; ") + (happened.length > 4 ? ` and ${happened.length - 4} more` : "") : "");
    if (chosen) show();
  }
  function said(entry) {
    const value = entry.series(now);
    if (Number.isNaN(value)) return "out of service";
    if (!entry.second) return `${number(value)} ${entry.unit}`;
    const ends = value < 0 ? entry.ends.slice().reverse() : entry.ends, other = entry.second.series(now);
    return `${number(Math.abs(value))} ${entry.unit} from ${ends[0]} to ${ends[1]}` + (other ? `, ${number(other)} ${entry.second.unit}` : "");
  }
  function tell(entry) {
    const title = entry.node.select("title");
    (title.empty() ? entry.node.append("title") : title).text(`${entry.title || entry.name || entry.id}: ${said(entry)}`);
  }
  function choose(id) {
    if (chosen && elements.has(chosen)) elements.get(chosen).node.classed("chosen", false);
    chosen = elements.has(id) ? id : null;
    if (!chosen) return;
    elements.get(chosen).node.classed("chosen", true);
    byId("pick").value = chosen;
    show(true);
  }
  function chainOf(id) {  // as gridsim why: the last change at or before now, and its causes, root last
    const bare = id.slice(id.indexOf(":") + 1), own = data.events.filter((e) => e.time_h <= times[now] && (e.component === id || e.component.slice(e.component.indexOf(":") + 1) === bare));
    const chain = [];
    for (let e = own[own.length - 1]; e; e = e.cause_id >= 0 ? data.events[e.cause_id] : null) chain.push(e);
    return chain;
  }
  function show(fresh) {
    const entry = elements.get(chosen);
    byId("element-name").textContent = entry.title ? `${entry.title} (${entry.id})` : entry.id;
    byId("element-value").textContent = `${said(entry)} at ${stamp(times[now])}`;
    const list = byId("element-why");
    list.replaceChildren();
    const chain = chainOf(entry.why || entry.id);
    for (const change of chain) { const item = document.createElement("li"); item.textContent = `${stamp(change.time_h)} ${change.component}: ${change.to_state}`; list.append(item); }
    byId("element-none").hidden = chain.length > 0;
    if (!fresh) return;
    if (plot) plot.destroy();
    const ink = getComputedStyle(document.body).color, x = Array.from(times, (h) => start / 1000 + h * 3600);
    const course = (series) => x.map((_, t) => { const v = series(t); return Number.isNaN(v) ? null : v; });
    const stepped = uPlot.paths.stepped({ align: 1 }), second = entry.second;
    plot = new uPlot({ width: byId("chart").clientWidth || 280, height: 170, tzDate: (s) => uPlot.tzDate(new Date(s * 1e3), "UTC"),
      axes: [{ stroke: ink, space: 60, values: (_, splits) => splits.map(day) }, { stroke: ink, size: 46 }, ...(second ? [{ stroke: ink, size: 46, side: 1, scale: second.unit, grid: { show: false } }] : [])],
      series: [{}, { label: entry.unit, stroke: "#0072b2", width: 1.5, paths: stepped }, ...(second ? [{ label: second.unit, scale: second.unit, stroke: "#d55e00", width: 1.5, dash: [5, 3], paths: stepped }] : [])] },
      [x, course(entry.series), ...(second ? [course(second.series)] : [])], byId("chart"));
  }
  // Controls: slider, play, events, a list of elements for those who do not point.
  const slider = byId("time");
  slider.max = n - 1;
  slider.addEventListener("input", () => draw(+slider.value));
  function play(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => now + 1 < n ? draw(now + 1) : play(false), 120) : null;
    byId("play").textContent = on ? "Pause" : "Play";
    byId("play").setAttribute("aria-pressed", on);
  }
  byId("play").addEventListener("click", () => { if (!timer && now === n - 1) draw(0); play(!timer); });
  const at = (hours) => Math.max(0, d3.bisectRight(times, hours + 1e-6) - 1);
  const stops = Array.from(new Set(data.events.filter((e) => e.time_h > 0).map((e) => at(e.time_h)))).sort((a, b) => a - b);
  const jump = (t) => { play(false); if (t !== undefined) draw(t); };
  byId("next").addEventListener("click", () => jump(stops.find((t) => t > now)));
  byId("previous").addEventListener("click", () => jump(stops.filter((t) => t < now).pop()));
  const options = byId("elements");  // filled when the field is entered
  const marks = d3.select("#marks").attr("viewBox", "0 0 1000 14").attr("preserveAspectRatio", "none");
  for (const t of stops) marks.append("rect").attr("x", 1000 * t / Math.max(1, n - 1) - 1).attr("width", 2).attr("height", 14).attr("fill", "currentColor");
  byId("pick").addEventListener("focus", () => {
    if (options.childElementCount) return;
    const all = document.createDocumentFragment();
    for (const id of Array.from(elements.keys()).sort()) { const option = document.createElement("option"); option.value = id; all.append(option); }
    options.append(all);
  });
  byId("pick").addEventListener("change", (event) => choose(event.target.value));
  draw(at(data.worst_h));
  // The box of one element begins with what tells most: the oblast shortest of power, a broken pipe, the fullest line.
  const most = (entries, value) => entries.reduce((best, e) => (value(e) > (best ? value(best) : 0) ? e : best), null);
  const first = most(regions.map((e) => elements.get(e.id)), (e) => e.series(now)) || (outOfGas.length && outOfGas[0].entry)
    || most(lines, (e) => (Number.isNaN(e.series(now)) ? 0 : e.series(now)));
  if (first) choose(first.id);
  window.gridsim = { draw, choose, elements, position: () => now, n };
})();
