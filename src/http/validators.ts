import type { FieldError } from "../core/problem.ts";
import { compile } from "../core/tool-schema.ts";
import type { JsonSchema } from "../core/toolset.ts";
import { sha256, toHex } from "./digest.ts";

/** Characters of JSON; compiled, each takes 20 to 110 bytes, most where the schemas are smallest. */
const KEPT_WEIGHT_MAX = 300_000;

export const schemaHash = async (schema: JsonSchema): Promise<string> =>
  toHex(await sha256(JSON.stringify(schema)));

/** What is wrong with a value, by a schema that was admitted and its hash. */
type ValueErrors = (schema: JsonSchema, hash: string, value: unknown) => FieldError[];

/**
 * Keeps compiled validators by what is in them, so tenants and epochs with the same schema share one. Those unused for
 * longest go first; one of more than a quarter of the bound is not kept, since too many others would go for it.
 *
 * @param weightMax  characters of JSON that the schemas kept may have together
 */
export function keepValidators(weightMax: number, compileSchema = compile): ValueErrors {
  const kept = new Map<string, { validate: ReturnType<typeof compile>; weight: number }>();
  let total = 0;

  return (schema, hash, value) => {
    const found = kept.get(hash);
    if (found) {
      kept.delete(hash);
      kept.set(hash, found);
      return found.validate(value);
    }
    const validate = compileSchema(schema);
    const weight = JSON.stringify(schema).length;
    if (weight <= weightMax / 4) {
      kept.set(hash, { validate, weight });
      total += weight;
      for (const [oldest, { weight: freed }] of kept) {
        if (total <= weightMax) break;
        kept.delete(oldest);
        total -= freed;
      }
    }
    return validate(value);
  };
}

export const valueErrors = keepValidators(KEPT_WEIGHT_MAX);
