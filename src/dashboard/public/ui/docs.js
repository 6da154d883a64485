/** Renders /openapi.json: operations by tag, to search and to link to. */
import { operationElement } from "./docs-operation.js";
import { el } from "./element.js";
import { askForKey, credentials, forgetKey } from "./key.js";

/**
 * @typedef {import("./docs-operation.js").Operation} Operation
 * @typedef {{ path: string, method: string, operation: Operation, element: HTMLElement }} Entry
 * @typedef {{ name: string, id: string, section: HTMLElement, entries: Entry[] }} Group  the operations of one tag
 * @typedef {{ info: { title: string, version: string, description: string },
 *   tags: { name: string, description: string }[],
 *   paths: Record<string, Record<string, Operation>> }} OpenApi
 */

const api = /** @type {HTMLElement} */ (document.getElementById("api"));
const form = /** @type {HTMLElement} */ (document.getElementById("key"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));

async function load() {
  const response = await fetch("/openapi.json", { headers: credentials(), cache: "no-store" });
  if (response.status === 401 || response.status === 403) {
    if (response.status === 401) forgetKey();
    form.hidden = false;
    api.hidden = true;
    return;
  }
  if (!response.ok) throw new Error(`the registry answers ${response.status}`);
  form.hidden = true;
  api.hidden = false;
  render(await response.json());
}

const open = () =>
  void load().catch((error) => {
    state.textContent = `The description of the API cannot be loaded: ${error.message}`;
  });

/** @param {OpenApi} openApi */
function render({ info, tags, paths }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = tags.flatMap((tag) => {
    const tagged = operations.filter(({ operation }) => operation.tags.includes(tag.name));
    return tagged.length > 0 ? [groupOf(tag, tagged)] : [];
  });
  const link = el("a", { href: "/openapi.json" }, "/openapi.json");
  api.replaceChildren(
    el("h1", {}, `${info.title} API `, el("small", {}, info.version)),
    el("p", { class: "quiet" }, info.description, " As a document: ", link),
    el(
      "div",
      { class: "columns docs" },
      el("div", { class: "filters" }, ...searchField(groups, operations.length), contents(groups)),
      el("div", {}, ...groups.map(({ section }) => section)),
    ),
  );
  reveal();
}

/** @type {(tag: OpenApi["tags"][number], tagged: Omit<Entry, "element">[]) => Group} */
function groupOf({ name, description }, tagged) {
  const entries = tagged.map((entry) => ({ ...entry, element: operationElement(entry) }));
  const id = `tag-${name.replaceAll(" ", "-")}`;
  const section = el(
    "section",
    { "aria-labelledby": id },
    el("h2", { id }, name),
    el("p", { class: "quiet" }, description),
    ...entries.map(({ element }) => element),
  );
  return { name, id, section, entries };
}

/** Hides the operations that lack a word of the search. @type {(groups: Group[], total: number) => HTMLElement[]} */
function searchField(groups, total) {
  const search = /** @type {HTMLInputElement} */ (
    el("input", { type: "search", id: "find", autocomplete: "off", placeholder: "Search the API" })
  );
  const found = el("p", { role: "status", class: "quiet" });
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const { section, entries } of groups) {
      for (const { path, method, operation, element } of entries) {
        const text = `${method} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase();
        element.hidden = !words.every((word) => text.includes(word));
        shown += element.hidden ? 0 : 1;
      }
      section.hidden = entries.every(({ element }) => element.hidden);
    }
    found.textContent = `${shown} of ${total} operations`;
  };
  search.addEventListener("input", filter);
  filter();
  return [el("label", { for: "find", class: "unseen" }, "Search the API"), search, found];
}

/** A link to each group, with its number of operations. @param {Group[]} groups */
function contents(groups) {
  const links = groups.map(({ name, id, entries }) =>
    el(
      "a",
      { href: `#${id}` },
      el("span", { class: "value" }, name),
      el("span", { class: "n" }, `${entries.length}`),
    ),
  );
  const list = el("ul", {}, ...links.map((link) => el("li", {}, link)));
  return el("nav", { "aria-label": "Groups", class: "facet" }, list);
}

/** Scrolls to the element that the address names, and opens it. */
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

addEventListener("hashchange", reveal);
askForKey(open);
open();
