import { describe, expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";
import { members, nested, times } from "./schemas.ts";

const TOO_MUCH = "takes too much work to validate";

describe("validating a value takes bounded work", () => {
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
      times(10, () => "ab".repeat(5000)),
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

  it("a value whose validation was stopped is invalid, even under not", () => {
    const { $ref, $defs } = doubling("allOf", true) as Record<string, unknown>;
    expect(compile({ not: { $ref }, $defs })(1)).toEqual([{ pointer: "", detail: TOO_MUCH }]);
    const { pattern } = letters;
    expect(compile({ properties: { a: { not: { pattern } } } })({ a: "a".repeat(50_000) })).toEqual([
      { pointer: "/a", detail: "is longer than the 41666 characters up to which its pattern is tried" },
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
  ])("usual values need little of the budget: %s", (_, schema, value, units) => {
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
    ["a pattern for how long it is", { pattern: "^[ab]*[ab]*c$" }, "a".repeat(6000) + "c", 50_000],
  ])("charges for %s", (_, schema, value, units) => {
    expect(compile(schema)(value)).toEqual([]);
    expect(compile(schema, units)(value).map(({ detail }) => detail)).toEqual([TOO_MUCH]);
  });

  it.each<[name: string, schema: JsonSchema]>([
    ["lists", { items: { $ref: "#" } }],
    ["objects", { additionalProperties: { $ref: "#" } }],
    ["constants", { const: {} }],
    ["different items", { items: { uniqueItems: true } }],
  ])("rejects a value of 10,000 levels without overflowing the stack: %s", (_, schema) => {
    for (const wrap of [(inner: unknown) => [inner, 1], (inner: unknown) => ({ a: inner })]) {
      expect(() => compile(schema)(nested(10_000, wrap, {}))).not.toThrow();
    }
    expect(compile({ items: { $ref: "#" } })(nested(10_000, (inner) => [inner], 1))).toEqual([
      { pointer: expect.any(String) as string, detail: "is nested too deeply to validate" },
    ]);
  });

  it("a text that is too long for its pattern is invalid, and so is a property name", () => {
    const detail = "is longer than the 83333 characters up to which its pattern is tried";
    expect(compile({ pattern: "a+$" })("a".repeat(83_333))).toEqual([]);
    expect(compile({ pattern: "a+$" })("a".repeat(83_334))).toEqual([{ pointer: "", detail }]);
    expect(compile({ patternProperties: { "a+$": true } })({ ["a".repeat(83_334)]: 1 })).toEqual([
      { pointer: "", detail },
    ]);
  });
});
