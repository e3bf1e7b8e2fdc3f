// One trace: the model's own text step by step, with its gains, its claims and their evidence.
import { acting, announce, el, foreign, svg } from "./dom.js";
import { capital, counted, nats, percent } from "./words.js";
import { loadIndex, loadTrace, page } from "./data.js";
import { placeOf, traceOf } from "./route.js";
import { clamp, traceCurve } from "./charts.js";

/** @typedef {import("./data.js").Index} Index */
/** @typedef {import("./data.js").TraceView} TraceView */
/** @typedef {import("./data.js").StepView} StepView */
/** @typedef {import("./data.js").ClaimView} ClaimView */
/** @typedef {import("./data.js").Cited} Cited */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {{ top: number, largest: number }} Scale */

const TURNS = /** @type {{ [mark: string]: string }} */ ({ misled: "misleading step", confident_wrong: "confident wrong turn" });

/**
 * The page of the trace that a place names.
 * @param {Route} route
 */
export async function tracePage(route) {
  const index = await loadIndex();
  const at = index.id.indexOf(route.rest);
  if (!index.id.length) return [el("h1", {}, "No trace"), el("p", { class: "lead" }, "The run holds no traces.")];
  if (at < 0) return [el("h1", {}, "No such trace"), el("p", { class: "lead" }, "This run holds no trace of that name. ", el("a", { href: "#/find" }, "Find one"))];
  const trace = await loadTrace(index, at);
  if (!trace) return absent(index, at);
  const list = el("ol", { class: "steps" });
  const scale = scaleOf([trace]);
  trace.steps.forEach((_, place) => list.append(stepItem(trace, place, scale)));
  const go = (/** @type {number} */ place) => showStep(list, place, true);
  const shown = [
    el("div", { class: "title" }, el("p", { class: "crumbs" }, el("a", { href: "#/find" }, "Find"), " › ", el("a", { href: placeOf("find", { benchmark: index.benchmarks[index.benchmark[at] ?? 0] }) }, foreign(index.benchmarks[index.benchmark[at] ?? 0] || ""))),
      el("h1", {}, foreign(index.models[index.model[at] ?? 0] || ""), " ", gradeBadge(index, at)),
      el("p", { class: "lead" }, facts(index, at, trace))),
    neighbours(index, at),
    questionCard(trace),
    trace.notes.length > 0 && el("ul", { class: "advice" }, ...trace.notes.map((note) => el("li", {}, note))),
    trace.surprisal !== null && el("section", { class: "card overview", "aria-label": "Surprisal of the right answer along the trace" },
      el("h2", {}, "Surprisal of the right answer along the text"), traceCurve(trace, go, scale.top), jumps(trace, go)),
    el("h2", { id: "steps" }, counted(trace.steps.length + trace.leftOut, "step")),
    legend(trace),
    trace.steps.length === 0 ? el("p", { class: "lead" }, "This trace has no text before or around its answer.") : list,
    trace.leftOut > 0 && el("p", { class: "note" }, `${trace.leftOut.toLocaleString("en")} more steps are not shown here; they are in steps.parquet.`),
  ];
  requestAnimationFrame(() => arrive(route, trace, list));
  return shown;
}

/**
 * Opens the claim or goes to the step that a place names.
 * @param {Route} route
 * @param {TraceView} trace
 * @param {HTMLElement} list
 */
function arrive(route, trace, list) {
  const claim = Number(route.query.get("claim") ?? NaN);
  const step = Number(route.query.get("step") ?? NaN);
  const found = trace.claims[claim];
  if (found) {
    const shown = /** @type {HTMLElement | null} */ (list.querySelector(`[data-claim="${claim}"]`));
    shown?.click();
    shown?.scrollIntoView({ block: "center" });
  } else if (step >= 1) showStep(list, step - 1, false);
}

/**
 * @param {HTMLElement} list
 * @param {number} place
 * @param {boolean} focus
 */
function showStep(list, place, focus) {
  const item = /** @type {HTMLElement | undefined} */ (list.children[place]);
  if (!item) return;
  item.scrollIntoView({ block: "center" });
  for (const old of list.querySelectorAll(".here")) old.classList.remove("here");
  item.classList.add("here");
  if (focus) item.focus({ preventScroll: true });
}

/**
 * @param {Index} index
 * @param {number} at
 */
function absent(index, at) {
  const held = index.block.filter((block) => block >= 0).length;
  return [
    el("h1", {}, foreign(index.models[index.model[at] ?? 0] || "")),
    el("p", { class: "lead" }, `The text of this trace is not in this file: it holds whole questions drawn by the run's seed, ${held.toLocaleString("en")} of ${index.total.toLocaleString("en")} traces.`),
    el("p", {}, "All of them are shown by ", el("code", {}, "knowreason report RUN --serve"), "."),
  ];
}

/**
 * Whether the answer is right, by colour, sign and word.
 * @param {Index} index
 * @param {number} at
 */
export function gradeBadge(index, at) {
  const grade = index.grades[index.grade[at] ?? 0] || "ungraded";
  const sign = { correct: "✓", incorrect: "✗", no_answer: "∅" }[grade] || "–";
  return el("span", { class: `badge ${grade}` }, el("span", { "aria-hidden": "true" }, `${sign} `), page.words.grades[grade] || grade);
}

/**
 * @param {Index} index
 * @param {number} at
 * @param {TraceView} trace
 */
function facts(index, at, trace) {
  const said = [`${counted(index.steps[at] ?? 0, "step")}, ${counted(index.tokens[at] ?? 0, "token")}`];
  const decided = (index.supported[at] ?? 0) + (index.refuted[at] ?? 0);
  if (decided) said.push(`${index.supported[at]} of ${decided} decided claims hold`);
  const last = trace.steps[trace.steps.length - 1];
  if (trace.surprisal !== null && last && last[5] !== null) said.push(`surprisal ${trace.surprisal.toFixed(2)} → ${last[5].toFixed(2)} nats`);
  if (trace.commitsAt !== null) said.push(`commits at ${percent(trace.commitsAt)} of the text`);
  const integrity = index.integrities[index.integrity[at] ?? 0] || "";
  if (integrity !== "complete") said.push(page.words.integrity[integrity] || integrity);
  return said.join(" · ");
}

/**
 * Links to the other traces of the same question, each to be set beside this one.
 * @param {Index} index
 * @param {number} at
 */
function neighbours(index, at) {
  const others = sameQuestion(index, at);
  if (!others.length) return null;
  return el("p", { class: "beside" }, "Beside it: ", ...others.slice(0, 12).flatMap((other, n) => [n ? " · " : "",
    el("a", { href: placeOf("pair", { a: index.id[other], b: index.id[at] }) }, foreign(index.models[index.model[other] ?? 0] || ""))]));
}

/**
 * The places of the other traces of one question, asked in the same way.
 * @param {Index} index
 * @param {number} at
 */
export function sameQuestion(index, at) {
  /** @type {number[]} */
  const found = [];
  index.question.forEach((question, other) => {
    if (other !== at && question === index.question[at] && index.benchmark[other] === index.benchmark[at]) found.push(other);
  });
  return found;
}

/**
 * The question with its options, the right one and the chosen one marked.
 * @param {TraceView} trace
 */
export function questionCard(trace) {
  const options = trace.options.map(([key, text, gold, chosen]) =>
    el("li", { class: gold ? "gold" : null }, el("bdi", {}, `${key}. ${text}`), gold && el("span", { class: "tag" }, "✓ right answer"), chosen && el("span", { class: "tag" }, "← chosen")));
  return el("section", { class: "card question", "aria-label": "Question" },
    el("p", { class: "asked", dir: "auto" }, trace.question),
    options.length > 0 ? el("ol", { class: "options" }, ...options)
      : el("p", { class: "note" }, "Right answer: ", foreign(trace.gold || "none given"), " · Stated: ", foreign(trace.answer || "none")));
}

/**
 * @param {TraceView} trace
 * @param {(place: number) => void} go
 */
function jumps(trace, go) {
  /** @type {[string, number][]} */
  const places = [];
  if (trace.contentStep !== null && trace.contentStep !== trace.statementStep) places.push(["where the content is settled", trace.contentStep]);
  if (trace.statementStep !== null) places.push(["the answer's statement", trace.statementStep]);
  const turns = trace.steps.flatMap((step, at) => (step[7] ? [{ at, gain: step[4] ?? 0 }] : [])).sort((a, b) => a.gain - b.gain);
  if (turns[0]) places.push([`the worst of ${counted(turns.length, "misleading step")}`, turns[0].at]);
  if (!places.length) return null;
  return el("p", { class: "jumps" }, "Go to ", ...places.flatMap(([said, place], n) => [n ? " · " : "", el("button", { type: "button", class: "link", click: () => go(place) }, said)]));
}

/**
 * The scale that gains and surprisals of these traces share.
 * @param {TraceView[]} traces
 * @returns {Scale}
 */
export function scaleOf(traces) {
  let top = 0.1;
  let largest = 0.1;
  for (const trace of traces) {
    top = Math.max(top, trace.surprisal ?? 0);
    for (const step of trace.steps) {
      top = Math.max(top, step[5] ?? 0);
      largest = Math.max(largest, Math.abs(step[4] ?? 0));
    }
  }
  return { top, largest };
}

/**
 * @param {TraceView} trace
 */
function legend(trace) {
  const parts = Object.keys(page.words.parts).filter((part) => trace.steps.some((step) => step[1] === part));
  const verdicts = Object.keys(page.words.verdicts).filter((verdict) => trace.claims.some((claim) => claim[2] === verdict));
  return el("p", { class: "key" },
    ...verdicts.map((verdict) => el("span", {}, el("span", { class: `claim ${verdict}` }, page.words.verdicts[verdict] || verdict, el("sup", {}, page.words.signs[verdict] || "")))),
    trace.surprisal !== null && el("span", {}, el("span", { class: "swatch toward" }, "+"), "towards the right answer"),
    trace.surprisal !== null && el("span", {}, el("span", { class: "swatch away" }, "−"), "away from it"),
    ...parts.map((part) => el("span", {}, el("span", { class: `swatch part-${part}` }), page.words.parts[part] || part)));
}

/**
 * One step: its number, the curve beside it, its gain, its text with its claims, and room for evidence.
 * @param {TraceView} trace
 * @param {number} place
 * @param {Scale} scale
 */
export function stepItem(trace, place, scale) {
  const step = /** @type {StepView} */ (trace.steps[place]);
  const [pieces, part, , tokens, gain, surprisal, , turn] = step;
  const before = place === 0 ? trace.surprisal : trace.steps[place - 1]?.[5] ?? null;
  const text = el("div", { class: "text", dir: "auto" });
  const side = el("div", { class: "side" });
  const item = el("li", { class: `step${turn ? ` turned ${turn}` : ""}`, tabindex: -1, "data-step": place + 1 });
  pieces.forEach(([said, claim], n) => text.append(claim < 0 ? plainPiece(said, n === 0, n === pieces.length - 1) : claimMark(trace, claim, said, side)));
  const head = dividers(trace, place);
  item.append(
    ...head,
    el("a", { class: "number", href: traceOf(trace.id, { step: place + 1 }), "aria-label": `Step ${place + 1}` }, place + 1),
    before !== null && surprisal !== null ? curvePiece(before, surprisal, scale.top) : el("span", { class: "piece" }),
    gainCell(gain, part, scale.largest, tokens),
    el("div", { class: "said" }, turn ? el("p", { class: "turn-said" }, "▼ ", TURNS[turn] || turn) : "", text, side));
  return item;
}

/**
 * @param {string} said
 * @param {boolean} first
 * @param {boolean} last
 */
function plainPiece(said, first, last) {
  const led = first ? said.replace(/^[ \n]+/, "") : said;
  return document.createTextNode(last ? led.replace(/\n+$/, "") : led);
}

/**
 * @param {TraceView} trace
 * @param {number} place
 */
function dividers(trace, place) {
  /** @type {HTMLElement[]} */
  const found = [];
  if (trace.thinkingStep === place && place > 0) found.push(el("p", { class: "divider" }, "the thinking ends, the response begins"));
  if (trace.contentStep === place && trace.contentStep !== trace.statementStep) found.push(el("p", { class: "divider content" }, "from here on the content of the answer is settled"));
  if (trace.statementStep === place) found.push(el("p", { class: "divider statement" }, "here the answer is stated"));
  return found;
}

/**
 * The stretch of the surprisal's curve that runs along one step.
 * @param {number} before
 * @param {number} after
 * @param {number} top
 */
function curvePiece(before, after, top) {
  const [a, b] = [clamp(before / top, 0, 1) * 96 + 2, clamp(after / top, 0, 1) * 96 + 2];
  return svg("svg", { class: "piece", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "area", d: `M0 0 L${a} 0 L${b} 100 L0 100 Z` }), svg("path", { class: "line", d: `M${a} 0 L${b} 100` }));
}

/**
 * @param {number | null} gain
 * @param {string} part
 * @param {number} largest
 * @param {number} tokens
 */
function gainCell(gain, part, largest, tokens) {
  const words = page.words.parts[part] || "";
  if (gain === null) return el("div", { class: "gain none" }, el("span", { class: "note" }, words || counted(tokens, "token")));
  const toward = gain >= 0;
  const bar = el("span", { class: `bar ${toward ? "toward" : "away"}`, "aria-hidden": "true" });
  bar.style.setProperty("--size", String(Math.abs(gain) / largest));
  const cell = el("div", { class: `gain ${toward ? "toward" : "away"}`, title: `gain of the step ${nats(gain)} nats` },
    el("span", { class: "value" }, nats(gain)), el("span", { class: "track", "aria-hidden": "true" }, bar),
    words && el("span", { class: `note part part-${part}` }, words));
  cell.style.setProperty("--strength", String(Math.min(1, Math.abs(gain) / largest)));
  return cell;
}

/**
 * A claim inside the text; a click opens its evidence below the step, a second one closes it.
 * @param {TraceView} trace
 * @param {number} number
 * @param {string} said
 * @param {HTMLElement} side
 */
function claimMark(trace, number, said, side) {
  const claim = /** @type {ClaimView} */ (trace.claims[number]);
  const verdict = claim[2];
  const led = said.replace(/^\n+/, "");
  const shown = el("span", { class: `claim ${verdict}`, role: "button", tabindex: 0, "aria-expanded": "false", "data-claim": number, "aria-label": `Claim: ${led} (${claim[3]})` },
    led, el("sup", { "aria-hidden": "true" }, page.words.signs[verdict] || "–"));
  return acting(shown, () => {
    const open = shown.getAttribute("aria-expanded") === "true";
    side.querySelector(`[data-evidence="${number}"]`)?.remove();
    shown.setAttribute("aria-expanded", String(!open));
    if (!open) {
      side.append(evidenceOf(trace, number));
      announce(`${claim[3]}; ${counted(claim[5].length, "passage")}`);
    }
  });
}

/**
 * A claim with its verdict in words and its passages, best first.
 * @param {TraceView} trace
 * @param {number} number
 */
export function evidenceOf(trace, number) {
  const [, text, verdict, said, , cited] = /** @type {ClaimView} */ (trace.claims[number]);
  return el("section", { class: `evidence ${verdict}`, "data-evidence": number, "aria-label": "Evidence" },
    el("p", { class: "judged" }, el("span", { class: `mark ${verdict}` }, page.words.signs[verdict] || "–"), " ", capital(said),
      " ", el("a", { class: "note", href: traceOf(trace.id, { claim: number }) }, "link to this claim")),
    el("p", { class: "note" }, "As it was checked: ", foreign(text)),
    cited.length === 0 && el("p", { class: "note" }, "No passage was judged."),
    ...cited.map(passage));
}

/**
 * @param {Cited} cited
 * @param {number} rank
 */
function passage(cited, rank) {
  const [before, span, after, title, source, licence, id, score, supports, refutes, open] = cited;
  return el("blockquote", {},
    el("p", { class: "passage", dir: "auto" }, before, el("mark", {}, span), after),
    odds(supports, refutes, open),
    el("footer", {}, rank === 0 ? "decides · " : "", foreign(title || id), source && " · ", source && origin(source), licence && " · ", licence && foreign(licence), ` · found with BM25 ${score.toFixed(1)}`));
}

/**
 * The three probabilities of a judged passage, in one bar and in words; the largest is bold.
 * @param {number} supports
 * @param {number} refutes
 * @param {number} open
 */
function odds(supports, refutes, open) {
  const shares = /** @type {[string, string, number][]} */ ([["supports", "✓", supports], ["refutes", "✗", refutes], ["leaves open", "?", open]]);
  const most = Math.max(supports, refutes, open);
  const bar = el("span", { class: "odds-bar", "aria-hidden": "true" });
  for (const [word, , share] of shares) {
    const part = el("span", { class: `odd ${word.split(" ")[0]}` });
    part.style.setProperty("--share", String(share));
    bar.append(part);
  }
  return el("p", { class: "odds" }, bar, ...shares.map(([word, sign, share]) => el("span", { class: share === most ? "most" : null }, `${sign} ${word} ${percent(share)}`)));
}

/**
 * Where a passage comes from: a link only where it is a web address, which opens beside this page and learns nothing.
 * @param {string} source
 */
function origin(source) {
  const web = /^https?:\/\/[^\s"'<>]+$/i.test(source);
  return web ? el("a", { href: source, target: "_blank", rel: "noopener noreferrer external" }, foreign(source)) : foreign(source);
}
