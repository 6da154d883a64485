import { Validator } from "@cfworker/json-schema";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";
import { schemasWith, smallValue } from "./random-schemas.ts";

const aValue = fc.jsonValue({ maxDepth: 3 });
const aSchema = schemasWith(fc.constantFrom("^a", "b$", "^[abc]*$"), fc.constantFrom("^a", "[bc]"));

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
