import type { Place, Resource } from "./document.ts";
import { hidesSiblings, type Draft, type JsonSchemaObject } from "./draft.ts";
import { isObject } from "./json-value.ts";
import { KEYWORDS } from "./keywords.ts";
import { children } from "./nesting.ts";

/** Schemas that may apply to one value through each other (`allOf`, `$ref`, …). */
export const CHAIN_MAX = 64;

/** Keywords whose schemas apply to the same value as the schema that holds them. */
const IN_PLACE = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];

/**
 * The first schema that applies to a value only if it already applies to it, such as `{ "$ref": "#" }`, or that starts a chain
 * of more than 64 schemas for one value.
 */
export function findLoop(
  draft: Draft,
  places: ReadonlyMap<JsonSchemaObject, Place>,
  resources: Iterable<Resource>,
): Place | undefined {
  const all = [...resources];
  const heights = new Map<JsonSchemaObject, number>();
  const open = new Set<JsonSchemaObject>();
  const heightOf = (schema: JsonSchemaObject): number => {
    const known = heights.get(schema);
    if (known !== undefined) return known;
    if (open.has(schema) || open.size === CHAIN_MAX) return Infinity;
    open.add(schema);
    let height = 1;
    for (const next of appliedBeside(draft, places.get(schema)!, all)) {
      height = Math.max(height, 1 + heightOf(next));
    }
    open.delete(schema);
    heights.set(schema, height);
    return height;
  };
  for (const place of places.values()) if (heightOf(place.schema) > CHAIN_MAX) return place;
  return undefined;
}

/** The schemas that a schema applies to the value that it is applied to itself. */
function* appliedBeside(
  draft: Draft,
  { schema, references }: Place,
  resources: Resource[],
): Iterable<JsonSchemaObject> {
  for (const { target, dynamicName } of references) {
    if (typeof target === "object") yield target;
    if (dynamicName === undefined) continue;
    for (const { dynamicAnchors } of resources) {
      const other = dynamicAnchors.get(dynamicName);
      if (other) yield other;
    }
  }
  if (hidesSiblings(draft, schema)) return;
  for (const name of IN_PLACE) {
    const nesting = KEYWORDS[draft].get(name)?.nesting;
    if (!nesting || !Object.hasOwn(schema, name)) continue;
    for (const [, child] of children(nesting, schema[name])) if (isObject(child)) yield child;
  }
}
