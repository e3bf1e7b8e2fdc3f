// Which page is shown, and what frames every page: navigation, focus, light and dark, print.
import { byId, el } from "./dom.js";
import { page } from "./data.js";
import { parseRoute } from "./route.js";
import { verdictPage } from "./verdict.js";
import { mapPage } from "./map.js";
import { tracePage } from "./trace.js";
import { pairPage } from "./pair.js";
import { findPage } from "./find.js";
import { methodsPage } from "./methods.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {(route: Route) => Child[] | Promise<Child[]>} Draw */

/** @type {{ [name: string]: { title: string, draw: Draw, listed: boolean } }} */
const PAGES = {
  "": { title: "Verdict", draw: verdictPage, listed: true },
  map: { title: "Map", draw: mapPage, listed: true },
  find: { title: "Find", draw: findPage, listed: true },
  trace: { title: "Trace", draw: tracePage, listed: false },
  pair: { title: "Two traces", draw: pairPage, listed: true },
  methods: { title: "Methods", draw: methodsPage, listed: true },
};

let drawn = 0;
let shownPath = "";

/**
 * Draws the page that the address names; an older one that is still being read is not shown any more.
 * @param {boolean} first
 */
async function show(first) {
  const route = parseRoute(location.hash);
  const known = PAGES[route.name] || PAGES[""];
  if (!known) return;
  const turn = ++drawn;
  const path = `${route.name}/${route.rest}`;
  const same = path === shownPath;
  navigate(route.name);
  /** @type {Child[]} */
  let parts;
  try {
    parts = await known.draw(route);
  } catch (error) {
    parts = [el("h1", {}, "This cannot be shown"), el("p", { class: "lead" }, error instanceof Error ? error.message : String(error))];
  }
  if (turn !== drawn) return;
  place(parts, same, first);
  shownPath = path;
  document.title = `${known.title} · ${page.title} · knowreason`;
}

/**
 * @param {Child[]} parts
 * @param {boolean} same
 * @param {boolean} first
 */
function place(parts, same, first) {
  const main = byId("main");
  const focused = document.activeElement;
  const again = same && focused ? focusKey(focused) : "";
  const cursor = focused instanceof HTMLInputElement ? focused.selectionStart : null;
  const kept = parts.flat().filter((part) => part !== null && part !== undefined && part !== false);
  main.replaceChildren(...kept.map((part) => (part instanceof Node ? part : String(part))));
  if (again) {
    const found = /** @type {HTMLElement | null} */ (main.querySelector(again));
    found?.focus({ preventScroll: true });
    if (found instanceof HTMLInputElement && cursor !== null) found.setSelectionRange(cursor, cursor);
  } else if (!first) main.focus({ preventScroll: true });
  if (!same && !first) scrollTo(0, 0);
}

/**
 * How to find the focused control again after the page was drawn anew.
 * @param {Element} focused
 */
function focusKey(focused) {
  if (focused.id) return `#${CSS.escape(focused.id)}`;
  const node = focused.getAttribute("data-node");
  return node ? `[data-node="${CSS.escape(node)}"]` : "";
}

/**
 * @param {string} name
 */
function navigate(name) {
  const listed = Object.entries(PAGES).filter(([key, one]) => one.listed || key === name);
  byId("nav").replaceChildren(...listed.map(([key, one]) => el("a", { href: key === "trace" ? location.hash : `#/${key}`, "aria-current": key === name ? "page" : null }, one.title)));
}

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

/**
 * What was chosen before, where the browser keeps anything for this page.
 */
function chosenTheme() {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem("knowreason-theme")) || "auto";
  } catch {
    return "auto";
  }
}

/**
 * @param {(typeof THEMES)[number]} theme
 */
function setTheme(theme) {
  document.documentElement.setAttribute("data-theme", theme);
  byId("theme").textContent = `Theme: ${theme}`;
  try {
    localStorage.setItem("knowreason-theme", theme);
  } catch {
    // a page opened from disk may not be allowed to keep anything: the choice then lasts as long as the page
  }
}

/** What is folded away is printed too, and folded again afterwards. */
function unfoldForPrint() {
  /** @type {HTMLDetailsElement[]} */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((one) => one instanceof HTMLDetailsElement);
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
}

setTheme(chosenTheme());
byId("theme").addEventListener("click", () => {
  const now = THEMES.findIndex((theme) => theme === document.documentElement.getAttribute("data-theme"));
  setTheme(THEMES[(now + 1) % THEMES.length] || "auto");
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", () => show(false));
unfoldForPrint();
show(true);
