import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byCodePoint } from "../../src/core/order.ts";

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
