import type { FieldError } from "../../core/problem.ts";
import { Lru } from "../../core/lru.ts";
import { compile } from "../../json-schema/index.ts";
import type { JsonSchema } from "../../core/toolsets/toolset.ts";
import { sha256 } from "../digest.ts";

/** Characters of JSON; compiled, each takes 20 to 110 bytes, most where the schemas are smallest. */
const KEPT_WEIGHT_MAX = 300_000;

export const schemaHash = async (schema: JsonSchema): Promise<string> =>
  (await sha256(JSON.stringify(schema))).toHex();

/** What is wrong with a value, by a schema that was admitted and its hash. */
type ValueErrors = (schema: JsonSchema, hash: string, value: unknown) => FieldError[];

/**
 * Keeps compiled validators by what is in them, so tenants and epochs with the same schema share one.
 *
 * @param weightMax  characters of JSON that the schemas kept may have together
 */
export function keepValidators(weightMax: number, compileSchema = compile): ValueErrors {
  const kept = new Lru<ReturnType<typeof compile>>(weightMax);
  return (schema, hash, value) => {
    const known = kept.get(hash);
    if (known) return known(value);
    const validate = compileSchema(schema);
    kept.set(hash, validate, JSON.stringify(schema).length);
    return validate(value);
  };
}

export const valueErrors = keepValidators(KEPT_WEIGHT_MAX);
