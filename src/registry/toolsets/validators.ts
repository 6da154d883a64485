import type { FieldError } from "../../core/problem.ts";
import { Lru } from "../../core/lru.ts";
import { compile } from "../../json-schema/index.ts";
import type { JsonSchema } from "../../core/toolsets/tool.ts";
import { sha256, toHex } from "../digest.ts";

/** Characters of JSON. Compiled, each takes 20 to 110 bytes, the most in small schemas. */
const KEPT_WEIGHT_MAX = 300_000;

export const schemaHash = async (schema: JsonSchema): Promise<string> =>
  toHex(await sha256(JSON.stringify(schema)));

/**
 * Keeps compiled validators by the hash of their schema, so that namespaces and epochs with the same schema share one.
 *
 * @param weightMax  the sum of the kept schemas, in characters of JSON
 */
export function keepValidators(weightMax: number, compileSchema = compile) {
  const kept = new Lru<ReturnType<typeof compile>>(weightMax);
  /** Lists what is wrong with a value. `hash` is of the schema, which was admitted at registration. */
  const valueErrors = (schema: JsonSchema, hash: string, value: unknown): FieldError[] => {
    const known = kept.get(hash);
    if (known) return known(value);
    const validate = compileSchema(schema);
    kept.set(hash, validate, JSON.stringify(schema).length);
    return validate(value);
  };
  /** The same where the schema is not at hand; undefined if it is not kept. */
  const keptErrors = (hash: string, value: unknown): FieldError[] | undefined => kept.get(hash)?.(value);
  return { valueErrors, keptErrors };
}

export const { valueErrors, keptErrors } = keepValidators(KEPT_WEIGHT_MAX);
