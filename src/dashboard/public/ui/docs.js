/** Renders /openapi.json: operations by tag, to search and to link to. Text goes in as text; nothing here parses markup. */
import { askForKey, credentials, forgetKey } from "./key.js";

/**
 * @typedef {{ type?: string | string[], enum?: unknown[], const?: unknown, format?: string, default?: unknown,
 *   description?: string, $ref?: string, items?: Schema, properties?: Record<string, Schema>, required?: string[],
 *   additionalProperties?: Schema | boolean, anyOf?: Schema[], oneOf?: Schema[], allOf?: Schema[], minimum?: number,
 *   maximum?: number, minLength?: number, maxLength?: number, maxItems?: number, pattern?: string }} Schema
 * @typedef {Record<string, { schema: Schema }>} Content
 * @typedef {{ operationId: string, summary: string, description: string, tags: string[],
 *   parameters: { name: string, in: string, required: boolean, schema: Schema }[],
 *   requestBody?: { required: boolean, content: Content },
 *   responses: Record<string, { description: string, content?: Content }> }} Operation
 * @typedef {{ info: { title: string, version: string, description: string },
 *   tags: { name: string, description: string }[],
 *   paths: Record<string, Record<string, Operation>> }} Document
 */

const api = /** @type {HTMLElement} */ (document.getElementById("api"));
const form = /** @type {HTMLElement} */ (document.getElementById("key"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(Node | string | false | undefined)[]} children
 */
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

/** What stands between backticks is code. @param {string} text */
const prose = (text) => text.split("`").map((part, i) => (i % 2 === 1 ? el("code", {}, part) : part));

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
    state.textContent = `The description did not come: ${error.message}`;
  });

/** @param {Document} document_ */
function render(document_) {
  const { info, tags, paths } = document_;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const search = el("input", {
    type: "search",
    id: "find",
    autocomplete: "off",
    placeholder: "Search the API",
  });
  const found = el("p", { role: "status", class: "quiet" });
  const used = tags.filter(({ name }) => operations.some(({ operation }) => operation.tags.includes(name)));
  const sections = used.map(({ name, description }) => {
    const entries = operations
      .filter(({ operation }) => operation.tags.includes(name))
      .map((entry) => ({ ...entry, element: operationElement(entry) }));
    const id = `tag-${name.replaceAll(" ", "-")}`;
    const section = el(
      "section",
      { "aria-labelledby": id },
      el("h2", { id }, name),
      el("p", { class: "quiet" }, description),
      ...entries.map(({ element }) => element),
    );
    return { name, id, section, entries };
  });
  const filter = () => {
    const words = /** @type {HTMLInputElement} */ (search).value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const { section, entries } of sections) {
      for (const { path, method, operation, element } of entries) {
        const text = `${method} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase();
        element.hidden = !words.every((word) => text.includes(word));
        shown += element.hidden ? 0 : 1;
      }
      section.hidden = entries.every(({ element }) => element.hidden);
    }
    found.textContent = `${shown} of ${operations.length} operations`;
  };
  search.addEventListener("input", filter);
  filter();
  const contents = sections.map(({ name, id, entries }) =>
    el(
      "li",
      {},
      el(
        "a",
        { href: `#${id}` },
        el("span", { class: "value" }, name),
        el("span", { class: "n" }, `${entries.length}`),
      ),
    ),
  );
  api.replaceChildren(
    el("h1", {}, `${info.title} API `, el("small", {}, info.version)),
    el(
      "p",
      { class: "quiet" },
      info.description,
      " As a document: ",
      el("a", { href: "/openapi.json" }, "/openapi.json"),
    ),
    el(
      "div",
      { class: "columns docs" },
      el(
        "div",
        { class: "filters" },
        el("label", { for: "find", class: "unseen" }, "Search the API"),
        search,
        found,
        el("nav", { "aria-label": "Groups", class: "facet" }, el("ul", {}, ...contents)),
      ),
      el("div", {}, ...sections.map(({ section }) => section)),
    ),
  );
  reveal();
}

/** Opens what the address points at. */
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

/** @param {{ path: string, method: string, operation: Operation }} entry */
function operationElement({ path, method, operation }) {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const details = el(
    "details",
    { id: operationId, class: "card operation" },
    el(
      "summary",
      {},
      el("b", { class: `method ${method}` }, method.toUpperCase()),
      " ",
      el("code", {}, path),
      " ",
      el("span", { class: "quiet" }, summary),
    ),
  );
  // Filled when it is first opened: what nobody looks at costs nothing.
  details.addEventListener("toggle", fill, { once: true });
  function fill() {
    const inputs = Object.values(requestBody?.content ?? {});
    details.append(
      el(
        "p",
        { class: "quiet" },
        ...prose(description),
        " ",
        el("a", { href: `#${operationId}` }, "Link to this"),
      ),
      ...(parameters.length > 0 ? [el("h3", {}, "Parameters"), parameterTable(parameters)] : []),
      ...inputs.flatMap(({ schema }) => [
        el("h3", {}, requestBody?.required ? "Body" : "Body, may be empty"),
        el("pre", { tabindex: "0" }, describe(schema)),
      ]),
      el("h3", {}, "Answers"),
      ...Object.entries(responses).map(([status, response]) => answer(status, response)),
    );
  }
  return details;
}

/** @param {Operation["parameters"]} parameters */
function parameterTable(parameters) {
  const rows = parameters.map(({ name, in: place, required, schema }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, name)),
      el("td", {}, required ? `${place}, required` : place),
      el("td", {}, el("code", {}, describe(schema))),
    ),
  );
  return el("table", {}, el("tbody", {}, ...rows));
}

/** @type {(status: string, response: Operation["responses"][string]) => HTMLElement} */
function answer(status, { description, content = {} }) {
  const [[type, shape] = []] = Object.entries(content);
  const title = [el("b", {}, status), " ", ...prose(description)];
  if (!shape || !type) return el("p", { class: "answer" }, ...title);
  if (shape.schema.$ref)
    return el("p", { class: "answer" }, ...title, el("span", { class: "quiet" }, ` ${type}`));
  return el(
    "details",
    { class: "answer" },
    el("summary", {}, ...title),
    el("pre", { tabindex: "0" }, describe(shape.schema)),
  );
}

/**
 * A schema in the notation of TypeScript, which says in a line what JSON Schema says in ten.
 *
 * @type {(schema: Schema, indent?: string) => string}
 */
function describe(schema, indent = "") {
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  const inner = `${indent}  `;
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map((option) => describe(option, indent)))].join(" | ");
  if (schema.allOf) return schema.allOf.map((part) => describe(part, indent)).join(" & ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  if (schema.type === "array") {
    const item = describe(schema.items ?? {}, indent);
    return / [|&] /.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
  }
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, field]) => {
      const mark = schema.required?.includes(name) ? "" : "?";
      return `${inner}${name}${mark}: ${describe(field, inner)}${remarks(field)}`;
    });
    return `{\n${fields.join("\n")}\n${indent}}`;
  }
  if (schema.type === "object") {
    const rest = schema.additionalProperties;
    return `{ [name]: ${typeof rest === "object" ? describe(rest, inner) : "any"} }`;
  }
  return schema.type ?? "any";
}

/** @param {Schema} schema */
function remarks({ default: preset, minimum, maximum, minLength, maxLength, maxItems, format, description }) {
  const told = [
    format,
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER && `≥ ${minimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `≤ ${maximum}`,
    maxLength !== undefined && `${minLength ?? 0} to ${maxLength} characters`,
    maxItems !== undefined && `≤ ${maxItems} items`,
    preset !== undefined && `default ${JSON.stringify(preset)}`,
    description,
  ].filter(Boolean);
  return told.length > 0 ? `  // ${told.join(", ")}` : "";
}

addEventListener("hashchange", reveal);
askForKey(open);
open();
