// The map of findings: walk from question to question, open the evidence of the one in the middle, or see all at once.
import { announce, el, foreign, svg } from "./dom.js";
import { capital, counted } from "./words.js";
import { page } from "./data.js";
import { placeOf } from "./route.js";
import { STATE_WORDS, clamp, stateSign } from "./charts.js";

/** @typedef {import("./data.js").MapNode} MapNode */
/** @typedef {import("./data.js").MapEdge} MapEdge */
/** @typedef {import("./data.js").Finding} Finding */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {{ id: string, node: MapNode, x: number, y: number, fx?: number | null, fy?: number | null }} Body */
/** @typedef {{ source: Body, target: Body, edge: MapEdge }} Link */

const WIDTH = 900;
const HEIGHT = 540;
const CIRCLE = ["compute", "need", "overconfidence", "training", "reinforcement", "text"];
const ROOM = { x: 118, y: 40 };

/**
 * The map, around the question that a place names.
 * @param {Route} route
 */
export function mapPage(route) {
  const { nodes } = page.map;
  const centre = nodes.find((node) => node.id === route.query.get("at")) || nodes[0];
  if (!centre) return [el("h1", {}, "Map of findings")];
  const network = route.query.get("view") === "network";
  const open = route.query.get("open") === "1";
  const answered = nodes.filter((node) => node.state !== "unmeasured").length;
  return [
    el("div", { class: "title" }, el("h1", {}, "Map of findings"),
      el("p", { class: "lead" }, `What this run says about ${nodes.length} questions: ${answered} answered, ${nodes.length - answered} not measured. Published findings are quoted beside it, never counted as its own.`)),
    el("div", { class: "switch", role: "group", "aria-label": "View" },
      el("a", { href: placeOf("map", { at: centre.id }), class: "button", "aria-current": network ? null : "true" }, "Walk"),
      el("a", { href: placeOf("map", { at: centre.id, view: "network" }), class: "button", "aria-current": network ? "true" : null }, "Full network")),
    network ? networkView(centre) : walkView(centre, open),
    states(),
    network || open ? evidence(centre) : el("p", { class: "note hint" }, "Choose a neighbour to walk there; choose the question in the middle for its evidence. Everything here is also reached with Tab and Enter."),
    allQuestions(centre),
  ];
}

/**
 * @param {string} id
 */
function neighbours(id) {
  return page.map.edges.filter((edge) => edge.source === id || edge.target === id).map((edge) => {
    const other = edge.source === id ? edge.target : edge.source;
    return { edge, node: /** @type {MapNode} */ (page.map.nodes.find((node) => node.id === other)) };
  });
}

/**
 * One question in the middle, its neighbours around it, the edges named.
 * @param {MapNode} centre
 * @param {boolean} open
 */
function walkView(centre, open) {
  const around = neighbours(centre.id);
  const lines = svg("svg", { class: "lines", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const board = el("div", { class: `walk around-${around.length}`, role: "group", "aria-label": `Around: ${centre.question}` }, lines);
  board.append(nodeCard(centre, placeOf("map", { at: centre.id, open: open ? null : 1 }), `middle state-${centre.state}`, open));
  around.forEach(({ edge, node }, n) => {
    const { x, y } = placeAround(n, around.length);
    lines.append(svg("line", { x1: 50, y1: 50, x2: x, y2: y }));
    const label = el("span", { class: "edge", title: edge.sentence }, edge.source === centre.id ? `${edge.word} →` : `← ${edge.word}`);
    at(label, 50 + (x - 50) * (x === 50 ? 0 : 0.52), 50 + (y - 50) * (x === 50 ? 0.6 : 0.52));
    const card = nodeCard(node, placeOf("map", { at: node.id }), `outer state-${node.state}`, null);
    card.setAttribute("aria-label", `${node.question} ${said(node)}. ${edge.sentence} Walk there.`);
    at(card, x, y);
    board.append(label, card);
  });
  return board;
}

/**
 * Places on an ellipse, none of them straight above or below the middle where it would hide the edge's name.
 * @param {number} n
 * @param {number} count
 */
function placeAround(n, count) {
  const fixed = /** @type {{ [count: number]: [number, number][] }} */ ({
    1: [[82, 50]], 2: [[17, 50], [83, 50]], 3: [[18, 22], [82, 22], [50, 87]], 4: [[17, 18], [83, 18], [17, 82], [83, 82]],
    5: [[15, 17], [85, 17], [15, 76], [85, 76], [50, 89]],
  });
  const place = fixed[count]?.[n];
  if (place) return { x: place[0], y: place[1] };
  const angle = (n / count) * 2 * Math.PI - Math.PI / 2;
  return { x: 50 + 36 * Math.cos(angle), y: 50 + 40 * Math.sin(angle) };
}

/**
 * @param {HTMLElement} node
 * @param {number} x
 * @param {number} y
 */
function at(node, x, y) {
  node.style.setProperty("--x", `${x}%`);
  node.style.setProperty("--y", `${y}%`);
}

/**
 * @param {MapNode} node
 */
function said(node) {
  return `${STATE_WORDS[node.state]}${node.outcome && node.outcome !== STATE_WORDS[node.state] ? `: ${node.outcome}` : ""}`;
}

/**
 * @param {MapNode} node
 * @param {string} href
 * @param {string} kind
 * @param {boolean | null} expanded
 */
function nodeCard(node, href, kind, expanded) {
  return el("a", { class: `node ${kind}`, href, "aria-expanded": expanded === null ? null : String(expanded), "data-node": node.id },
    stateSign(node.state), el("span", { class: "question" }, node.question), el("span", { class: "outcome" }, capital(node.outcome || STATE_WORDS[node.state])),
    node.effect && el("span", { class: "effect" }, node.effect), expanded !== null && el("span", { class: "hint" }, expanded ? "evidence below ▾" : "open the evidence"));
}

function states() {
  const shown = /** @type {import("./data.js").State[]} */ (["yes", "no", "mixed", "open", "unmeasured"]);
  return el("p", { class: "key" }, ...shown.map((state) => el("span", {}, stateSign(state), STATE_WORDS[state])));
}

/**
 * What a question's answer rests on.
 * @param {MapNode} node
 */
function evidence(node) {
  return el("section", { class: `card findings state-${node.state}`, "aria-label": "Evidence", id: "evidence" },
    el("h2", {}, stateSign(node.state), node.question),
    el("p", { class: "outcome" }, capital(said(node))),
    node.findings.length === 0 && el("p", {}, node.why),
    ...node.findings.map(findingCard),
    node.command && el("p", { class: "measure" }, node.findings.length ? "Measured by " : "Would be measured by ", el("code", {}, node.command)),
    el("div", { class: "published" }, el("h3", {}, "Published"), el("p", {}, node.published), el("p", { class: "note" }, `${node.source}. Another's finding on other models, not this run's.`)));
}

/**
 * @param {Finding} finding
 */
function findingCard(finding) {
  return el("article", { class: `finding state-${finding.state}` },
    el("h3", {}, stateSign(finding.state), finding.about ? foreign(finding.about) : "", finding.about ? ": " : "", finding.outcome),
    el("p", {}, finding.sentence),
    el("dl", { class: "effects" }, ...finding.effects.flatMap((line) => [el("dt", {}, line.name), el("dd", { class: line.measured ? null : "missing" }, line.said)])),
    finding.assumptions.length > 0 && el("details", {}, el("summary", {}, assumed(finding)),
      el("ul", { class: "assumptions" }, ...finding.assumptions.map(([name, held, detail]) => el("li", { class: held ? "held" : "broken" }, el("b", {}, `${held ? "✓" : "✗"} ${name}`), ` ${detail}`)))),
    finding.link && el("p", {}, el("a", { href: finding.link }, "The traces")));
}

/**
 * @param {Finding} finding
 */
function assumed(finding) {
  const broken = finding.assumptions.filter(([, held]) => !held).length;
  return `${counted(finding.assumptions.length, "assumption")}, ${broken ? `${broken} not held` : "all held"}`;
}

/**
 * The same map as a list, for those who do not see it.
 * @param {MapNode} centre
 */
function allQuestions(centre) {
  return el("details", { class: "terms" }, el("summary", {}, "All questions as a list"),
    el("ul", { class: "questions" }, ...page.map.nodes.map((node) => el("li", {}, stateSign(node.state), el("a", { href: placeOf("map", { at: node.id, open: 1 }), "aria-current": node === centre ? "true" : null }, node.question), ` ${said(node)}. `,
      el("span", { class: "note" }, page.map.edges.filter((edge) => edge.source === node.id).map((edge) => edge.sentence).join(" "))))));
}

/**
 * All questions at once, laid out by forces inside the frame; dragged, zoomed, and at rest after a while.
 * @param {MapNode} centre
 */
function networkView(centre) {
  const drawn = svg("svg", { class: "network", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "All questions and how they hang together" });
  const inner = svg("g");
  drawn.append(inner);
  const bodies = page.map.nodes.map(body);
  const links = page.map.edges.map((edge) => ({ edge, source: found(bodies, edge.source), target: found(bodies, edge.target) }));
  const lines = links.map((link) => svg("line", { class: "tie" }, svg("title", {}, link.edge.sentence)));
  const names = links.map((link) => svg("text", { class: "tie-name", "text-anchor": "middle" }, link.edge.word));
  const shapes = bodies.map((one) => networkNode(one, one.node === centre));
  inner.append(...lines, ...names, ...shapes);
  const draw = () => {
    bodies.forEach((one, n) => {
      one.x = clamp(one.x, ROOM.x, WIDTH - ROOM.x);
      one.y = clamp(one.y, ROOM.y, HEIGHT - ROOM.y);
      shapes[n]?.setAttribute("transform", `translate(${one.x.toFixed(1)} ${one.y.toFixed(1)})`);
    });
    links.forEach((link, n) => drawLink(link, lines[n], names[n]));
  };
  const move = settle(bodies, links, draw);
  const zoom = zooming(drawn, inner);
  bodies.forEach((one, n) => dragging(inner, /** @type {SVGElement} */ (shapes[n]), one, move, draw));
  return el("div", { class: "frame card" }, drawn, el("div", { class: "zoom", role: "group", "aria-label": "Zoom" },
    el("button", { type: "button", "aria-label": "Zoom in", click: () => zoom(1.25) }, "+"), el("button", { type: "button", "aria-label": "Zoom out", click: () => zoom(0.8) }, "−"),
    el("button", { type: "button", click: () => zoom(0) }, "Reset")));
}

/**
 * Questions that bear on each other start beside each other, so that few edges cross.
 * @param {MapNode} node
 * @returns {Body}
 */
function body(node) {
  const place = CIRCLE.indexOf(node.id);
  const angle = ((place + 0.5) / CIRCLE.length) * 2 * Math.PI - Math.PI / 2;
  const far = place < 0 ? 0 : 1;
  return { id: node.id, node, x: WIDTH / 2 + far * 300 * Math.cos(angle), y: HEIGHT / 2 + far * 200 * Math.sin(angle) };
}

/**
 * @param {Body[]} bodies
 * @param {string} id
 */
function found(bodies, id) {
  return /** @type {Body} */ (bodies.find((one) => one.id === id));
}

/**
 * @param {Body} one
 * @param {boolean} chosen
 */
function networkNode(one, chosen) {
  const sign = stateSign(one.node.state);
  for (const [name, value] of Object.entries({ x: -106, y: -13, width: 26, height: 26 })) sign.setAttribute(name, String(value));
  const shape = svg("a", { class: `body state-${one.node.state}${chosen ? " chosen" : ""}`, href: placeOf("map", { at: one.id, view: "network" }), "aria-label": `${one.node.question} ${said(one.node)}`, "data-node": one.id },
    svg("rect", { x: -116, y: -30, width: 232, height: 60, rx: 10 }), sign,
    svg("text", { x: -72, y: -4, class: "name" }, one.node.short), svg("text", { x: -72, y: 14, class: "outcome" }, capital(one.node.outcome || STATE_WORDS[one.node.state])));
  return shape;
}

/**
 * @param {Link} link
 * @param {SVGElement | undefined} line
 * @param {SVGElement | undefined} name
 */
function drawLink(link, line, name) {
  const { source, target } = link;
  for (const [key, value] of Object.entries({ x1: source.x, y1: source.y, x2: target.x, y2: target.y })) line?.setAttribute(key, value.toFixed(1));
  name?.setAttribute("x", (source.x * 0.5 + target.x * 0.5).toFixed(1));
  name?.setAttribute("y", ((source.y + target.y) / 2 - 4).toFixed(1));
}

/**
 * Lays all out by forces that come to rest by themselves, at once where motion is not wanted; returns what heats them.
 * @param {Body[]} bodies
 * @param {Link[]} links
 * @param {() => void} draw
 */
function settle(bodies, links, draw) {
  const { d3 } = globalThis;
  const first = /** @type {Body} */ (bodies[0]);
  const forces = d3.forceSimulation(bodies)
    .force("link", d3.forceLink(links.map((link) => ({ ...link }))).distance(230).strength(0.25))
    .force("charge", d3.forceManyBody().strength(-1800)).force("collide", d3.forceCollide(126))
    .force("x", d3.forceX(WIDTH / 2).strength(0.02)).force("y", d3.forceY(HEIGHT / 2).strength(0.12));
  first.fx = WIDTH / 2;
  first.fy = HEIGHT / 2;
  forces.stop();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  forces.tick(calm ? 400 : 60);
  draw();
  forces.on("tick", draw);
  const move = (/** @type {number} */ heat) => calm || forces.alphaTarget(heat).restart();
  if (!calm) forces.restart();
  return move;
}

/**
 * @param {SVGSVGElement} drawn
 * @param {SVGGElement} inner
 */
function zooming(drawn, inner) {
  let scale = 1;
  const zoom = (/** @type {number} */ by) => {
    scale = by ? clamp(scale * by, 0.6, 3) : 1;
    inner.setAttribute("transform", `translate(${(WIDTH / 2) * (1 - scale)} ${(HEIGHT / 2) * (1 - scale)}) scale(${scale})`);
    announce(`${Math.round(scale * 100)}%`);
  };
  drawn.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.1 : 0.9);
  }, { passive: false });
  return zoom;
}

/**
 * Drags a node with the pointer, or with the arrow keys while it has the focus.
 * @param {SVGGElement} inner
 * @param {SVGElement} shape
 * @param {Body} one
 * @param {(heat: number) => void} move
 * @param {() => void} draw
 */
function dragging(inner, shape, one, move, draw) {
  let moved = false;
  let held = false;
  const place = (/** @type {PointerEvent} */ event) => {
    const matrix = inner.getScreenCTM();
    return matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()) : null;
  };
  shape.addEventListener("dragstart", (event) => event.preventDefault());
  shape.addEventListener("pointerdown", (event) => {
    held = true;
    moved = false;
    shape.setPointerCapture(event.pointerId);
  });
  shape.addEventListener("pointermove", (event) => {
    const point = held ? place(event) : null;
    if (!point) return;
    if (!moved && Math.hypot(point.x - one.x, point.y - one.y) < 14) return;
    moved = true;
    hold(one, point.x, point.y);
    draw();
    move(0.2);
  });
  shape.addEventListener("pointerup", () => {
    held = false;
    if (moved) move(0);
  });
  shape.addEventListener("click", (event) => moved && event.preventDefault());
  shape.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] }[event.key] || [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    hold(one, one.x + (dx ?? 0), one.y + (dy ?? 0));
    draw();
  });
}

/**
 * @param {Body} one
 * @param {number} x
 * @param {number} y
 */
function hold(one, x, y) {
  one.x = one.fx = clamp(x, ROOM.x, WIDTH - ROOM.x);
  one.y = one.fy = clamp(y, ROOM.y, HEIGHT - ROOM.y);
}
