import { describe, expect, it } from "vitest";
import { compile } from "../../src/json-schema/index.ts";
import { times } from "./schemas.ts";

describe("the faults of a value", () => {
  it("have pointers, are at most 20, and do not repeat the value", () => {
    const validate = compile({ items: { type: "string", enum: ["x".repeat(1000)] } });
    const errors = validate(times(100, () => "y".repeat(1000)));
    expect(errors).toHaveLength(20);
    expect(errors[3]).toEqual({ pointer: "/3", detail: "must be one of the values that the schema lists" });
  });

  it("are at most 20 when an alternative of anyOf adds its own", () => {
    const all = { required: times(30, (index) => `p${index}`) };
    expect(compile({ anyOf: [{ properties: { a: all } }] })({ a: {} })).toHaveLength(20);
  });

  it("include those of the alternative that fits best", () => {
    const schema = { anyOf: [{ type: "null" }, { type: "object", properties: { n: { type: "integer" } } }] };
    expect(compile(schema)({ n: 0.5 })).toEqual([
      { pointer: "/n", detail: "must be of type integer" },
      { pointer: "", detail: "must fit one of the forms that the schema lists (anyOf)" },
    ]);
  });

  it("escape names in pointers and cut long names", () => {
    expect(compile({ additionalProperties: { type: "null" } })({ "a/b~c é": 1 })).toEqual([
      { pointer: "/a~1b~0c é", detail: "must be of type null" },
    ]);
    const long = "x".repeat(10_000);
    const errors = compile({ required: [long], additionalProperties: false })({ [`${long}y`]: 1 });
    expect(errors).toHaveLength(2);
    expect(JSON.stringify(errors).length).toBeLessThan(300);
  });
});
