import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byCodePoint, firstOf } from "../../src/core/order.ts";

describe("the order by code point", () => {
  it("is that of the UTF-8 bytes, whatever the text", () => {
    const utf8 = new TextEncoder();
    const hex = (text: string) =>
      Array.from(utf8.encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = [hex(a), hex(b)];
        expect(Math.sign(byCodePoint(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
      {
        examples: [
          ["\u{ffee}", "\u{1f600}"],
          ["a", "ab"],
          ["", ""],
        ],
      },
    );
  });
});

describe("the first of many", () => {
  it("are those of the whole list, sorted, equal ones as they were given", () => {
    const item = fc.record({ rank: fc.nat(5), at: fc.nat() });
    const byRank = (a: { rank: number }, b: { rank: number }) => a.rank - b.rank;
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (items, max) => {
        expect(firstOf(items, max, byRank)).toEqual(items.toSorted(byRank).slice(0, max));
      }),
    );
  });
});
