import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compile } from "../../../src/json-schema/index.ts";
import type { JsonSchema } from "../../../src/core/toolsets/tool.ts";
import { keepValidators } from "../../../src/registry/toolsets/validators.ts";

const WEIGHT_MAX = 400;
const HEAVIEST_KEPT = 100;

/** A schema of exactly so many characters of JSON. */
const schemaOf = (name: string, weight: number): JsonSchema => {
  const bare = { title: name, type: "integer", description: "" };
  return { ...bare, description: "x".repeat(weight - JSON.stringify(bare).length) };
};

/** Uses schemas by name, and says whether each had been kept. */
function keeper() {
  let compiled = 0;
  const { valueErrors, keptErrors } = keepValidators(WEIGHT_MAX, (schema) => {
    compiled += 1;
    return compile(schema);
  });
  return {
    valueErrors,
    keptErrors,
    finds: (name: string, weight = HEAVIEST_KEPT): boolean => {
      const before = compiled;
      valueErrors(schemaOf(name, weight), name, 1);
      return compiled === before;
    },
  };
}

it("keeps what together weighs no more than the bound", () => {
  const { finds } = keeper();
  for (const name of ["a", "b", "c", "d"]) expect(finds(name)).toBe(false);
  for (const name of ["a", "b", "c", "d"]) expect(finds(name)).toBe(true);
});

it("lets the one unused for longest go first", () => {
  const { finds } = keeper();
  for (const name of ["a", "b", "c", "d"]) finds(name);
  finds("a");
  finds("e");
  for (const name of ["a", "c", "d", "e"]) expect(finds(name)).toBe(true);
  expect(finds("b")).toBe(false);
});

it("lets as many light ones go as a heavy one needs", () => {
  const { finds } = keeper();
  const light = ["a", "b", "c", "d", "e", "f", "g", "h"];
  for (const name of light) finds(name, 50);
  finds("heavy", 51);
  for (const name of light.slice(2)) expect(finds(name, 50)).toBe(true);
  expect(finds("heavy", 51)).toBe(true);
});

it("does not keep one of more than a quarter of the bound, nor lets others go for it", () => {
  const { finds } = keeper();
  for (const name of ["a", "b", "c", "d"]) finds(name);
  expect(finds("heavy", HEAVIEST_KEPT + 1)).toBe(false);
  expect(finds("heavy", HEAVIEST_KEPT + 1)).toBe(false);
  for (const name of ["a", "b", "c", "d"]) expect(finds(name)).toBe(true);
});

it("keeps the most recently used that fit, whatever the order of use", () => {
  const weights: Record<string, number> = { a: 50, b: 60, c: 70, d: 80, e: 90, f: 100, g: 100, h: 101 };
  const fits = (names: string[]) => names.reduce((sum, name) => sum + weights[name]!, 0) <= WEIGHT_MAX;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(weights)), { maxLength: 60 }), (uses) => {
      const { finds } = keeper();
      let kept: string[] = [];
      for (const name of uses) {
        expect(finds(name, weights[name])).toBe(kept.includes(name));
        if (weights[name]! > HEAVIEST_KEPT) continue;
        kept = [...kept.filter((other) => other !== name), name];
        while (!fits(kept)) kept.shift();
      }
    }),
  );
});

it("answers the same, kept or not", () => {
  const { valueErrors, keptErrors } = keeper();
  for (const weight of [HEAVIEST_KEPT, HEAVIEST_KEPT + 1]) {
    const schema = schemaOf("a", weight);
    expect(keptErrors(`${weight}`, 1)).toBeUndefined();
    for (const value of [1, "1", 1.5, null, 1, "1"]) {
      const errors = compile(schema)(value);
      expect(valueErrors(schema, `${weight}`, value)).toEqual(errors);
      expect(keptErrors(`${weight}`, value)).toEqual(weight > HEAVIEST_KEPT ? undefined : errors);
    }
  }
});
