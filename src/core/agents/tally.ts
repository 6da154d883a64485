export const increment = <K>(counts: Map<K, number>, name: K, by = 1): Map<K, number> =>
  counts.set(name, (counts.get(name) ?? 0) + by);

export function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
