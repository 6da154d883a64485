import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";
import { readPattern } from "../../src/json-schema/pattern/index.ts";
import { aPattern, aPatternOfTheWhole, aSubject, isWithinPair } from "../json-schema/random-patterns.ts";
import { schemasWith, smallValue } from "../json-schema/random-schemas.ts";
import { DRAFT_2019, DRAFT_2020, DRAFT_7 } from "../json-schema/schemas.ts";
import { runs } from "../support/seed.ts";
import { AJV_FAULTS, faultIn, THROWN } from "./ajv-faults.ts";

const OPTIONS = { strict: false, validateFormats: false, logger: false } as const;

/** Drawn in advance: drawing patterns within schemas takes minutes. */
const aUsablePattern = fc.constantFrom(
  ...fc
    .sample(fc.oneof(aPattern, aPatternOfTheWhole), 500)
    .filter((source) => typeof readPattern(source) !== "string" && !isWithinPair(source, "😀")),
);
const aSchema = schemasWith(aUsablePattern);
const aSchemaWithPatterns = fc
  .tuple(aSchema, aUsablePattern, aUsablePattern, aSchema)
  .map(([schema, pattern, name, ofNamed]): Record<string, unknown> => ({
    anyOf: [schema, { pattern }],
    patternProperties: { [name]: ofNamed },
  }))
  .filter((schema) => faultIn(schema) === undefined);

const aScalar = fc.oneof(aSubject, smallValue);
const aValue = fc.oneof(
  aScalar,
  fc.array(aScalar, { maxLength: 3 }),
  fc.dictionary(aSubject, aScalar, { noNullPrototype: true, maxKeys: 3 }),
);

/** What Ajv says; undefined if it fails in a known way. */
function verdictOf(validate: () => boolean): boolean | undefined {
  try {
    return validate();
  } catch (cause) {
    if (THROWN.some(({ message }) => message.test(String(cause)))) return undefined;
    throw cause;
  }
}

describe("agrees with Ajv on random schemas with patterns", () => {
  it.each([
    ["7", 100, DRAFT_7, new Ajv(OPTIONS)],
    ["2019-09", 100, DRAFT_2019, new Ajv2019(OPTIONS)],
    ["2020-12", 800, DRAFT_2020, new Ajv2020(OPTIONS)],
  ])("draft %s: %i schemas", (_, inCheck, $schema, ajv) => {
    fc.assert(
      fc.property(
        aSchemaWithPatterns,
        fc.array(aValue, { minLength: 10, maxLength: 10 }),
        (schema, values) => {
          const whole: JsonSchema = { $schema, ...schema };
          expect(schemaErrors(whole)).toEqual([]);
          const ours = compile(whole);
          const theirs = ajv.compile(whole);
          for (const value of values) {
            const isValid = verdictOf(() => theirs(value));
            if (isValid === undefined) continue;
            expect(ours(value).length === 0, JSON.stringify(value)).toBe(isValid);
          }
        },
      ),
      { numRuns: runs(inCheck) },
    );
  });
});

it("knows no fault of Ajv that is gone", () => {
  const isRefused = (schema: object) => {
    try {
      return !new Ajv(OPTIONS).compile(schema);
    } catch {
      return true;
    }
  };
  for (const { schema, value, message } of THROWN) {
    let thrown: unknown;
    try {
      new Ajv2020(OPTIONS).compile(schema)(value);
    } catch (cause) {
      thrown = cause;
    }
    expect(String(thrown)).toMatch(message);
  }
  expect(AJV_FAULTS).toHaveLength(4);
  expect(isRefused({ enum: [] })).toBe(true);
  expect(isRefused({ enum: [1, 1] })).toBe(true);
  expect(new Ajv2020(OPTIONS).compile({ prefixItems: [false], contains: true })([])).toBe(true);
  const inLoop = new Ajv2020(OPTIONS).compile({ additionalProperties: { contains: { type: "number" } } });
  expect([inLoop({ a: [0], b: [] }), inLoop({ b: [] })]).toEqual([true, false]);
});
