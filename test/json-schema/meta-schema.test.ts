import { describe, expect, it } from "vitest";
import { compile, schemaErrors } from "../../src/json-schema/index.ts";
import { DRAFT_2019, DRAFT_2020, DRAFT_4, DRAFT_7, members, pointers } from "./schemas.ts";

describe("a schema is refused where it breaks the meta-schema", () => {
  const everywhere: [schema: Record<string, unknown>, pointer: string][] = [
    [{ type: "text" }, "/type"],
    [{ type: [] }, "/type"],
    [{ type: ["string", "string"] }, "/type"],
    [{ type: null }, "/type"],
    [{ title: 1 }, "/title"],
    [{ description: {} }, "/description"],
    [{ $ref: 1 }, "/$ref"],
    [{ multipleOf: 0 }, "/multipleOf"],
    [{ multipleOf: "2" }, "/multipleOf"],
    [{ maximum: "2" }, "/maximum"],
    [{ minimum: null }, "/minimum"],
    [{ maxLength: -1 }, "/maxLength"],
    [{ minLength: 1.5 }, "/minLength"],
    [{ minItems: "1" }, "/minItems"],
    [{ maxProperties: true }, "/maxProperties"],
    [{ uniqueItems: 1 }, "/uniqueItems"],
    [{ pattern: 1 }, "/pattern"],
    [{ pattern: "(" }, "/pattern"],
    [{ pattern: "(a+)+$" }, "/pattern"],
    [{ patternProperties: { "(a|a)*$": {} } }, "/patternProperties"],
    [{ patternProperties: [] }, "/patternProperties"],
    [{ enum: "a" }, "/enum"],
    [{ required: "a" }, "/required"],
    [{ required: ["a", "a"] }, "/required"],
    [{ required: [1] }, "/required"],
    [{ allOf: [] }, "/allOf"],
    [{ anyOf: {} }, "/anyOf"],
    [{ oneOf: [{}, 1] }, "/oneOf/1"],
    [{ not: [] }, "/not"],
    [{ properties: [] }, "/properties"],
    [{ properties: { a: [] } }, "/properties/a"],
    [{ properties: { "a/b~c": 1 } }, "/properties/a~1b~0c"],
    [{ properties: { toString: { type: 1 } } }, "/properties/toString/type"],
    [
      JSON.parse('{"properties":{"__proto__":{"type":1}}}') as Record<string, unknown>,
      "/properties/__proto__/type",
    ],
    [{ additionalProperties: "no" }, "/additionalProperties"],
    [{ additionalProperties: [] }, "/additionalProperties"],
    [{ items: 1 }, "/items"],
    [{ items: [] }, "/items"],
    [{ format: 1 }, "/format"],
    [{ definitions: { a: 1 } }, "/definitions/a"],
    [{ dependencies: { a: 1 } }, "/dependencies/a"],
    [{ dependencies: { a: [1] } }, "/dependencies"],
  ];
  describe.each([DRAFT_4, DRAFT_7, DRAFT_2019, DRAFT_2020])("%s", ($schema) => {
    it.each(everywhere)("%j", (schema, pointer) => {
      expect(pointers({ $schema, ...schema })).toEqual([pointer]);
      expect(pointers({ $schema, allOf: [{ properties: { deep: schema } }] })).toEqual([
        `/allOf/0/properties/deep${pointer}`,
      ]);
    });
  });

  it.each<[draft: string, schema: Record<string, unknown>, pointer: string]>([
    [DRAFT_4, { required: [] }, "/required"],
    [DRAFT_4, { enum: [] }, "/enum"],
    [
      DRAFT_4,
      {
        enum: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      },
      "/enum",
    ],
    [DRAFT_4, { exclusiveMaximum: 3 }, "/exclusiveMaximum"],
    [DRAFT_4, { not: true }, "/not"],
    [DRAFT_4, { properties: { a: false } }, "/properties/a"],
    [DRAFT_4, { dependencies: { a: [] } }, "/dependencies"],
    [DRAFT_4, { id: 1 }, "/id"],
    [DRAFT_7, { exclusiveMaximum: true }, "/exclusiveMaximum"],
    [DRAFT_7, { if: 1 }, "/if"],
    [DRAFT_7, { then: [] }, "/then"],
    [DRAFT_7, { contains: null }, "/contains"],
    [DRAFT_7, { propertyNames: "a" }, "/propertyNames"],
    [DRAFT_7, { readOnly: "yes" }, "/readOnly"],
    [DRAFT_7, { examples: {} }, "/examples"],
    [DRAFT_7, { $comment: 1 }, "/$comment"],
    [DRAFT_2019, { $id: "#a" }, "/$id"],
    [DRAFT_2019, { $anchor: "#a" }, "/$anchor"],
    [DRAFT_2019, { $anchor: "_a" }, "/$anchor"],
    [DRAFT_2019, { $defs: { a: 1 } }, "/$defs/a"],
    [DRAFT_2019, { minContains: -1 }, "/minContains"],
    [DRAFT_2019, { dependentRequired: { a: "b" } }, "/dependentRequired"],
    [DRAFT_2019, { dependentSchemas: { a: [] } }, "/dependentSchemas/a"],
    [DRAFT_2019, { unevaluatedItems: 1 }, "/unevaluatedItems"],
    [DRAFT_2019, { $recursiveAnchor: "true" }, "/$recursiveAnchor"],
    [DRAFT_2019, { $vocabulary: { a: 1 } }, "/$vocabulary"],
    [DRAFT_2020, { $anchor: "a:b" }, "/$anchor"],
    [DRAFT_2020, { $dynamicAnchor: "1" }, "/$dynamicAnchor"],
    [DRAFT_2020, { items: [{}] }, "/items"],
    [DRAFT_2020, { prefixItems: {} }, "/prefixItems"],
    [DRAFT_2020, { deprecated: 1 }, "/deprecated"],
  ])("%s: %j", ($schema, schema, pointer) => {
    expect(pointers({ $schema, ...schema })).toEqual([pointer]);
  });

  it.each([[null], [1], ["{}"], [[]], [undefined]])("refuses %j, which is not a schema", (schema) => {
    expect(schemaErrors(schema)).toEqual([
      { pointer: "", detail: "A schema is an object, or true, or false." },
    ]);
  });

  it("ignores unknown keywords and keywords of other drafts", () => {
    expect(schemaErrors({ constructor: 1, __proto__x: 2, "x-ui": { type: 7, $ref: "nowhere" } })).toEqual([]);
    expect(schemaErrors({ $schema: DRAFT_4, $id: 3, const: 1, if: 3, contains: 7 })).toEqual([]);
    expect(compile({ $schema: DRAFT_4, const: 1 })(2)).toEqual([]);
  });

  it("returns at most 20 faults, with short pointers", () => {
    const long = "x".repeat(2_000);
    const errors = schemaErrors({
      properties: { ...members(30, (index) => [`p${index}`, { type: long }]), [long]: 1 },
    });
    expect(errors).toHaveLength(20);
    expect(JSON.stringify(schemaErrors({ properties: { [long]: { type: long } } })).length).toBeLessThan(
      1000,
    );
  });
});
