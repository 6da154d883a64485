import { describe, expect, it } from "vitest";
import { compile } from "../../src/json-schema/index.ts";
import { details, members, nested, times } from "./schemas.ts";

describe("a schema over a limit is refused", () => {
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

  it("refuses a JavaScript object that contains itself", () => {
    const schema: Record<string, unknown> = { properties: {} };
    schema["not"] = schema;
    expect(details(schema)).toEqual([expect.stringContaining("levels")]);
  });

  it("the validator of a schema with faults rejects every value", () => {
    expect(compile({ $ref: "#" })(1)).toHaveLength(1);
  });
});
