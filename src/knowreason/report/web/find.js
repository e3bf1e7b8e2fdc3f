// All traces under filters; every filter stands in the address, so that it can be shared.
import { announce, el, foreign } from "./dom.js";
import { capital, counted, nats } from "./words.js";
import { loadIndex, page, searchTexts } from "./data.js";
import { placeOf, traceOf } from "./route.js";
import { gradeBadge } from "./trace.js";

/** @typedef {import("./data.js").Index} Index */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {{ [name: string]: string }} Wanted */

const NAMES = ["benchmark", "model", "grade", "claims", "integrity", "flag", "why", "text", "sort"];
const ROWS = 50;
const CLAIMS = /** @type {{ [name: string]: string }} */ ({ refuted: "a refuted claim", supported: "a supported claim", decided: "a decided claim", none: "no decided claim" });
const SORTS = /** @type {{ [name: string]: string }} */ ({
  "": "benchmark and question", grade: "answer", refuted: "refuted claims", supported: "supported claims",
  gain: "total, largest first", loss: "total, smallest first", stating: "from settling and stating", steps: "steps", tokens: "tokens",
});

/**
 * The page that finds traces.
 * @param {Route} route
 */
export async function findPage(route) {
  const index = await loadIndex();
  /** @type {Wanted} */
  const wanted = Object.fromEntries(NAMES.map((name) => [name, route.query.get(name) || ""]));
  const found = await matching(index, wanted);
  const form = filters(index, wanted);
  const held = index.block.filter((block) => block >= 0).length;
  return [
    el("div", { class: "title" }, el("h1", {}, "Find traces"), el("p", { class: "lead", id: "found" }, `${found.length.toLocaleString("en")} of ${counted(index.id.length, "trace")}`)),
    held < index.total && el("p", { class: "advice" }, `This file holds the text of ${held.toLocaleString("en")} of ${index.total.toLocaleString("en")} traces; knowreason report RUN --serve shows all. A text search covers those that are held.`),
    form,
    found.length === 0 ? el("p", { class: "lead" }, index.id.length ? "No trace has all of this. " : "The run holds no traces.", index.id.length > 0 && el("a", { href: "#/find" }, "Show all")) : results(index, found),
  ];
}

/**
 * The places of the traces that have all that is wanted, in the order wanted.
 * @param {Index} index
 * @param {Wanted} wanted
 */
export async function matching(index, wanted) {
  if (wanted.text) announce("Reading all texts …");
  const said = wanted.text ? await searchTexts(index, wanted.text) : null;
  const [model, benchmark, grade] = [place(index.models, wanted.model), place(index.benchmarks, wanted.benchmark), place(index.grades, wanted.grade)];
  const [integrity, why] = [place(index.integrities, wanted.integrity), place(index.reasons, wanted.why)];
  const flag = wanted.flag ? 1 << Object.keys(page.words.flags).indexOf(wanted.flag) : 0;
  /** @type {number[]} */
  const found = [];
  for (let at = 0; at < index.id.length; at++) {
    if (model !== null && index.model[at] !== model) continue;
    if (benchmark !== null && index.benchmark[at] !== benchmark) continue;
    if (grade !== null && index.grade[at] !== grade) continue;
    if (integrity !== null && index.integrity[at] !== integrity) continue;
    if (flag && !((index.flags[at] ?? 0) & flag)) continue;
    if (why !== null && !index.why[at]?.includes(why)) continue;
    if (wanted.claims && !hasClaims(index, at, wanted.claims)) continue;
    if (said && !said.has(at)) continue;
    found.push(at);
  }
  return sorted(index, found, wanted.sort || "");
}

/**
 * @param {string[]} names
 * @param {string | undefined} wanted
 */
function place(names, wanted) {
  return wanted ? names.indexOf(wanted) : null;
}

/**
 * @param {Index} index
 * @param {number} at
 * @param {string} kind
 */
function hasClaims(index, at, kind) {
  const [supported, refuted] = [index.supported[at] ?? 0, index.refuted[at] ?? 0];
  if (kind === "refuted") return refuted > 0;
  if (kind === "supported") return supported > 0;
  return (kind === "decided") === supported + refuted > 0;
}

/**
 * Largest first; what was not measured stands last.
 * @param {Index} index
 * @param {number[]} found
 * @param {string} by
 */
function sorted(index, found, by) {
  const columns = /** @type {{ [name: string]: (number | null)[] }} */ ({
    grade: index.grade.map((grade) => -grade), refuted: index.refuted, supported: index.supported, gain: index.gain,
    loss: index.gain.map((gain) => (gain === null ? null : -gain)), informative: index.informative, stating: index.stating, steps: index.steps, tokens: index.tokens,
  });
  const column = columns[by];
  if (!column) return found;
  return found.sort((a, b) => {
    const [one, other] = [column[a] ?? null, column[b] ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null) || a - b;
    return other - one || a - b;
  });
}

/**
 * @param {Index} index
 * @param {Wanted} wanted
 */
function filters(index, wanted) {
  const { words } = page;
  const now = { ...wanted };
  const change = (/** @type {string} */ name, /** @type {string} */ value) => {
    now[name] = value;
    location.replace(placeOf("find", now));
  };
  const names = (/** @type {string[]} */ list) => Object.fromEntries(list.map((name) => [name, name]));
  const known = (/** @type {string[]} */ list, /** @type {{ [code: string]: string }} */ said) => Object.fromEntries(list.map((name) => [name, said[name] || name]));
  const reasons = Object.fromEntries(index.reasons.map((code) => {
    const [measure, reason] = code.split(/:(.*)/s);
    return [code, `${words.measures[measure || ""] || measure}: ${words.reasons[reason || ""] || (reason || "").replace(/_/g, " ")}`];
  }));
  let waiting = 0;
  const text = el("input", { type: "search", id: "filter-text", value: wanted.text || "", placeholder: "in question or text", input: () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => change("text", text.value), 250);
  } });
  const active = NAMES.filter((name) => name !== "sort" && wanted[name]);
  return el("form", { class: "filters card", role: "search", submit: (event) => event.preventDefault() },
    choice("benchmark", "Benchmark", names(index.benchmarks), wanted, change),
    choice("model", "Model", names(index.models), wanted, change),
    choice("grade", "Answer", known(index.grades, words.grades), wanted, change),
    choice("claims", "Claims", CLAIMS, wanted, change),
    choice("flag", "Worth reading", words.flags, wanted, change),
    choice("integrity", "Integrity", known(index.integrities, words.integrity), wanted, change),
    choice("why", "Not measured", reasons, wanted, change),
    el("label", { for: "filter-text" }, "Text", text),
    choice("sort", "Sorted by", { ...SORTS, informative: words.parts.informative || "" }, wanted, change),
    el("p", { class: "act" }, active.length > 0 && el("a", { href: "#/find" }, "Clear all"), el("button", { type: "button", class: "quiet", click: share }, "Copy link")));
}

async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    announce("The link was copied.");
  } catch {
    announce("The link stands in the address bar.");
  }
}

/**
 * @param {string} name
 * @param {string} label
 * @param {{ [value: string]: string }} options
 * @param {Wanted} wanted
 * @param {(name: string, value: string) => void} change
 */
function choice(name, label, options, wanted, change) {
  const id = `filter-${name}`;
  const chosen = wanted[name] || "";
  const list = Object.entries(options).filter(([value]) => value !== "");
  const select = el("select", { id, change: () => change(name, select.value) },
    el("option", { value: "" }, options[""] || "any"), ...list.map(([value, said]) => el("option", { value, selected: value === chosen }, capital(said))),
    chosen && !(chosen in options) && el("option", { value: chosen, selected: true }, chosen));
  return el("label", { for: id, class: chosen ? "active" : null }, label, select);
}

/**
 * @param {Index} index
 * @param {number[]} found
 */
function results(index, found) {
  const list = el("ol", { class: "results" });
  const more = el("button", { type: "button", class: "more-rows" });
  const show = () => {
    const from = list.children.length;
    list.append(...found.slice(from, from + ROWS).map((at) => result(index, at)));
    const left = found.length - list.children.length;
    more.textContent = `Show ${Math.min(left, ROWS)} more of ${left.toLocaleString("en")}`;
    more.hidden = left <= 0;
  };
  more.addEventListener("click", show);
  show();
  return el("div", {}, list, more);
}

/**
 * @param {Index} index
 * @param {number} at
 */
function result(index, at) {
  const undecided = (index.claims[at] ?? 0) - (index.supported[at] ?? 0) - (index.refuted[at] ?? 0);
  const integrity = index.integrities[index.integrity[at] ?? 0] || "";
  const flags = Object.entries(page.words.flags).filter((_, n) => (index.flags[at] ?? 0) & (1 << n));
  const gain = index.gain[at] ?? null;
  return el("li", {}, el("a", { class: "result", href: traceOf(index.id[at] || "") },
    el("span", { class: "who" }, foreign(index.models[index.model[at] ?? 0] || "", { class: "name" }), " ", gradeBadge(index, at),
      el("span", { class: "note" }, " ", foreign(index.benchmarks[index.benchmark[at] ?? 0] || ""))),
    el("span", { class: "asked", dir: "auto" }, index.questions[index.question[at] ?? 0] || ""),
    el("span", { class: "tally" },
      el("span", { class: "supported", title: "supported claims" }, `✓ ${index.supported[at]}`), el("span", { class: "refuted", title: "refuted claims" }, `✗ ${index.refuted[at]}`),
      el("span", { class: "undecided", title: "claims left open" }, `? ${undecided}`),
      gain !== null && el("span", { title: "fall of the right answer's surprisal" }, `${nats(gain)} nats`), el("span", {}, counted(index.tokens[at] ?? 0, "token")),
      integrity !== "complete" && el("span", { class: "flagged" }, page.words.integrity[integrity] || integrity), ...flags.map(([, said]) => el("span", { class: "flagged" }, said)))));
}
