import * as z from "zod";
import { allowsObjects, type JsonSchema } from "../core/toolsets/tool.ts";
import type { Era, Json } from "./protocol.ts";

const object = z.record(z.string(), z.unknown());

/**
 * A payload schema as every client takes it: one SDK refuses a whole list for a single root that does not say
 * `"type": "object"`, or a property whose schema is true or false. Arguments are always an object, so nothing is lost.
 *
 * @returns undefined for a schema that no object satisfies: the tool cannot be called over MCP
 */
export function inputSchemaOf(schema: JsonSchema): Json | undefined {
  if (!allowsObjects(schema)) return undefined;
  return schema === true ? { type: "object" } : { ...withObjectProperties(schema as Json), type: "object" };
}

/**
 * A result schema as the era has it: any schema in the modern one, in the legacy one only a root of type object.
 *
 * @returns undefined where the tool is listed without one
 */
export function outputSchemaOf(schema: JsonSchema, era: Era): Json | undefined {
  if (schema === true) return undefined;
  if (era === "legacy") {
    return schema !== false && schema["type"] === "object" ? withObjectProperties(schema) : undefined;
  }
  return schema === false ? { not: {} } : withObjectProperties(schema);
}

function withObjectProperties(schema: Json): Json {
  const properties = object.safeParse(schema["properties"]).data;
  if (!properties || !Object.values(properties).some((property) => typeof property === "boolean"))
    return schema;
  const spelled = Object.entries(properties).map(([name, property]) => [
    name,
    typeof property === "boolean" ? (property ? {} : { not: {} }) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(spelled) as Json };
}
