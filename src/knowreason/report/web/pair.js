// Two traces of one question: their claims aligned, their steps side by side on one scale.
import { el, foreign } from "./dom.js";
import { counted, nats } from "./words.js";
import { loadIndex, loadTrace, page } from "./data.js";
import { placeOf, traceOf } from "./route.js";
import { gradeBadge, questionCard, sameQuestion, scaleOf, stepItem } from "./trace.js";
import { traceCurve } from "./charts.js";

/** @typedef {import("./data.js").Index} Index */
/** @typedef {import("./data.js").TraceView} TraceView */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {{ a: number | null, b: number | null, kind: "kept" | "reworded" | "pruned" | "added" }} Aligned */

const CHANGES = {
  kept: { sign: "=", said: "kept" },
  reworded: { sign: "≈", said: "kept in other words" },
  pruned: { sign: "−", said: "left out" },
  added: { sign: "+", said: "added" },
};
const ALIKE = 0.6;

/**
 * The page of two traces, or of the questions that have two.
 * @param {Route} route
 */
export async function pairPage(route) {
  const index = await loadIndex();
  const [a, b] = ["a", "b"].map((name) => index.id.indexOf(route.query.get(name) || ""));
  if (a === undefined || b === undefined || a < 0 || b < 0) return choosing(index);
  const [one, other] = [await loadTrace(index, a), await loadTrace(index, b)];
  if (!one || !other) return [el("h1", {}, "Two traces"), el("p", { class: "lead" }, "One of these traces is not in this file; knowreason report RUN --serve shows all.")];
  const same = index.question[a] === index.question[b];
  const scale = scaleOf([one, other]);
  return [
    el("div", { class: "title" }, el("h1", {}, "Two traces of one question"),
      el("p", { class: "lead" }, foreign(nameOf(index, a)), " beside ", foreign(nameOf(index, b)), ". ", el("a", { href: placeOf("pair", { a: index.id[b], b: index.id[a] }) }, "Swap sides"), " · ", el("a", { href: "#/pair" }, "Another question"))),
    !same && el("p", { class: "advice" }, "These two traces answer different questions: their claims and gains cannot be compared."),
    questionCard(one),
    others(index, a, b),
    el("h2", {}, "Their claims"),
    claimTable(index, a, b, one, other),
    el("h2", {}, "Their steps"),
    el("p", { class: "lead" }, `Gains and surprisals of both stand on one scale, up to ${scale.top.toFixed(1)} nats.`),
    el("div", { class: "two" }, column(index, a, one, scale), column(index, b, other, scale)),
  ];
}

/**
 * @param {Index} index
 * @param {number} at
 */
function nameOf(index, at) {
  return index.models[index.model[at] ?? 0] || "";
}

/**
 * Questions with two traces or more, so that a reader can choose.
 * @param {Index} index
 */
function choosing(index) {
  /** @type {Map<string, number[]>} */
  const byQuestion = new Map();
  index.question.forEach((question, at) => {
    if ((index.block[at] ?? -1) < 0) return;
    const key = `${question}/${index.benchmark[at]}`;
    byQuestion.set(key, [...(byQuestion.get(key) || []), at]);
  });
  const several = [...byQuestion.values()].filter((traces) => traces.length > 1);
  if (!several.length) return [el("h1", {}, "Two traces"), el("p", { class: "lead" }, "No question here was answered twice: audit two models on the same questions to set their traces side by side.")];
  const differing = (/** @type {number[]} */ traces) => new Set(traces.map((at) => index.grade[at])).size > 1;
  several.sort((a, b) => Number(differing(b)) - Number(differing(a)));
  return [
    el("div", { class: "title" }, el("h1", {}, "Two traces of one question"), el("p", { class: "lead" }, `${counted(several.length, "question")} with two traces or more; those that were answered differently come first.`)),
    el("ol", { class: "results" }, ...several.slice(0, 100).map((traces) => el("li", {}, el("a", { class: "result", href: placeOf("pair", pairing(index, traces)) },
      el("span", { class: "asked", dir: "auto" }, index.questions[index.question[traces[0] ?? 0] ?? 0] || ""),
      el("span", { class: "tally" }, ...traces.map((at) => el("span", {}, foreign(nameOf(index, at)), " ", gradeBadge(index, at)))))))),
    several.length > 100 && el("p", { class: "note" }, `${(several.length - 100).toLocaleString("en")} more questions are reached from their traces.`),
  ];
}

/**
 * A wrong and a right one where there are both.
 * @param {Index} index
 * @param {number[]} traces
 */
function pairing(index, traces) {
  const first = traces[0] ?? 0;
  const second = traces.find((at) => index.grade[at] !== index.grade[first]) ?? traces[1] ?? first;
  return { a: index.id[first], b: index.id[second] };
}

/**
 * @param {Index} index
 * @param {number} a
 * @param {number} b
 */
function others(index, a, b) {
  const more = sameQuestion(index, a).filter((at) => at !== b);
  if (!more.length) return null;
  return el("p", { class: "beside" }, "Other traces of this question: ", ...more.slice(0, 12).flatMap((at, n) => [n ? " · " : "", el("a", { href: placeOf("pair", { a: index.id[a], b: index.id[at] }) }, foreign(nameOf(index, at)))]));
}

/**
 * Claims that both traces make, those that the second leaves out, and those that it adds.
 * @param {TraceView} one
 * @param {TraceView} other
 * @returns {Aligned[]}
 */
export function alignClaims(one, other) {
  const left = one.claims.map((claim, at) => ({ at, words: wordsOf(claim[1]) }));
  const right = other.claims.map((claim, at) => ({ at, words: wordsOf(claim[1]) }));
  /** @type {Map<number, Aligned>} */
  const paired = new Map();
  const free = new Set(right.map((claim) => claim.at));
  for (const claim of left) {
    const same = right.find((candidate) => free.has(candidate.at) && candidate.words.join(" ") === claim.words.join(" "));
    if (!same) continue;
    paired.set(claim.at, { a: claim.at, b: same.at, kind: "kept" });
    free.delete(same.at);
  }
  const close = left.filter((claim) => !paired.has(claim.at))
    .flatMap((claim) => right.filter((candidate) => free.has(candidate.at)).map((candidate) => ({ a: claim.at, b: candidate.at, alike: overlap(claim.words, candidate.words) })))
    .filter((pair) => pair.alike >= ALIKE).sort((x, y) => y.alike - x.alike);
  for (const pair of close) {
    if (paired.has(pair.a) || !free.has(pair.b)) continue;
    paired.set(pair.a, { a: pair.a, b: pair.b, kind: "reworded" });
    free.delete(pair.b);
  }
  return [
    ...left.map((claim) => paired.get(claim.at) || { a: claim.at, b: null, kind: /** @type {const} */ ("pruned") }),
    ...[...free].map((at) => ({ a: null, b: at, kind: /** @type {const} */ ("added") })),
  ];
}

/**
 * The words of a claim without case, punctuation and articles, in their order.
 * @param {string} text
 */
function wordsOf(text) {
  const found = text.toLowerCase().match(/[\p{L}\p{N}]+(?:\.\d+)?/gu) || [];
  return found.filter((word) => !["a", "an", "the"].includes(word));
}

/**
 * The share of words that two claims have in common.
 * @param {string[]} one
 * @param {string[]} other
 */
function overlap(one, other) {
  const [a, b] = [new Set(one), new Set(other)];
  const shared = [...a].filter((word) => b.has(word)).length;
  return shared / (a.size + b.size - shared || 1);
}

/**
 * @param {Index} index
 * @param {number} a
 * @param {number} b
 * @param {TraceView} one
 * @param {TraceView} other
 */
function claimTable(index, a, b, one, other) {
  const aligned = alignClaims(one, other);
  if (!aligned.length) return el("p", { class: "lead" }, "Neither trace makes a checkable claim.");
  const tally = Object.entries(CHANGES).map(([kind, { said }]) => `${aligned.filter((pair) => pair.kind === kind).length} ${said}`).join(", ");
  return el("div", { class: "card" }, el("p", { class: "lead" }, `${tally}. Claims are matched by their words: "in other words" shares at least ${Math.round(ALIKE * 100)}% of them.`),
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Claims of both traces" }, el("table", { class: "claims-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, foreign(nameOf(index, a))), el("th", { scope: "col" }, "Change"), el("th", { scope: "col" }, foreign(nameOf(index, b))))),
      el("tbody", {}, ...aligned.map((pair) => el("tr", { class: pair.kind },
        el("td", {}, side(one, pair.a)), el("td", { class: "change" }, el("span", { class: "sign", "aria-hidden": "true" }, CHANGES[pair.kind].sign), ` ${CHANGES[pair.kind].said}`), el("td", {}, side(other, pair.b))))))));
}

/**
 * @param {TraceView} trace
 * @param {number | null} number
 */
function side(trace, number) {
  const claim = number === null ? null : trace.claims[number];
  if (!claim || number === null) return el("span", { class: "nothing" }, "–");
  return el("a", { class: "claim-link", href: traceOf(trace.id, { claim: number }) }, el("span", { class: `mark ${claim[2]}` }, page.words.signs[claim[2]] || "–"), " ", foreign(claim[1]), el("span", { class: "note" }, ` ${claim[3]}`));
}

/**
 * @param {Index} index
 * @param {number} at
 * @param {TraceView} trace
 * @param {import("./trace.js").Scale} scale
 */
function column(index, at, trace, scale) {
  const total = index.gain[at] ?? null;
  const list = el("ol", { class: "steps narrow" });
  trace.steps.forEach((_, place) => list.append(stepItem(trace, place, scale)));
  return el("section", { "aria-label": nameOf(index, at) },
    el("h3", {}, el("a", { href: traceOf(trace.id) }, foreign(nameOf(index, at))), " ", gradeBadge(index, at)),
    el("p", { class: "note" }, `${counted(trace.steps.length, "step")}${total === null ? "" : ` · ${nats(total)} nats in all`}`),
    trace.surprisal !== null && traceCurve(trace, (place) => list.children[place]?.scrollIntoView({ block: "center" }), scale.top), list);
}
