// The first page: answers first, then how far to trust them, then the figures.
import { el, foreign } from "./dom.js";
import { capital, counted, percent } from "./words.js";
import { page } from "./data.js";
import { placeOf } from "./route.js";
import { planeChart, stateSign } from "./charts.js";
import { columnTerms, figureTable } from "./table.js";

/** @typedef {import("./data.js").Verdict} Verdict */
/** @typedef {import("./data.js").Reliable} Reliable */
/** @typedef {import("./data.js").Plane} Plane */

/**
 * The page of verdicts.
 */
export function verdictPage() {
  if (page.empty) {
    return [el("h1", {}, page.title), el("p", { class: "lead" }, "The run holds no traces. Nothing was measured, so there is nothing to conclude."), inputs()];
  }
  return [
    el("div", { class: "title" }, el("h1", {}, page.title), el("p", { class: "lead" }, page.subtitle)),
    el("section", { class: "verdicts", "aria-label": "Verdicts" }, ...page.verdicts.map(verdictCard)),
    page.advice.length > 0 && el("ul", { class: "advice" }, ...page.advice.map(([said, command]) => el("li", {}, said, command && " ", command && el("code", {}, command)))),
    trustBox(),
    el("h2", { id: "figures" }, "Models and benchmarks"),
    el("p", { class: "lead" }, "Each figure with its 95% interval: the mark is the estimate, the band the interval. Click a heading to sort, a figure to see the traces it rests on."),
    el("div", { class: "card" }, figureTable(page.main, "Models and benchmarks")),
    columnTerms(page.main),
    ...planeSection(),
    el("h2", { id: "counts" }, "What was read, and what could not be measured"),
    countsSection(),
    inputs(),
    el("h2", { id: "all" }, "Every measure"),
    ...page.tables.map(([title, said, table]) => el("details", { class: "every card" }, el("summary", {}, title), el("p", { class: "lead" }, said), figureTable(table, title), columnTerms(table))),
  ];
}

/**
 * @param {Verdict} verdict
 */
function verdictCard(verdict) {
  const [first, ...more] = verdict.sentences;
  const answered = verdict.outcome !== "";
  return el("article", { class: answered ? `card verdict state-${verdict.state}` : "card verdict" },
    el("h2", {}, foreign(verdict.question)),
    answered && el("p", { class: `outcome state-${verdict.state}` }, stateSign(verdict.state), capital(verdict.outcome)),
    verdict.answers.length > 0 && el("ul", { class: "answers" }, ...verdict.answers.map(([state, about, said, doubt]) =>
      el("li", {}, stateSign(state), el("span", {}, el("b", {}, foreign(about)), about ? ": " : "", said), doubt && el("span", { class: "note" }, doubt)))),
    first && el("p", { class: "first" }, first), ...more.map((said) => el("p", {}, said)),
    el("p", { class: "more" }, el("a", { href: verdict.link }, answered ? "The evidence, in full sentences" : "The traces")));
}

/**
 * How far to trust the figures: drawn, not only said.
 */
function trustBox() {
  const { level, headline, measured, notes } = page.trust;
  return el("section", { class: `trust level-${level}`, "aria-labelledby": "trust" },
    el("h2", { id: "trust" }, el("span", { class: "flag", "aria-hidden": "true" }, level === "fair" ? "i" : "!"), "How far to trust this"),
    el("p", { class: "headline" }, headline),
    measured.length > 0 && el("div", { class: "tests" }, ...measured.map(reliabilityChart)),
    el("ul", { class: "plain" }, ...notes.map((note) => el("li", {}, note))),
    el("p", {}, el("a", { href: placeOf("methods") }, "All limits and definitions")));
}

/**
 * What the verifier called the true and the false claims of one test.
 * @param {Reliable} test
 */
function reliabilityChart(test) {
  return el("figure", { class: "reliability" },
    el("figcaption", {}, capital(test.claims), el("span", { class: "note" }, ` AUROC ${test.auroc.toFixed(2)}, where 0.50 is chance`)),
    calls(counted(test.true, "true claim"), test.trueSupported, test.trueRefuted),
    calls(counted(test.false, "false claim"), test.falseSupported, test.falseRefuted));
}

/**
 * @param {string} name
 * @param {number} supported
 * @param {number} refuted
 */
function calls(name, supported, refuted) {
  const shares = [
    ["supported", "✓", supported],
    ["open", "?", Math.max(0, 1 - supported - refuted)],
    ["refuted", "✗", refuted],
  ];
  const bar = el("span", { class: "stack", "aria-hidden": "true" });
  for (const [kind, sign, share] of shares) {
    const part = el("span", { class: `call-${kind}` }, Number(share) >= 0.1 ? `${sign} ${percent(Number(share))}` : "");
    part.style.setProperty("--share", String(share));
    bar.append(part);
  }
  const said = `${percent(supported)} called supported, ${percent(Math.max(0, 1 - supported - refuted))} left open, ${percent(refuted)} refuted`;
  return el("div", { class: "calls" }, el("span", { class: "name" }, name), bar, el("span", { class: "note" }, said));
}

function planeSection() {
  const drawn = page.planes.filter((plane) => plane.points.length > 0);
  const lost = page.planes.filter((plane) => plane.points.length === 0);
  const commitment = page.gainMeans === "commitment";
  return [
    el("h2", { id: "plane" }, commitment ? "Knowledge and commitment" : "Knowledge and reasoning"),
    el("p", { class: "lead" }, commitment
      ? "Each model by the claims that hold and by how far it settles on the right answer. The built-in observer reads commitment, so this plane says nothing about how well a model reasons."
      : "Each model by the claims that hold and by its informative gain. Arrows lead from a model to those tuned from it."),
    drawn.length > 0 && el("div", { class: "planes" }, ...drawn.map(planeCard)),
    lost.length > 0 && el("p", { class: "note" }, `Not drawn, for nothing could be measured on both axes: ${lost.map((plane) => plane.title).join(", ")}.`),
  ];
}

/**
 * @param {Plane} plane
 */
function planeCard(plane) {
  return el("figure", { class: "card plane-card" }, el("figcaption", {}, foreign(plane.title)), planeChart(plane),
    el("p", { class: "note" }, plane.note),
    plane.leftOut.length > 0 && el("p", { class: "note" }, `Not drawn: ${plane.leftOut.join("; ")}.`));
}

function countsSection() {
  return el("div", { class: "counts" }, ...page.counts.map((group) => el("section", { class: "card" }, el("h3", {}, group.title),
    el("ul", {}, ...group.rows.map((row) => el("li", {}, el("a", { href: row.link }, el("b", {}, row.count.toLocaleString("en")), el("span", {}, row.said))))))));
}

function inputs() {
  if (!page.inputs.length) return null;
  return el("dl", { class: "facts card" }, ...page.inputs.flatMap(([what, said]) => [el("dt", {}, what), el("dd", {}, said)]));
}
