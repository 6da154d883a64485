import { Validator } from "@cfworker/json-schema";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";

const aValue = fc.jsonValue({ maxDepth: 3 });
const smallValue = fc.oneof(
  fc.constantFrom(null, true, 0, 1, 2.5, "", "a", "abc"),
  fc.array(fc.constantFrom(0, 1, "a"), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom(0, 1, "a", null), { noNullPrototype: true }),
);
const count = fc.nat({ max: 3 });

/** Well-formed schemas that use most of the language, over values as small as those above. */
const { aSchema } = fc.letrec<{ aSchema: JsonSchema }>((tie) => {
  const sub = tie("aSchema");
  const list = fc.array(sub, { minLength: 1, maxLength: 3 });
  const map = fc.dictionary(fc.constantFrom("a", "b", "c"), sub, { noNullPrototype: true, maxKeys: 2 });
  const record = fc.record(
    {
      type: fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object"),
      enum: fc.array(smallValue, { maxLength: 3 }),
      minimum: count,
      exclusiveMaximum: count,
      multipleOf: fc.constantFrom(0.5, 1, 2),
      minLength: count,
      pattern: fc.constantFrom("^a", "b$", "^[abc]*$"),
      minItems: count,
      uniqueItems: fc.boolean(),
      items: sub,
      prefixItems: list,
      contains: sub,
      minContains: count,
      maxContains: count,
      required: fc.subarray(["a", "b"]),
      properties: map,
      patternProperties: fc.dictionary(fc.constantFrom("^a", "[bc]"), sub, {
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
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  const few = record.chain((whole) =>
    fc
      .subarray(Object.entries(whole), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries) as JsonSchema),
  );
  return { aSchema: fc.oneof({ maxDepth: 3, depthSize: "small" }, fc.boolean(), few) };
});

it("agrees with @cfworker/json-schema on random schemas and values", () => {
  fc.assert(
    fc.property(aSchema, smallValue, (schema, value) => {
      expect(schemaErrors(schema)).toEqual([]);
      const theirs = new Validator(schema, "2020-12").validate(value);
      expect(compile(schema)(value).length === 0).toBe(theirs.valid);
    }),
    { numRuns: 2000 },
  );
});

it("never throws, and answers the same twice, for any schema and value", () => {
  const keyword = fc.constantFrom(
    ..."$ref $id $anchor $schema $dynamicRef $defs type enum const pattern patternProperties properties items".split(
      " ",
    ),
    ..."prefixItems contains allOf not if dependentSchemas dependencies required __proto__ multipleOf maxLength".split(
      " ",
    ),
  );
  const anything = fc.oneof(
    aValue,
    fc.dictionary(keyword, fc.oneof(aValue, fc.constantFrom("#", "#/$defs", "(a+)+", "^a"), aSchema), {
      noNullPrototype: true,
    }),
    fc.anything(),
  );
  fc.assert(
    fc.property(anything, fc.oneof(aValue, fc.anything()), (schema, value) => {
      const errors = schemaErrors(schema);
      expect(schemaErrors(schema)).toEqual(errors);
      const validate = compile(schema as JsonSchema);
      const answer = validate(value);
      expect(validate(value)).toEqual(answer);
      expect(errors.length === 0 || answer.length === 1).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
