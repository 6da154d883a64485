import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stretched, stretchFor } from "../../src/core/stretch.ts";

describe("how many times their interval agents wait", () => {
  it.each([
    { perSecond: 0, max: 5000, stretch: 1 },
    { perSecond: 5000, max: 5000, stretch: 1 },
    { perSecond: 5001, max: 5000, stretch: 1.01 },
    { perSecond: 10_000, max: 5000, stretch: 2 },
    { perSecond: 10_000, max: 0, stretch: 1 },
  ])(
    "is $stretch where $perSecond heartbeats a second are too many for $max",
    ({ perSecond, max, stretch }) => {
      expect(stretchFor(perSecond, max)).toBe(stretch);
    },
  );

  it("brings a fleet whose TTLs allow it to what is admitted", () => {
    const fleet = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fleet, fc.integer({ min: 1, max: 20 }), (intervals, max) => {
        const sent = (stretch: number) =>
          intervals.reduce(
            (sum, intervalSeconds) => sum + 1 / stretched({ ttlSeconds: 86_400, intervalSeconds }, stretch)!,
            0,
          );
        expect(sent(stretchFor(sent(1), max))).toBeLessThanOrEqual(max * (1 + 1e-9));
      }),
    );
  });

  it("is nothing to a static entry", () => {
    expect(stretched({ ttlSeconds: 300, intervalSeconds: null }, 3)).toBeNull();
  });
});
