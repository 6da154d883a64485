import type { FieldError } from "../core/problem.ts";
import { readSchema } from "./document.ts";
import { Evaluation } from "./evaluation.ts";
import type { JsonSchema } from "./keywords.ts";

export type { JsonSchema };

/** What one value may take: some 20 ms, and a few thousand times what an honest tool call does. */
const WORK_MAX = 1_000_000;

/**
 * Why a schema may not be admitted; empty when it may.
 *
 * Drafts 4, 7, 2019-09 and 2020-12, by `$schema`, 2020-12 without. Whatever comes in, the answer takes bounded time.
 *
 * @returns at most 20 reasons, with RFC 6901 pointers into the schema
 */
export function schemaErrors(schema: unknown): FieldError[] {
  const read = readSchema(schema);
  return "errors" in read ? read.errors : [];
}

/**
 * Makes a validator of an admitted schema.
 *
 * A validator never throws and takes bounded time, whatever the value: past its budget the value counts as invalid. It is
 * interpreted, because Workers refuse to run generated code, and by an interpreter of our own, because none that could be
 * had can be stopped: one long string under many keywords, or an array under `uniqueItems`, takes others seconds.
 *
 * - `format`, `content*` and `default` are annotations and decide nothing, as the specification has it
 * - nothing is ever fetched: a reference leads to a part of the document or the schema is not admitted
 * - strings longer than a pattern can bear are invalid where it is applied to them
 *
 * @param work  units that one value may take; a unit is some 20 ns
 * @returns a function from a value to why it is invalid: at most 20 reasons, with RFC 6901 pointers into the value
 */
export function compile(schema: JsonSchema, work: number = WORK_MAX): (value: unknown) => FieldError[] {
  const read = readSchema(schema);
  if ("errors" in read)
    return () => [{ pointer: "", detail: "cannot be validated: the schema is not usable" }];
  const evaluation = new Evaluation(read.document, work);
  return (value) => evaluation.validate(value);
}
