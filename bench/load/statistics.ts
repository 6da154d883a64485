/** The value below which that share of `sorted` lies. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

export const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
export const median = (values: readonly number[]): number => quantile(ascending(values), 0.5);

/** A number that was measured several times: the median, and the lowest and highest. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { median: quantile(sorted, 0.5), low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN };
}

/** Round by round, because what else runs on the machine slows both sides of one round alike. */
export const ratioOf = (numerators: readonly number[], denominators: readonly number[]): Spread =>
  spreadOf(numerators.map((value, round) => value / denominators[round]!));
