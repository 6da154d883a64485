import type { Json } from "./schemas.ts";

/** Texts by their field, or by their shape and field where the field alone does not say it. */
const TEXTS: Record<string, string> = {
  agent_id: "agent/scout",
  capabilities: "web_search",
  id: "agent/scout",
  name: "Scout",
  "Capability.name": "web_search",
  "Tool.name": "echo",
  "Toolset.name": "team/tools",
  "ToolsetInfo.name": "team/tools",
  provider_id: "agent/scout",
  service: "search",
  tags: "eu",
  tool: "echo",
  type: "scout",
  version: "1.0.0",
};
const INSTANT = "2026-01-01T12:00:00.000Z";

interface Shown extends Json {
  $ref?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Json[];
  oneOf?: Json[];
  type?: string | string[];
  properties?: Record<string, Json>;
  required?: string[];
  items?: Json;
  minimum?: number;
  format?: string;
}

/**
 * A value that fits the schema of an answer, to show what one looks like: the required fields, one item in each list, the
 * first of several shapes.
 *
 * @param named  the shapes that references name
 * @param field  where the value stands
 * @param shape  the named shape that has this field
 */
export function answerExample(schema: Shown, named: Json, field = "", shape = ""): unknown {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1)!;
    return answerExample(named[name] as Json, named, field, name);
  }
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [option] = schema.anyOf ?? schema.oneOf ?? [];
  if (option) return answerExample(option, named, field, shape);
  const { properties = {}, required = [], items = {}, minimum = 0 } = schema;
  switch ([schema.type].flat()[0]) {
    case "array":
      return [answerExample(items, named, field, shape)];
    case "string":
      if (schema.format === "date-time") return INSTANT;
      return TEXTS[`${shape}.${field}`] ?? TEXTS[field] ?? "…";
    case "boolean":
      return true;
    case "integer":
    case "number":
      return minimum;
    default:
      return Object.fromEntries(
        required.map((name) => [name, answerExample(properties[name]!, named, name, shape)]),
      );
  }
}
