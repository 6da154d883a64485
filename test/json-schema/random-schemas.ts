import * as fc from "fast-check";
import type { JsonSchema } from "../../src/json-schema/index.ts";

/** Values that a random schema is likely to tell apart. */
export const smallValue = fc.oneof(
  fc.constantFrom(null, true, 0, 1, 2.5, "", "a", "abc"),
  fc.array(fc.constantFrom(0, 1, "a"), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom(0, 1, "a", null), { noNullPrototype: true }),
);
const count = fc.nat({ max: 3 });

/** Well-formed schemas that use most of the language, for values as small as those above. */
export const schemasWith = (
  pattern: fc.Arbitrary<string>,
  namePattern: fc.Arbitrary<string> = pattern,
): fc.Arbitrary<JsonSchema> =>
  fc.letrec<{ aSchema: JsonSchema }>((tie) => {
    const sub = tie("aSchema");
    const list = fc.array(sub, { minLength: 1, maxLength: 3 });
    const map = fc.dictionary(fc.constantFrom("a", "b", "c"), sub, { noNullPrototype: true, maxKeys: 2 });
    const keywords: Record<string, fc.Arbitrary<unknown>> = {
      type: fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object"),
      enum: fc.array(smallValue, { maxLength: 3 }),
      minimum: count,
      exclusiveMaximum: count,
      multipleOf: fc.constantFrom(0.5, 1, 2),
      minLength: count,
      pattern,
      minItems: count,
      uniqueItems: fc.boolean(),
      items: sub,
      prefixItems: list,
      contains: sub,
      minContains: count,
      maxContains: count,
      required: fc.subarray(["a", "b"]),
      properties: map,
      patternProperties: fc.dictionary(namePattern, sub, {
        noNullPrototype: true,
        maxKeys: 2,
      }),
      additionalProperties: sub,
      propertyNames: sub,
      dependentSchemas: map,
      allOf: list,
      anyOf: list,
      oneOf: list,
      not: sub,
      if: sub,
      then: sub,
      else: sub,
    };
    const few = fc
      .subarray(Object.keys(keywords), { maxLength: 4 })
      .chain((names) =>
        fc
          .tuple(...names.map((name) => keywords[name]!))
          .map((values) => Object.fromEntries(names.map((name, at) => [name, values[at]])) as JsonSchema),
      );
    return { aSchema: fc.oneof({ maxDepth: 3, depthSize: "small" }, fc.boolean(), few) };
  }).aSchema;
