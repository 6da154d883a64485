/** The value below which `share` of the sorted values lie. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

export const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  // Of an even number the upper middle alone would favour the numerator of a ratio.
  return (quantile(sorted, 0.5) + sorted[Math.ceil(sorted.length / 2) - 1]!) / 2;
}

/** The median of several measurements, with the lowest and the highest, or with an interval. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { median: median(sorted), low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN };
}

/** The ratios within each round, because other load on the machine slows both sides of one round alike. */
export const ratiosOf = (numerators: readonly number[], denominators: readonly number[]): number[] =>
  numerators.map((value, round) => value / denominators[round]!);

export const ratioOf = (numerators: readonly number[], denominators: readonly number[]): Spread =>
  spreadOf(ratiosOf(numerators, denominators));

/**
 * The median, with an interval between two order statistics that holds the true median with a probability of at least 95 %,
 * whatever the distribution. Of fewer than six values it is the whole range.
 *
 * @see Conover, "Practical Nonparametric Statistics", 3.2
 */
export function medianWithInterval(values: readonly number[]): Spread {
  const sorted = ascending(values);
  const n = sorted.length;
  // P(fewer than `rank` values lie below the median), by the binomial distribution with p = 1/2.
  let rank = 0;
  let probability = 2 ** -n;
  for (let below = probability; below <= 0.025; below += probability) {
    rank += 1;
    probability *= (n - rank + 1) / rank;
  }
  const cut = Math.max(0, rank - 1);
  return { median: median(sorted), low: sorted[cut]!, high: sorted[n - 1 - cut]! };
}
