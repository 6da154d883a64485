import type { FieldError } from "../core/problem.ts";
import { compile } from "../core/tool-schema.ts";
import type { JsonSchema } from "../core/toolset.ts";
import { sha256, toHex } from "./digest.ts";

const KEPT_MAX = 500;
const compiled = new Map<string, ReturnType<typeof compile>>();

export const schemaHash = async (schema: JsonSchema): Promise<string> =>
  toHex(await sha256(JSON.stringify(schema)));

/**
 * What is wrong with a value, by a schema that was admitted. Compiled validators are kept by what is in them, so tenants
 * and epochs with the same schema share one; the one unused for longest goes first.
 */
export function valueErrors(schema: JsonSchema, hash: string, value: unknown): FieldError[] {
  const validate = compiled.get(hash) ?? compile(schema);
  compiled.delete(hash);
  compiled.set(hash, validate);
  if (compiled.size > KEPT_MAX) compiled.delete(compiled.keys().next().value!);
  return validate(value);
}
