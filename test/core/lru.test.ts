import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Lru } from "../../src/core/lru.ts";

// How it forgets is tested where it is used: test/http/validators.test.ts.

it("has nothing under a key that nobody set", () => {
  expect(new Lru<number>(10).get("a")).toBeUndefined();
});

it("has what was set last under a key, and its weight alone", () => {
  const lru = new Lru<string>(8);
  for (const key of ["a", "b", "c"]) lru.set(key, key, 2);
  for (const value of ["one", "two", "three"]) lru.set("d", value, 2);
  expect(["a", "b", "c", "d"].map((key) => lru.get(key))).toEqual(["a", "b", "c", "three"]);
});

it("has nothing under a key whose new value is too heavy to keep", () => {
  const lru = new Lru<string>(8);
  lru.set("a", "light", 2);
  lru.set("a", "heavy", 3);
  expect(lru.get("a")).toBeUndefined();
});

it("never keeps more than the bound, nor anything but what was set last", () => {
  const BOUND = 40;
  const uses = fc.array(
    fc.record({
      key: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      weight: fc.nat(12),
      isRead: fc.boolean(),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(uses, (steps) => {
      const lru = new Lru<number>(BOUND);
      const last = new Map<string, { value: number; weight: number }>();
      steps.forEach(({ key, weight, isRead }, value) => {
        if (isRead) return void lru.get(key);
        lru.set(key, value, weight);
        last.set(key, { value, weight });
        let total = 0;
        for (const [each, latest] of last) {
          const found = lru.get(each);
          if (found === undefined) continue;
          expect(found).toBe(latest.value);
          total += latest.weight;
        }
        expect(total).toBeLessThanOrEqual(BOUND);
      });
    }),
  );
});
