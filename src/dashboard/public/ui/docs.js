/** Renders /openapi.json: operations by tag, to search and to link to. */
import { operationElement } from "./docs-operation.js";
import { describe } from "./docs-schema.js";
import { el } from "./element.js";

/**
 * @typedef {import("./docs-operation.js").Operation} Operation
 * @typedef {{ path: string, method: string, operation: Operation, element: HTMLElement }} Entry
 * @typedef {{ name: string, id: string, section: HTMLElement, entries: Entry[] }} Group  the operations of one tag
 * @typedef {{ info: { title: string, version: string, description: string },
 *   tags: { name: string, description: string }[],
 *   components: { schemas: Record<string, import("./docs-schema.js").Schema> },
 *   paths: Record<string, Record<string, Operation>> }} OpenApi
 */

const api = /** @type {HTMLElement} */ (document.getElementById("api"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));

async function load() {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`the registry answers ${response.status}`);
  render(await response.json());
}

/** @param {OpenApi} openApi */
function render({ info, tags, paths, components: { schemas } }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = tags.flatMap((tag) => {
    const tagged = operations.filter(({ operation }) => operation.tags.includes(tag.name));
    return tagged.length > 0 ? [groupOf(tag, tagged, schemas)] : [];
  });
  const link = el("a", { href: "/openapi.json" }, "/openapi.json");
  api.replaceChildren(
    el("h1", {}, `${info.title} API `, el("small", {}, info.version)),
    el("p", { class: "quiet" }, info.description, " As a document: ", link),
    el(
      "div",
      { class: "columns docs" },
      el("div", { class: "filters" }, ...searchField(groups, operations.length), contents(groups)),
      el("div", {}, ...groups.map(({ section }) => section), shapes(schemas)),
    ),
  );
  reveal();
}

/**
 * @typedef {OpenApi["components"]["schemas"]} Schemas
 * @type {(tag: OpenApi["tags"][number], tagged: Omit<Entry, "element">[], schemas: Schemas) => Group}
 */
function groupOf({ name, description }, tagged, schemas) {
  const entries = tagged.map((entry) => ({ ...entry, element: operationElement(entry, schemas) }));
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

/** What bodies and answers refer to by name. @param {Schemas} schemas */
function shapes(schemas) {
  const entries = Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return el(
    "section",
    { "aria-labelledby": "shapes" },
    el("h2", { id: "shapes" }, "Shapes"),
    ...entries.map(([name, schema]) =>
      el(
        "details",
        { id: `shape-${name}`, class: "card operation" },
        el("summary", {}, el("code", {}, name)),
        el("pre", { tabindex: "0" }, describe(schema)),
      ),
    ),
  );
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
load().catch((error) => {
  state.textContent = `The description of the API cannot be loaded: ${error.message}`;
});
