import { describe, expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";

describe("property names that Object.prototype has are names like any other", () => {
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
