import { Validator } from "@cfworker/json-schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";

const DRAFT_4 = "http://json-schema.org/draft-04/schema#";
const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema";
const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";
const REMOTE = "The reference leads out of the document, and nothing is ever fetched.";
const NOWHERE = "The reference leads to no schema of the document.";
const TOO_MUCH = "takes too much work to validate";

const pointers = (schema: unknown) => schemaErrors(schema).map(({ pointer }) => pointer);
const details = (schema: unknown) => schemaErrors(schema).map(({ detail }) => detail);
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const members = <T>(count: number, make: (index: number) => [string, T]) =>
  Object.fromEntries(times(count, make));
const nested = (levels: number, wrap: (inner: unknown) => unknown, innermost: unknown): unknown => {
  let value = innermost;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};

describe("the draft is the one that $schema names", () => {
  it.each([
    [DRAFT_4],
    [DRAFT_4.replace("#", "")],
    [DRAFT_7],
    [DRAFT_7.replace("http:", "https:")],
    [DRAFT_2019],
    [`${DRAFT_2020}#`],
    [DRAFT_2020.replace("https:", "http:")],
  ])("knows %s", ($schema) => {
    expect(schemaErrors({ $schema })).toEqual([]);
  });

  it.each([
    ["http://json-schema.org/draft-06/schema#"],
    ["http://json-schema.org/draft-03/schema#"],
    ["http://json-schema.org/schema#"],
    ["https://example.com/schema"],
    ["http://json-schema.org/draft-07/schema#/definitions"],
    [7],
    [null],
  ])("refuses %s", ($schema) => {
    expect(pointers({ $schema })).toEqual(["/$schema"]);
  });

  it("takes a schema without one for 2020-12", () => {
    expect(pointers({ prefixItems: [] })).toEqual(["/prefixItems"]);
    expect(schemaErrors({ $schema: DRAFT_7, prefixItems: [] })).toEqual([]);
  });

  it("holds for the parts as well", () => {
    expect(pointers({ $defs: { a: { $id: "a", $schema: DRAFT_7 } } })).toEqual(["/$defs/a/$schema"]);
  });
});

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
    [{ pattern: "(a+)+" }, "/pattern"],
    [{ patternProperties: { "(a|b)*": {} } }, "/patternProperties"],
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

  it.each([[null], [1], ["{}"], [[]], [undefined]])("%j is no schema at all", (schema) => {
    expect(schemaErrors(schema)).toEqual([
      { pointer: "", detail: "A schema is an object, or true, or false." },
    ]);
  });

  it("leaves unknown keywords, and keywords of other drafts, alone", () => {
    expect(schemaErrors({ constructor: 1, __proto__x: 2, "x-ui": { type: 7, $ref: "nowhere" } })).toEqual([]);
    expect(schemaErrors({ $schema: DRAFT_4, $id: 3, const: 1, if: 3, contains: 7 })).toEqual([]);
    expect(compile({ $schema: DRAFT_4, const: 1 })(2)).toEqual([]);
  });

  it("names at most 20 reasons, each short", () => {
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

describe("references", () => {
  it.each<[schema: unknown, pointer: string, detail: string]>([
    [{ $ref: "https://example.com/schema" }, "/$ref", REMOTE],
    [{ properties: { a: { $ref: "other.json#/a" } } }, "/properties/a/$ref", REMOTE],
    [{ $ref: DRAFT_2020 }, "/$ref", REMOTE],
    [{ $dynamicRef: "https://example.com/#a" }, "/$dynamicRef", REMOTE],
    [{ $ref: "http://[" }, "/$ref", REMOTE],
    [{ $ref: `a${"/a".repeat(600)}` }, "/$ref", REMOTE],
    [{ $ref: "#/$defs/a" }, "/$ref", NOWHERE],
    [{ $ref: "#a" }, "/$ref", NOWHERE],
    [{ $ref: "#/constructor" }, "/$ref", NOWHERE],
    [{ $ref: "#/__proto__" }, "/$ref", NOWHERE],
    [{ allOf: [{ $ref: "#/allOf/length" }] }, "/allOf/0/$ref", NOWHERE],
    [{ $ref: "#/title", title: "a" }, "/$ref", NOWHERE],
    [{ $ref: "#%zz" }, "/$ref", "The reference's fragment is not percent-encoded."],
    [{ $schema: DRAFT_2019, $recursiveRef: "https://example.com/" }, "/$recursiveRef", REMOTE],
    [{ $id: `https://example.com/${"a".repeat(2000)}` }, "", expect.stringContaining("id") as string],
    [
      { $defs: { a: { $id: "x" }, b: { $id: "x" } } },
      "/$defs/b",
      "Two schemas of the document have the same id.",
    ],
    [
      { $defs: { a: { $anchor: "x" }, b: { $anchor: "x" } } },
      "/$defs/b",
      "Two schemas of the document have the same anchor.",
    ],
    [{ $ref: "#/x", x: { type: 1 } }, "/x/type", expect.any(String) as string],
  ])("refuses %j", (schema, pointer, detail) => {
    expect(schemaErrors(schema)).toEqual([{ pointer, detail }]);
  });

  const string = { type: "string" };
  it.each<[name: string, schema: JsonSchema]>([
    ["a pointer", { $ref: "#/$defs/a", $defs: { a: string } }],
    ["a pointer with escapes", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": string } }],
    ["a pointer to an unknown keyword", { $ref: "#/components/a", components: { a: string } }],
    ["a pointer to a name of Object's", { $ref: "#/$defs/constructor", $defs: { constructor: string } }],
    ["an anchor", { $ref: "#a", $defs: { a: { $anchor: "a", ...string } } }],
    ["an id", { $id: "https://example.com/root", $ref: "part", $defs: { a: { $id: "part", ...string } } }],
    [
      "an id that is a URN",
      {
        $id: "urn:example:root",
        $ref: "urn:example:part",
        $defs: { a: { $id: "urn:example:part", ...string } },
      },
    ],
    [
      "its own id",
      {
        $id: "https://example.com/root",
        properties: {},
        allOf: [{ $ref: "root#/$defs/a" }],
        $defs: { a: string },
      },
    ],
    ["draft 7's anchor", { $schema: DRAFT_7, $ref: "#a", definitions: { a: { $id: "#a", ...string } } }],
    ["draft 4's anchor", { $schema: DRAFT_4, $ref: "#a", definitions: { a: { id: "#a", ...string } } }],
    ["a dynamic anchor", { $dynamicRef: "#a", $defs: { a: { $dynamicAnchor: "a", ...string } } }],
  ])("follows %s", (_, schema) => {
    expect(schemaErrors(schema)).toEqual([]);
    const validate = compile(schema);
    expect(validate("text")).toEqual([]);
    expect(validate(1)).toEqual([{ pointer: "", detail: "must be of type string" }]);
  });

  it("lets a schema that the document carries along extend one that refers to itself", () => {
    const schema = {
      $id: "https://example.com/strict-tree",
      $dynamicAnchor: "node",
      $ref: "tree",
      unevaluatedProperties: false,
      $defs: {
        tree: {
          $id: "tree",
          $dynamicAnchor: "node",
          type: "object",
          properties: { data: true, children: { type: "array", items: { $dynamicRef: "#node" } } },
        },
      },
    };
    expect(schemaErrors(schema)).toEqual([]);
    expect(compile(schema)({ children: [{ data: 1 }] })).toEqual([]);
    expect(compile(schema)({ children: [{ daat: 1 }] }).map(({ pointer }) => pointer)).toEqual([
      "/children/0/daat",
    ]);
  });

  it.each<[JsonSchema]>([
    [{ $ref: "#" }],
    [{ $dynamicRef: "#a", $dynamicAnchor: "a" }],
    [{ $schema: DRAFT_2019, $recursiveRef: "#" }],
    [{ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
    [{ allOf: [{ $ref: "#" }] }],
    [{ anyOf: [{ type: "null" }, { $ref: "#" }] }],
    [{ oneOf: [{ $ref: "#" }] }],
    [{ not: { $ref: "#" } }],
    [{ if: { $ref: "#" } }],
    [{ if: true, then: { $ref: "#" } }],
    [{ if: false, else: { $ref: "#" } }],
    [{ dependentSchemas: { a: { $ref: "#" } } }],
    [{ $schema: DRAFT_7, dependencies: { a: { $ref: "#" } } }],
    [{ $defs: { unused: { $ref: "#/$defs/unused" } } }],
  ])("refuses a loop that never looks into the value: %j", (schema) => {
    expect(details(schema)).toEqual([expect.stringContaining("refers to itself")]);
  });

  it.each<[JsonSchema]>([
    [{ properties: { next: { $ref: "#" } } }],
    [{ items: { $ref: "#" } }],
    [{ additionalProperties: { $ref: "#" } }],
    [{ allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }], $defs: { a: { type: "object" } } }],
    [{ $schema: DRAFT_7, $ref: "#/definitions/a", allOf: [{ $ref: "#" }], definitions: { a: {} } }],
  ])("admits one that does, and what is only met twice: %j", (schema) => {
    expect(schemaErrors(schema)).toEqual([]);
  });
});

describe("what a hostile schema is made of is bounded", () => {
  it.each<[name: string, schema: unknown, detail: string]>([
    ["10,000 levels of properties", nested(10_000, (inner) => ({ properties: { a: inner } }), {}), "levels"],
    ["10,000 levels of lists", nested(10_000, (inner) => [inner], 1), "levels"],
    ["10,000 levels under an unknown keyword", { x: nested(10_000, (inner) => [inner], 1) }, "levels"],
    ["an enum of 1 MiB", { enum: times(100_000, (index) => `value ${index}`) }, "values and characters"],
    ["one long text", { description: "x".repeat(1_000_000) }, "values and characters"],
    ["one long name", { properties: { ["x".repeat(1_000_000)]: {} } }, "values and characters"],
    ["too many schemas", { allOf: times(5_001, () => ({})) }, "5000 schemas"],
    ["too many ids", { $defs: members(101, (index) => [`d${index}`, { $id: `i${index}` }]) }, "have an id"],
    [
      "too many patterns",
      { properties: members(101, (index) => [`p${index}`, { pattern: "a" }]) },
      "regular expressions",
    ],
    [
      "too many patterns for names",
      { patternProperties: members(101, (index) => [`p${index}`, {}]) },
      "regular expressions",
    ],
    [
      "a long chain",
      {
        $ref: "#/$defs/d0",
        $defs: { ...members(4_000, (index) => [`d${index}`, { $ref: `#/$defs/d${index + 1}` }]), d4000: {} },
      },
      "through each other",
    ],
  ])("%s", (_, schema, detail) => {
    const errors = details(schema);
    expect(errors[0]).toContain(detail);
    expect(errors.length).toBeLessThanOrEqual(20);
  });

  it("survives a schema that contains itself", () => {
    const schema: Record<string, unknown> = { properties: {} };
    schema["not"] = schema;
    expect(details(schema)).toEqual([expect.stringContaining("levels")]);
  });

  it("makes a validator of a schema that was never admitted, which lets nothing through", () => {
    expect(compile({ $ref: "#" })(1)).toHaveLength(1);
  });
});

describe("what a value may take is bounded", () => {
  const twice = (index: number) => [{ $ref: `#/$defs/a${index + 1}` }, { $ref: `#/$defs/a${index + 1}` }];
  const doubling = (keyword: string, last: JsonSchema): JsonSchema => ({
    $ref: "#/$defs/a0",
    $defs: { ...members(30, (index) => [`a${index}`, { [keyword]: twice(index) }]), a30: last },
  });
  const letters = { pattern: "^[ab]*[ab]*c$" };

  it.each<[name: string, schema: JsonSchema, value: unknown]>([
    ["allOf that doubles 30 times", doubling("allOf", true), 1],
    ["anyOf that doubles 30 times", doubling("anyOf", false), 1],
    ["oneOf that doubles 30 times", doubling("oneOf", false), 1],
    [
      "a tree that is tried in two ways at each level",
      {
        anyOf: [
          { items: { $ref: "#" }, minItems: 9 },
          { items: { $ref: "#" }, maxItems: 0 },
        ],
      },
      nested(60, (inner) => [inner], []),
    ],
    [
      "a text under thousands of lengths",
      { allOf: times(4000, (index) => ({ minLength: 150_000 + index })) },
      "é".repeat(200_000),
    ],
    [
      "objects compared with one another",
      { allOf: times(500, () => ({ uniqueItems: true })) },
      times(5000, (index) => ({ index })),
    ],
    [
      "an object compared with constants",
      { anyOf: times(3000, () => ({ const: {} })) },
      { text: "x".repeat(100_000) },
    ],
    [
      "names looked through again and again",
      { allOf: times(1000, () => ({ additionalProperties: true })) },
      members(20_000, (index) => [`p${index}`, 0]),
    ],
    [
      "names under many patterns",
      { patternProperties: members(100, (index) => [`^p${index}x`, true]) },
      members(20_000, (index) => [`p${index}`, 0]),
    ],
    [
      "items looked for again and again",
      { allOf: times(1000, () => ({ contains: { const: 1 } })) },
      times(20_000, () => 0),
    ],
    [
      "what is evaluated told upwards",
      { allOf: times(1000, () => ({ items: true })), unevaluatedItems: false },
      times(20_000, () => 0),
    ],
    [
      "names that are required",
      { items: { required: times(8000, (index) => `p${index}`) } },
      times(200, () => members(8000, (index) => [`p${index}`, 0])),
    ],
    [
      "patterns that walk the text for each character",
      { items: letters },
      times(100, () => "ab".repeat(300)),
    ],
    [
      "multiples of tiny numbers",
      { items: { allOf: times(1000, () => ({ not: { multipleOf: 3e-300 } })) } },
      times(20_000, () => 1e308),
    ],
  ])("%s", (_, schema, value) => {
    expect(schemaErrors(schema)).toEqual([]);
    expect(compile(schema)(value).map(({ detail }) => detail)).toContain(TOO_MUCH);
  });

  it("counts being stopped as invalid, even under not", () => {
    const { $ref, $defs } = doubling("allOf", true) as Record<string, unknown>;
    expect(compile({ not: { $ref }, $defs })(1)).toEqual([{ pointer: "", detail: TOO_MUCH }]);
    const { pattern } = letters;
    expect(compile({ properties: { a: { not: { pattern } } } })({ a: "a".repeat(5000) })).toEqual([
      { pointer: "/a", detail: "is longer than the 707 characters up to which its pattern is tried" },
    ]);
  });

  it.each<[name: string, schema: JsonSchema, value: unknown, units: number]>([
    ["50,000 different items", { uniqueItems: true }, times(50_000, (index) => index), 110_000],
    [
      "10,000 values against an enum of 5,000",
      { items: { enum: times(5000, (index) => index) } },
      times(10_000, () => 4999),
      60_000,
    ],
    ["a text of 200,000 characters", { type: "string", maxLength: 200_000 }, "é".repeat(200_000), 10],
    [
      "1,000 records",
      {
        items: {
          required: ["id"],
          properties: { id: { type: "string", pattern: "^[a-z]+$" }, n: { minimum: 0 } },
        },
      },
      times(1000, () => ({ id: "some", n: 3 })),
      35_000,
    ],
    [
      "a choice of 20 forms",
      { items: { oneOf: times(20, (index) => ({ properties: { kind: { const: index } } })) } },
      times(100, () => ({ kind: 19 })),
      30_000,
    ],
  ])("leaves honest use far within: %s", (_, schema, value, units) => {
    expect(compile(schema, units)(value)).toEqual([]);
    expect(compile(schema, units / 10)(value)).not.toEqual([]);
  });

  it.each<[name: string, schema: JsonSchema, value: unknown, units: number]>([
    ["listing names", { maxProperties: 20_000 }, members(20_000, (index) => [`p${index}`, 0]), 100_000],
    ["decimals", { items: { multipleOf: 1e-300 } }, times(100, () => 1e308), 9_000],
    [
      "telling upwards what was evaluated",
      { allOf: [{ items: true }], unevaluatedItems: false },
      times(10_000, () => 0),
      50_000,
    ],
    [
      "a pattern for how long it is",
      { pattern: `^a*${"[b]".repeat(300)}$` },
      "a".repeat(4000) + "b".repeat(300),
      50_000,
    ],
  ])("charges for %s", (_, schema, value, units) => {
    expect(compile(schema)(value)).toEqual([]);
    expect(compile(schema, units)(value).map(({ detail }) => detail)).toEqual([TOO_MUCH]);
  });

  it.each<[name: string, schema: JsonSchema]>([
    ["lists", { items: { $ref: "#" } }],
    ["objects", { additionalProperties: { $ref: "#" } }],
    ["constants", { const: {} }],
    ["different items", { items: { uniqueItems: true } }],
  ])("says no to 10,000 levels where it would have to follow them: %s", (_, schema) => {
    for (const wrap of [(inner: unknown) => [inner, 1], (inner: unknown) => ({ a: inner })]) {
      expect(() => compile(schema)(nested(10_000, wrap, {}))).not.toThrow();
    }
    expect(compile({ items: { $ref: "#" } })(nested(10_000, (inner) => [inner], 1))).toEqual([
      { pointer: expect.any(String) as string, detail: "is nested too deeply to validate" },
    ]);
  });

  it("tries a pattern up to the length that it bears, on names too", () => {
    const detail = "is longer than the 8192 characters up to which its pattern is tried";
    expect(compile({ pattern: "^a*$" })("a".repeat(8192))).toEqual([]);
    expect(compile({ pattern: "^a*$" })("a".repeat(8193))).toEqual([{ pointer: "", detail }]);
    expect(compile({ patternProperties: { "^a*$": true } })({ ["a".repeat(8193)]: 1 })).toEqual([
      { pointer: "", detail },
    ]);
  });
});

describe("property names that Object has as well are names like others", () => {
  const json = (text: string) => JSON.parse(text) as JsonSchema;
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])("%s", (name) => {
    const key = JSON.stringify(name);
    const own = json(`{${key}:1}`);
    const text = json(`{${key}:"text"}`);
    expect(compile({ required: [name] })({})).toHaveLength(1);
    expect(compile({ required: [name] })(own)).toEqual([]);
    for (const keyword of ["properties", "patternProperties"]) {
      const schema = json(`{"${keyword}":{${key}:{"type":"string"}}}`);
      expect(compile(schema)({})).toEqual([]);
      expect(compile(schema)(text)).toEqual([]);
      expect(compile(schema)(own)).toEqual([{ pointer: `/${name}`, detail: "must be of type string" }]);
    }
    expect(compile({ additionalProperties: false })(own)).toHaveLength(1);
    expect(compile({ unevaluatedProperties: false })(own)).toHaveLength(1);
    expect(compile(json(`{"properties":{${key}:true},"unevaluatedProperties":false}`))(own)).toEqual([]);
    expect(compile({ maxProperties: 0 })(own)).toHaveLength(1);
    expect(compile(json(`{"dependentRequired":{${key}:["x"]}}`))({})).toEqual([]);
    expect(compile(json(`{"dependentRequired":{${key}:["x"]}}`))(own)).toHaveLength(1);
    expect(compile(json(`{"const":{${key}:1}}`))(own)).toEqual([]);
    expect(compile(json(`{"const":{${key}:1}}`))({})).toHaveLength(1);
    expect(compile({ uniqueItems: true })([own, {}])).toEqual([]);
    expect(compile({ format: name })("x")).toEqual([]);
    expect(schemaErrors({ type: name })).toHaveLength(1);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("what is wrong with a value is said for whoever sent it", () => {
  it("with pointers, at most 20 times, without repeating the value", () => {
    const validate = compile({ items: { type: "string", enum: ["x".repeat(1000)] } });
    const errors = validate(times(100, () => "y".repeat(1000)));
    expect(errors).toHaveLength(20);
    expect(errors[3]).toEqual({ pointer: "/3", detail: "must be one of the values that the schema lists" });
  });

  it("with no more for being told by a form among others", () => {
    const all = { required: times(30, (index) => `p${index}`) };
    expect(compile({ anyOf: [{ properties: { a: all } }] })({ a: {} })).toHaveLength(20);
  });

  it("with the reasons of the form that fits best", () => {
    const schema = { anyOf: [{ type: "null" }, { type: "object", properties: { n: { type: "integer" } } }] };
    expect(compile(schema)({ n: 0.5 })).toEqual([
      { pointer: "/n", detail: "must be of type integer" },
      { pointer: "", detail: "must fit one of the forms that the schema lists (anyOf)" },
    ]);
  });

  it("with escapes in pointers, and no names longer than they need be", () => {
    expect(compile({ additionalProperties: { type: "null" } })({ "a/b~c é": 1 })).toEqual([
      { pointer: "/a~1b~0c é", detail: "must be of type null" },
    ]);
    const long = "x".repeat(10_000);
    const errors = compile({ required: [long], additionalProperties: false })({ [`${long}y`]: 1 });
    expect(errors).toHaveLength(2);
    expect(JSON.stringify(errors).length).toBeLessThan(300);
  });
});

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

it("agrees with another implementation", () => {
  fc.assert(
    fc.property(aSchema, smallValue, (schema, value) => {
      expect(schemaErrors(schema)).toEqual([]);
      const theirs = new Validator(schema, "2020-12").validate(value);
      expect(compile(schema)(value).length === 0).toBe(theirs.valid);
    }),
    { numRuns: 2000 },
  );
});

it("never throws, and says the same twice, whatever comes for a schema or a value", () => {
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
