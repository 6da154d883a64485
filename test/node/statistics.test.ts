import { expect, it } from "vitest";
import { median, medianWithInterval, ratiosOf } from "../../bench/load/statistics.ts";

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

it("takes the median half way between the two middle values, so that neither side of a ratio is favoured", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
  const before = [1, 2, 3, 4];
  const after = [2, 2, 2, 2];
  expect(median(ratiosOf(before, after))).toBe(1.25);
});

// The ranks are those of tables of the binomial distribution with p = 1/2, at 2.5 % on either side.
it.each([
  [5, 1, 5],
  [6, 1, 6],
  [9, 2, 8],
  [20, 6, 15],
  [24, 7, 18],
  [60, 22, 39],
])("holds the median of %i values at 95 %% between the order statistics %i and %i", (n, low, high) => {
  expect(medianWithInterval(upTo(n).toReversed())).toEqual({ median: (n + 1) / 2, low, high });
});
