// Drawings: interval bars, the plane of knowledge and reasoning, the curve of a trace, signs of states.
import { el, svg } from "./dom.js";
import { nats, percent } from "./words.js";

/** @typedef {import("./data.js").Bar} Bar */
/** @typedef {import("./data.js").Plane} Plane */
/** @typedef {import("./data.js").Point} Point */
/** @typedef {import("./data.js").State} State */
/** @typedef {import("./data.js").TraceView} TraceView */

/** @type {{ [state in State]: string }} */
export const STATE_WORDS = { yes: "yes", no: "no", mixed: "differs", open: "not separable", unmeasured: "not measured" };

/**
 * The sign of a state: its shape says what its colour says.
 * @param {State} state
 * @param {string} [kind]
 */
export function stateSign(state, kind = "sign") {
  const drawn = svg("svg", { class: `${kind} state-${state}`, viewBox: "0 0 24 24", "aria-hidden": "true" });
  if (state === "yes") {
    drawn.append(svg("circle", { class: "shape", cx: 12, cy: 12, r: 10.5 }), mark("M7 12.5 L10.6 16 L17 8.5"));
  } else if (state === "no") {
    drawn.append(svg("rect", { class: "shape", x: 2, y: 2, width: 20, height: 20, rx: 3 }), mark("M8 8 L16 16 M16 8 L8 16"));
  } else if (state === "mixed") {
    drawn.append(svg("path", { class: "shape", d: "M6.5 2 H17.5 L23 12 L17.5 22 H6.5 L1 12 Z" }), mark("M8 9.5 H16 M12 5.5 V13.5 M8 17.5 H16"));
  } else if (state === "open") {
    drawn.append(svg("path", { class: "shape", d: "M12 1 L23 12 L12 23 L1 12 Z" }), mark("M7.5 13.5 C9 9.5 11 9.5 12 12 C13 14.5 15 14.5 16.5 10.5"));
  } else {
    drawn.append(svg("circle", { class: "shape", cx: 12, cy: 12, r: 10.5 }), mark("M8 12 H16"));
  }
  return drawn;
}

/**
 * @param {string} path
 */
function mark(path) {
  return svg("path", { class: "mark", d: path });
}

/**
 * An interval on a track.
 * @param {Bar} bar
 */
export function intervalBar(bar) {
  const drawn = svg("svg", { class: "interval-bar", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" });
  drawn.append(svg("rect", { class: "track", x: 0, y: 5, width: 100, height: 2 }));
  if (bar.zero !== null) drawn.append(svg("rect", { class: "zero", x: clamp(bar.zero - 0.3, 0, 99.4), y: 0, width: 0.6, height: 12 }));
  drawn.append(svg("rect", { class: "range", x: bar.low, y: 3, width: Math.max(bar.high - bar.low, 0.8), height: 6 }));
  drawn.append(svg("rect", { class: "point", x: clamp(bar.at - 1, 0, 98), y: 1, width: 2, height: 10 }));
  return drawn;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

const WIDE = 460;
const HIGH = 320;
const EDGE = { left: 52, right: 14, top: 14, bottom: 42 };

/**
 * One benchmark's models in the plane, with intervals both ways, arrows of lineage and lines of equal accuracy.
 * @param {Plane} plane
 */
export function planeChart(plane) {
  const ends = plane.points.flatMap((p) => [p.y[1], p.y[2]]).concat(0);
  const margin = Math.max((Math.max(...ends) - Math.min(...ends)) * 0.08, 0.05);
  const low = Math.min(...ends) - margin;
  const high = Math.max(...ends) + margin;
  const x = (/** @type {number} */ v) => EDGE.left + v * (WIDE - EDGE.left - EDGE.right);
  const y = (/** @type {number} */ v) => HIGH - EDGE.bottom - ((v - low) / (high - low)) * (HIGH - EDGE.top - EDGE.bottom);
  const drawn = svg("svg", { class: "plane", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "group", "aria-label": `Models on ${plane.title} by claims that hold and ${plane.yLabel}` });
  drawn.append(...axes(x, y, low, high, plane.yLabel));
  for (const line of plane.contours) drawn.append(...contour(line, x, y, low, high));
  for (const [from, to] of plane.arrows) drawn.append(arrow(plane.points[from], plane.points[to], x, y));
  /** @type {{ x: number, y: number }[]} */
  const taken = [];
  plane.points.forEach((point) => drawn.append(plotted(point, x, y, taken)));
  return drawn;
}

/**
 * @param {(v: number) => number} x
 * @param {(v: number) => number} y
 * @param {number} low
 * @param {number} high
 * @param {string} label
 */
function axes(x, y, low, high, label) {
  /** @type {SVGElement[]} */
  const parts = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(svg("line", { class: "grid", x1: x(share), x2: x(share), y1: y(low), y2: y(high) }));
    parts.push(svg("text", { class: "tick", x: x(share), y: y(low) + 15, "text-anchor": "middle" }, percent(share)));
  }
  const step = niceStep((high - low) / 4);
  for (let at = Math.ceil(low / step) * step; at <= high + 1e-9; at += step) {
    const place = Math.abs(at) < step / 1000 ? 0 : at;
    parts.push(svg("line", { class: place === 0 ? "grid zero" : "grid", x1: x(0), x2: x(1), y1: y(place), y2: y(place) }));
    parts.push(svg("text", { class: "tick", x: x(0) - 6, y: y(place) + 4, "text-anchor": "end" }, nats(place, step < 0.1 ? 2 : 1)));
  }
  parts.push(svg("text", { class: "axis", x: (x(0) + x(1)) / 2, y: HIGH - 6, "text-anchor": "middle" }, "claims that hold (Knowledge Index)"));
  const middle = (y(low) + y(high)) / 2;
  parts.push(svg("text", { class: "axis", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, label));
  return parts;
}

/**
 * 1, 2 or 5 times a power of ten.
 * @param {number} rough
 */
function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

/**
 * @param {import("./data.js").Contour} line
 * @param {(v: number) => number} x
 * @param {(v: number) => number} y
 * @param {number} low
 * @param {number} high
 */
function contour(line, x, y, low, high) {
  const slope = line.y1 - line.y0;
  const inside = [0, 1, (low - line.y0) / slope, (high - line.y0) / slope]
    .filter((at) => at >= -1e-9 && at <= 1 + 1e-9)
    .map((at) => ({ x: at, y: line.y0 + slope * at }))
    .filter((p) => p.y >= low - 1e-6 && p.y <= high + 1e-6)
    .sort((a, b) => a.x - b.x);
  const first = inside[0];
  const last = inside[inside.length - 1];
  if (!first || !last || last.x - first.x < 1e-6) return [];
  return [
    svg("line", { class: "contour", x1: x(first.x), y1: y(first.y), x2: x(last.x), y2: y(last.y) }),
    svg("text", { class: "contour-name", x: x(last.x) - 3, y: y(last.y) - 3, "text-anchor": "end" }, `${percent(line.accuracy)} right`),
  ];
}

/**
 * @param {Point | undefined} from
 * @param {Point | undefined} to
 * @param {(v: number) => number} x
 * @param {(v: number) => number} y
 */
function arrow(from, to, x, y) {
  if (!from || !to) return svg("g");
  const [x1, y1, x2, y2] = [x(from.x[0]), y(from.y[0]), x(to.x[0]), y(to.y[0])];
  const long = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [(x2 - x1) / long, (y2 - y1) / long];
  const tip = { x: x2 - ux * 9, y: y2 - uy * 9 };
  const head = `M${tip.x} ${tip.y} L${tip.x - ux * 9 - uy * 4.5} ${tip.y - uy * 9 + ux * 4.5} L${tip.x - ux * 9 + uy * 4.5} ${tip.y - uy * 9 - ux * 4.5} Z`;
  return svg("g", { class: "lineage" },
    svg("line", { x1: x1 + ux * 9, y1: y1 + uy * 9, x2: tip.x - ux * 6, y2: tip.y - uy * 6 }), svg("path", { d: head }));
}

/**
 * @param {Point} point
 * @param {(v: number) => number} x
 * @param {(v: number) => number} y
 * @param {{ x: number, y: number }[]} taken
 */
function plotted(point, x, y, taken) {
  const [px, py] = [x(point.x[0]), y(point.y[0])];
  const left = px > WIDE * 0.62;
  let at = py - 9;
  while (taken.some((one) => Math.abs(one.y - at) < 12 && Math.abs(one.x - px) < 150)) at -= 12;
  taken.push({ x: px, y: at });
  return svg("a", { href: point.link, class: "model", "aria-label": `${point.name}: ${point.said}` },
    svg("title", {}, `${point.name}: ${point.said}`),
    svg("line", { class: "error", x1: x(point.x[1]), x2: x(point.x[2]), y1: py, y2: py }),
    svg("line", { class: "error", x1: px, x2: px, y1: y(point.y[1]), y2: y(point.y[2]) }),
    svg("circle", { cx: px, cy: py, r: 6 }),
    svg("text", { x: left ? px - 9 : px + 9, y: Math.max(at, 12), "text-anchor": left ? "end" : "start" }, short(point.name)));
}

/**
 * Both ends of a long name: names of one family differ at the end.
 * @param {string} name
 */
export function short(name) {
  return name.length <= 26 ? name : `${name.slice(0, 12)}…${name.slice(-12)}`;
}

/**
 * The surprisal of the right answer along a trace, with its parts below and a place to click for each step.
 * @param {TraceView} trace
 * @param {(step: number) => void} choose
 * @param {number} most the largest surprisal that must fit
 */
export function traceCurve(trace, choose, most) {
  const values = [trace.surprisal, ...trace.steps.map((step) => step[5])];
  const top = most * 1.05;
  const count = Math.max(trace.steps.length, 1);
  const x = (/** @type {number} */ at) => (at / count) * 1000;
  const y = (/** @type {number} */ v) => 100 - (v / top) * 96;
  const path = values.map((v, at) => (v === null ? "" : `${at === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(v).toFixed(1)}`)).join(" ");
  const drawn = svg("svg", { class: "curve", viewBox: "0 0 1000 112", preserveAspectRatio: "none", "aria-hidden": "true" });
  trace.steps.forEach((step, at) => {
    drawn.append(svg("rect", { class: `part-${step[1] || "none"}`, x: x(at), y: 104, width: Math.max(1000 / count - (count > 200 ? 0 : 1), 0.5), height: 8 }));
    if (step[7]) drawn.append(svg("rect", { class: `turn ${step[7]}`, x: x(at), y: 0, width: 1000 / count, height: 100 }));
  });
  drawn.append(svg("path", { class: "area", d: `${path} L1000 100 L0 100 Z` }), svg("path", { class: "line", d: path }));
  drawn.addEventListener("click", (event) => {
    const box = drawn.getBoundingClientRect();
    choose(clamp(Math.floor(((event.clientX - box.left) / box.width) * count), 0, count - 1));
  });
  return el("div", { class: "curve-box" }, drawn, el("span", { class: "curve-top" }, `${most.toFixed(1)} nats`), el("span", { class: "curve-low" }, "0"));
}
