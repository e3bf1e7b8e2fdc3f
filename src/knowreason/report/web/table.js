// Tables of figures: sortable within a benchmark, each figure a link to the traces it rests on.
import { el, foreign } from "./dom.js";
import { intervalBar } from "./charts.js";

/** @typedef {import("./data.js").Table} Table */
/** @typedef {import("./data.js").Figure} Figure */
/** @typedef {import("./data.js").Group} Group */
/** @typedef {{ column: number, down: boolean }} Order */

/**
 * A table that can be sorted by each of its columns; on a narrow screen each row becomes a card.
 * @param {Table} table
 * @param {string} label
 */
export function figureTable(table, label) {
  const terms = new Map(table.terms);
  const body = el("table", { class: "figures" });
  /** @type {Order | null} */
  let order = null;
  const draw = () => {
    body.replaceChildren(el("caption", { class: "hidden" }, label), heads(), ...table.groups.map((group) => rowsOf(group, table, order)));
  };
  const heads = () => {
    const cells = table.headings.map((heading, column) => sortable(heading, column, terms.get(heading)));
    return el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Model"), ...cells));
  };
  /**
   * @param {string} heading
   * @param {number} column
   * @param {string | undefined} said
   */
  const sortable = (heading, column, said) => {
    const sorted = order && order.column === column ? order : null;
    const choose = () => {
      order = { column, down: sorted ? !sorted.down : true };
      draw();
      /** @type {HTMLElement | null} */ (body.querySelector(`th[data-column="${column}"] button`))?.focus();
    };
    return el("th", { scope: "col", "data-column": column, "aria-sort": sorted ? (sorted.down ? "descending" : "ascending") : "none" },
      el("button", { type: "button", title: said || null, click: choose }, heading, el("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (sorted.down ? " ↓" : " ↑") : "")));
  };
  draw();
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, body);
}

/**
 * @param {Group} group
 * @param {Table} table
 * @param {Order | null} order
 */
function rowsOf(group, table, order) {
  const rows = order ? [...group.rows].sort((a, b) => compared(a.figures[order.column], b.figures[order.column], order.down)) : group.rows;
  const head = el("th", { colspan: table.headings.length + 1, scope: "rowgroup" }, foreign(group.title), " ", el("span", { class: "note" }, group.note));
  return el("tbody", {}, el("tr", { class: "group" }, head), ...rows.map((row) =>
    el("tr", {}, el("th", { scope: "row" }, el("a", { href: row.link }, foreign(row.head)), el("span", { class: "note" }, row.note)),
      ...row.figures.map((figure, at) => el("td", { "data-label": table.headings[at] || "" }, shownFigure(figure))))));
}

/**
 * What is missing stands last, whichever way is sorted.
 * @param {Figure | undefined} a
 * @param {Figure | undefined} b
 * @param {boolean} down
 */
function compared(a, b, down) {
  const [one, other] = [a?.sort ?? null, b?.sort ?? null];
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return down ? other - one : one - other;
}

/**
 * @param {Figure} figure
 */
function shownFigure(figure) {
  const value = el("span", { class: figure.missing ? "missing" : "value" }, figure.value);
  return el("div", { class: "figure" },
    el("span", { class: "said" }, figure.link ? el("a", { href: figure.link, class: "evidence" }, value) : value, " ",
      figure.interval && el("span", { class: "interval" }, `[${figure.interval}]`)),
    figure.bar && intervalBar(figure.bar),
    figure.note && el("span", { class: "note" }, figure.note));
}

/**
 * What the columns say, folded away.
 * @param {Table} table
 */
export function columnTerms(table) {
  if (!table.terms.length) return null;
  return el("details", { class: "terms" }, el("summary", {}, "What the columns say"),
    el("dl", { class: "facts" }, ...table.terms.flatMap(([heading, said]) => [el("dt", {}, heading), el("dd", {}, said)])));
}
