// The data of the page: the overview at once, the list of traces and the traces themselves when they are asked for.
import { byId } from "./dom.js";

/** @typedef {"yes" | "no" | "mixed" | "open" | "unmeasured"} State */
/** @typedef {{ low: number, high: number, at: number, zero: number | null }} Bar */
/** @typedef {{ value: string, interval: string, note: string, bar: Bar | null, missing: boolean, sort: number | null, link: string }} Figure */
/** @typedef {{ head: string, note: string, link: string, figures: Figure[] }} Row */
/** @typedef {{ title: string, note: string, rows: Row[] }} Group */
/** @typedef {{ headings: string[], groups: Group[], terms: [string, string][] }} Table */
/** @typedef {{ name: string, said: string, measured: boolean }} Line */
/** @typedef {{ about: string, state: State, outcome: string, sentence: string, effects: Line[], assumptions: [string, boolean, string][], link: string }} Finding */
/** @typedef {{ id: string, question: string, short: string, state: State, outcome: string, effect: string, findings: Finding[], published: string, source: string, command: string, why: string }} MapNode */
/** @typedef {{ source: string, target: string, word: string, sentence: string }} MapEdge */
/** @typedef {{ name: string, x: [number, number, number], y: [number, number, number], accuracy: number | null, said: string, link: string }} Point */
/** @typedef {{ accuracy: number, x0: number, y0: number, x1: number, y1: number }} Contour */
/** @typedef {{ title: string, yLabel: string, points: Point[], arrows: [number, number][], contours: Contour[], note: string, leftOut: string[] }} Plane */
/** @typedef {{ claims: string, true: number, false: number, trueSupported: number, trueRefuted: number, falseSupported: number, falseRefuted: number, auroc: number }} Reliable */
/** @typedef {{ level: string, headline: string, measured: Reliable[], notes: string[] }} Trust */
/** @typedef {{ question: string, state: State, outcome: string, answers: [State, string, string, string][], sentences: string[], link: string }} Verdict */
/** @typedef {{ title: string, rows: { said: string, count: number, link: string }[] }} Counts */
/** @typedef {{ definitions: [string, string][], rules: [string, string][], run: [string, string][], commands: string[], citations: [string, string][], limits: string[] }} Methods */
/** @typedef {{ [code: string]: string }} Names */
/** @typedef {{ grades: Names, verdicts: Names, signs: Names, integrity: Names, parts: Names, reasons: Names, measures: Names, flags: Names }} Words */
/**
 * @typedef {{ title: string, subtitle: string, empty: boolean, gainMeans: "commitment" | "gain", words: Words,
 *   verdicts: Verdict[], advice: [string, string][], trust: Trust, main: Table, tables: [string, string, Table][], planes: Plane[],
 *   counts: Counts[], inputs: [string, string][], map: { nodes: MapNode[], edges: MapEdge[] }, methods: Methods,
 *   served: boolean }} Page
 */
/**
 * @typedef {{ models: string[], benchmarks: string[], grades: string[], integrities: string[], reasons: string[],
 *   questions: string[], total: number, id: string[], model: number[], benchmark: number[], question: number[],
 *   grade: number[], integrity: number[], supported: number[], refuted: number[], claims: number[], steps: number[],
 *   tokens: number[], gain: (number | null)[], informative: (number | null)[], stating: (number | null)[],
 *   flags: number[], why: number[][], block: number[] }} Index
 */
/** @typedef {[string, string, string, string, string, string, string, number, number, number, number]} Cited */
/** @typedef {[number, string, string, string, boolean, Cited[]]} ClaimView */
/** @typedef {[[string, number][], string, string, number, number | null, number | null, number | null, string]} StepView */
/** @typedef {[string, string, boolean, boolean]} OptionView */
/**
 * @typedef {{ id: string, question: string, options: OptionView[], gold: string, answer: string,
 *   surprisal: number | null, commitsAt: number | null, contentStep: number | null, statementStep: number | null,
 *   thinkingStep: number | null, steps: StepView[], claims: ClaimView[], leftOut: number, notes: string[] }} TraceView
 */

/** @type {Page} */
export const page = JSON.parse(byId("overview").textContent || "{}");

/** @type {Promise<void>} */
const parsed = new Promise((done) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => done(), { once: true });
  else done();
});

/** @type {Map<string, Promise<any>>} */
const kept = new Map();

/**
 * What is worked out once and kept.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} make
 * @returns {Promise<T>}
 */
function once(name, make) {
  const found = kept.get(name);
  if (found) return found;
  const made = make();
  kept.set(name, made);
  made.catch(() => kept.delete(name));
  return made;
}

/**
 * JSON that was compressed and put into an element in base64.
 * @param {string} id
 */
async function inflated(id) {
  await parsed;
  const text = atob(byId(id).textContent || "");
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/**
 * JSON of the page's own server.
 * @param {string} path
 */
async function asked(path) {
  const answer = await fetch(path, { credentials: "omit", referrerPolicy: "no-referrer" });
  if (!answer.ok) throw new Error(`the server answered ${answer.status} for ${path}`);
  return answer.json();
}

/**
 * The list of all traces.
 * @returns {Promise<Index>}
 */
export function loadIndex() {
  return once("index", () => (page.served ? asked("data/index") : inflated("index")));
}

/**
 * A block of traces.
 * @param {number} number
 * @returns {Promise<TraceView[]>}
 */
function loadBlock(number) {
  return once(`block-${number}`, () => (page.served ? asked(`data/block/${number}`) : inflated(`block-${number}`)));
}

/**
 * One trace by its place in the list; null where this file does not hold it.
 * @param {Index} index
 * @param {number} at
 * @returns {Promise<TraceView | null>}
 */
export async function loadTrace(index, at) {
  const number = index.block[at];
  if (number === undefined || number < 0) return null;
  const block = await loadBlock(number);
  return block.find((trace) => trace.id === index.id[at]) || null;
}

/** @type {string[] | null} */
let texts = null;

/**
 * The text of each trace and its question in small letters, by its place in the list; empty where it is not held.
 * @param {Index} index
 * @returns {Promise<string[]>}
 */
function loadTexts(index) {
  return once("texts", async () => {
    /** @type {string[]} */
    const found = new Array(index.id.length).fill("");
    const places = new Map(index.id.map((id, at) => [id, at]));
    const last = index.block.reduce((most, block) => Math.max(most, block), -1);
    for (let number = 0; number <= last; number++) {
      for (const trace of await inflated(`block-${number}`)) {
        const said = trace.steps.map((/** @type {StepView} */ step) => step[0].map(([text]) => text).join("")).join("");
        found[places.get(trace.id) ?? 0] = `${trace.question}\n${said}`.toLowerCase();
      }
    }
    texts = found;
    return found;
  });
}

/**
 * The places of the traces whose question or text holds `wanted`, whatever its case.
 * @param {Index} index
 * @param {string} wanted
 * @returns {Promise<Set<number>>}
 */
export async function searchTexts(index, wanted) {
  const small = wanted.toLowerCase();
  if (page.served) return new Set(await asked(`data/search?text=${encodeURIComponent(small)}`));
  const all = texts || (await loadTexts(index));
  const found = new Set();
  all.forEach((text, at) => text.includes(small) && found.add(at));
  return found;
}
