import * as z from "zod";
import { fieldErrors } from "../../core/check.ts";
import { inOlderWords, olderWord, type OlderWordFound } from "../../core/older-words.ts";
import { type FieldError, invalid, pointerTo, type Problem } from "../../core/problem.ts";

/**
 * Query parameters, checked by a schema's fields. A parameter may repeat if its field is an array. Unknown ones are refused
 * with a list of the known ones, unless `ignoreUnknown`. Words of older systems are taken for ours (core/older-words.ts).
 *
 * @param search  what comes after the question mark
 * @returns or the Problem `invalid_request`
 */
export function checkQuery<T>(
  schema: z.ZodType<T> | undefined,
  search: string,
  ignoreUnknown = false,
): T | Problem {
  if (search === "" && !schema) return undefined as T;
  const params = new URLSearchParams(search);
  const shape = shapeOf(schema);
  const known = Object.keys(shape);
  const errors: FieldError[] = [];
  const raw: Record<string, unknown> = {};
  const found: OlderWordFound[] = [];
  for (const sent of new Set(params.keys())) {
    const values = params.getAll(sent);
    const word = Object.hasOwn(shape, sent) ? undefined : olderWord(sent);
    const name = word && !params.has(word.ours) ? word.ours : sent;
    if (!Object.hasOwn(shape, name)) {
      if (ignoreUnknown) continue;
      const list = known.length > 0 ? `the known ones are ${known.join(", ")}` : "this route takes none";
      errors.push({ pointer: pointerTo([sent]), detail: `unknown parameter; ${list}` });
      continue;
    }
    if (word) found.push({ path: [], theirs: sent, word, doubled: false });
    if (mayRepeat(shape[name]!)) raw[name] = values;
    else if (values.length > 1) errors.push({ pointer: pointerTo([sent]), detail: "given more than once" });
    else raw[name] = values[0];
  }
  const parsed = schema?.safeParse(raw);
  if (parsed && !parsed.success) errors.push(...inOlderWords(fieldErrors(parsed.error.issues), found));
  if (errors.length > 0) return invalid(errors);
  return parsed?.data as T;
}

/** The schema of each known parameter. */
export const shapeOf = (schema: z.ZodType | undefined): Record<string, z.ZodType> =>
  schema instanceof z.ZodObject ? schema.shape : {};

function mayRepeat(type: z.ZodType): boolean {
  let inner: unknown = type;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap();
  return inner instanceof z.ZodArray;
}

/** Schemas of parameters. They arrive as text; `meta` gives the OpenAPI document the type that the text stands for. */
export const param = {
  integer: (min: number, max: number) =>
    z
      .string()
      .regex(/^\d{1,15}$/, "must be a whole number")
      .transform(Number)
      .pipe(z.number().min(min).max(max))
      .meta({ type: "integer", minimum: min, maximum: max, pattern: undefined }),
  number: (min: number, max: number) =>
    z
      .string()
      .regex(/^\d{1,12}(\.\d{1,12})?$/, "must be a plain decimal number")
      .transform(Number)
      .pipe(z.number().min(min).max(max))
      .meta({ type: "number", minimum: min, maximum: max, pattern: undefined }),
  flag: () => z.enum(["true", "false"]).default("false"),
};
