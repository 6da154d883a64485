/** A JSON Schema. As it arrives it is plain data; `schemaErrors` says whether it can be used. */
export type JsonSchema = boolean | JsonSchemaObject;
export type JsonSchemaObject = { readonly [keyword: string]: unknown };

/** What is wrong, and where: an RFC 6901 pointer into the schema or the value. */
export interface Fault {
  pointer: string;
  detail: string;
}

export type Draft = "4" | "7" | "2019-09" | "2020-12";

/** Accepts http and https, with and without the empty fragment: all four spellings are in use. */
const META_SCHEMA = /^https?:\/\/json-schema\.org\/(?:draft-0([47])|draft\/(2019-09|2020-12))\/schema#?$/;

/**
 * The draft that `$schema` names; undefined for any other meta-schema.
 *
 * Draft 6 is not supported. It cannot be read as draft 7: there `if`, which draft 6 ignores, has a meaning.
 */
export function draftOf(uri: unknown): Draft | undefined {
  const named = typeof uri === "string" ? META_SCHEMA.exec(uri) : null;
  return named ? ((named[1] ?? named[2]) as Draft) : undefined;
}

/** A keyword's value. Inherited properties do not count: a schema without a keyword `constructor` has none. */
export const own = (schema: JsonSchemaObject, keyword: string): unknown =>
  Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;

/** In drafts 4 and 7 a `$ref` makes the keywords beside it meaningless. */
export const hidesSiblings = (draft: Draft, schema: JsonSchemaObject): boolean =>
  (draft === "4" || draft === "7") && typeof own(schema, "$ref") === "string";
