// What every figure means, how the run was made, and how to make it again.
import { el } from "./dom.js";
import { page } from "./data.js";

/**
 * The page of methods.
 */
export function methodsPage() {
  const { definitions, rules, run, commands, citations, limits } = page.methods;
  return [
    el("div", { class: "title" }, el("h1", {}, "Methods"), el("p", { class: "lead" }, "What the figures mean, how this run was made, how to make it again, and what it cannot say.")),
    el("nav", { class: "toc", "aria-label": "On this page" }, ...["Limits", "Definitions", "This run", "Commands", "Sources"].map((name) => jump(name))),
    head("Limits"), el("ul", { class: "plain card" }, ...limits.map((note) => el("li", {}, note))),
    head("Definitions"), facts(definitions),
    el("h3", {}, "What the marks and filters mean"), facts(rules),
    head("This run"), run.length ? facts(run) : el("p", { class: "lead" }, "No manifest stands beside this run: how it was made is not known."),
    head("Commands"), el("p", { class: "lead" }, "Files are named without their folders."), el("pre", { class: "card" }, commands.join("\n")),
    head("Sources"), facts(citations),
  ];
}

/**
 * @param {string} name
 */
function anchor(name) {
  return name.toLowerCase().replace(/ /g, "-");
}

/**
 * @param {string} name
 */
function head(name) {
  return el("h2", { id: anchor(name), tabindex: -1 }, name);
}

/**
 * @param {string} name
 */
function jump(name) {
  return el("button", { type: "button", class: "link", click: () => {
    const found = document.getElementById(anchor(name));
    found?.scrollIntoView();
    found?.focus({ preventScroll: true });
  } }, name);
}

/**
 * @param {[string, string][]} rows
 */
function facts(rows) {
  return el("dl", { class: "facts card" }, ...rows.flatMap(([what, said]) => [el("dt", {}, what), el("dd", {}, said)]));
}
