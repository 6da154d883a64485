/** JSON Schemas, written for a reader. */

/**
 * @typedef {{ type?: string | string[], enum?: unknown[], const?: unknown, format?: string, default?: unknown,
 *   description?: string, $ref?: string, items?: Schema, properties?: Record<string, Schema>, required?: string[],
 *   additionalProperties?: Schema | boolean, anyOf?: Schema[], oneOf?: Schema[], allOf?: Schema[], minimum?: number,
 *   maximum?: number, minLength?: number, maxLength?: number, maxItems?: number, pattern?: string }} Schema
 */

const nameIn = (/** @type {string} */ reference) => reference.split("/").at(-1) ?? "";

/** What a reference refers to; its parts are still shown by name. @type {(schema: Schema, named: Record<string, Schema>) => Schema} */
export const resolved = (schema, named) => (schema.$ref && named[nameIn(schema.$ref)]) || schema;

/**
 * A schema in the notation of TypeScript: one line where JSON Schema takes ten.
 *
 * @type {(schema: Schema, indent?: string) => string}
 */
export function describe(schema, indent = "") {
  if (schema.$ref) return nameIn(schema.$ref);
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

/** What TypeScript has no notation for, as a trailing comment. @param {Schema} schema */
function remarks({ default: preset, minimum, maximum, minLength, maxLength, maxItems, format, description }) {
  const notes = [
    format,
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER && `≥ ${minimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `≤ ${maximum}`,
    maxLength !== undefined && `${minLength ?? 0} to ${maxLength} characters`,
    maxItems !== undefined && `≤ ${maxItems} items`,
    preset !== undefined && `default ${JSON.stringify(preset)}`,
    description,
  ].filter(Boolean);
  return notes.length > 0 ? `  // ${notes.join(", ")}` : "";
}
