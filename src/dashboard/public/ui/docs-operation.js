/** One operation of the API: its parameters, body and answers. */
import { curl } from "./docs-curl.js";
import { describe, resolved } from "./docs-schema.js";
import { el, prose } from "./element.js";

/**
 * @typedef {import("./docs-schema.js").Schema} Schema
 * @typedef {Record<string, { schema: Schema, example?: unknown }>} Content
 * @typedef {{ operationId: string, summary: string, description: string, tags: string[],
 *   parameters: { name: string, in: string, required: boolean, description: string, schema: Schema, example?: unknown }[],
 *   security?: object[],
 *   requestBody?: { required: boolean, content: Content },
 *   responses: Record<string, { description: string, content?: Content }> }} Operation
 */

/**
 * @param {{ path: string, method: string, operation: Operation }} entry
 * @param {Record<string, Schema>} schemas  the named ones
 */
export function operationElement({ path, method, operation }, schemas) {
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
  // Filled when it is first opened, so that the page renders fast: there are some fifty operations.
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
        el("pre", { tabindex: "0" }, describe(resolved(schema, schemas))),
      ]),
      el("h3", {}, "Example"),
      el("pre", { tabindex: "0" }, curl({ path, method, operation })),
      el("h3", {}, "Answers"),
      ...Object.entries(responses).map(([status, response]) => answer(status, response, schemas)),
    );
  }
  return details;
}

/** @param {Operation["parameters"]} parameters */
function parameterTable(parameters) {
  const rows = parameters.map(({ name, in: place, required, description, schema }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, name)),
      el("td", {}, required ? `${place}, required` : place),
      el("td", {}, el("code", {}, describe(schema)), el("br", {}), ...prose(description)),
    ),
  );
  return el("table", {}, el("tbody", {}, ...rows));
}

/** @type {(status: string, response: Operation["responses"][string], schemas: Record<string, Schema>) => HTMLElement} */
function answer(status, { description, content = {} }, schemas) {
  const [[type, shape] = []] = Object.entries(content);
  const title = [el("b", {}, status), " ", ...prose(description)];
  if (!shape || !type) return el("p", { class: "answer" }, ...title);
  // Refusals are all of one shape, which is among the named ones.
  if (!status.startsWith("2"))
    return el("p", { class: "answer" }, ...title, el("span", { class: "quiet" }, ` ${type}`));
  return el(
    "details",
    { class: "answer" },
    el("summary", {}, ...title),
    el("pre", { tabindex: "0" }, describe(resolved(shape.schema, schemas))),
    ...(shape.example === undefined
      ? []
      : [el("h3", {}, "Example"), el("pre", { tabindex: "0" }, JSON.stringify(shape.example, null, 2))]),
  );
}
