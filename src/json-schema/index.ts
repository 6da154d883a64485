import type { Fault, JsonSchema } from "./draft.ts";
import { Evaluation } from "./evaluation.ts";
import { readSchema } from "./reader.ts";

export type { Fault, JsonSchema } from "./draft.ts";
export { canonical, JSON_DEPTH_MAX } from "./json-value.ts";

/** Units that one value may take: about 20 ms, some thousand times what a usual tool call needs. */
const WORK_MAX = 1_000_000;

/**
 * What is wrong with a schema (`errors`; empty when it can be used), and what works with limits (`warnings`): patterns that a
 * backtracking engine may not match in linear time, which are only tried on texts up to a length.
 *
 * Reads drafts 4, 7, 2019-09 and 2020-12, by `$schema`; 2020-12 without one. Takes bounded time for any input.
 *
 * @returns at most 20 of each, with RFC 6901 pointers into the schema
 */
export function inspectSchema(schema: unknown): { errors: Fault[]; warnings: Fault[] } {
  const read = readSchema(schema);
  return { errors: "errors" in read ? read.errors : [], warnings: read.warnings };
}

/** The errors of `inspectSchema`. */
export const schemaErrors = (schema: unknown): Fault[] => inspectSchema(schema).errors;

/**
 * Makes a validator of a schema. If the schema has faults, the validator rejects every value.
 *
 * A validator never throws, and takes bounded time for any value: when the budget is used up, the value is invalid. Schemas are
 * interpreted, because Workers do not run generated code. The interpreter is our own, because others have no budget: a long
 * string under many keywords, or a large array under `uniqueItems`, takes them seconds.
 *
 * - `format`, `content*` and `default` are annotations; they never make a value invalid
 * - references are resolved within the document; nothing is fetched
 * - a string that is too long for a pattern is invalid where that pattern applies
 *
 * @param work  units that one value may take, default 1,000,000; a unit is about 20 ns
 * @returns a function from a value to its faults: at most 20, with RFC 6901 pointers into the value
 */
export function compile(schema: JsonSchema, work: number = WORK_MAX): (value: unknown) => Fault[] {
  const read = readSchema(schema);
  if ("errors" in read) {
    return () => [{ pointer: "", detail: "cannot be validated: the schema is not usable" }];
  }
  const evaluation = new Evaluation(read.document, work);
  return (value) => evaluation.validate(value);
}
