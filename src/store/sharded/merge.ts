/** Part of a list in order that several shards have, as one of them gives it. */
export interface Part<T> {
  items: T[];
  /** The last key examined, to go on after; null at the end. */
  next: string | null;
}

/**
 * Puts the parts of one list together. A shard that has not come to its end may have more after its `next`, so the whole goes as
 * far as the shard that came least far; what others brought beyond is read again by the next page.
 *
 * @param order  of keys
 * @param limit  how many items the whole has, at most
 */
export function merged<T>(
  parts: readonly Part<T>[],
  keyOf: (item: T) => string,
  order: (a: string, b: string) => number,
  limit: number,
): Part<T> {
  const ends = parts.flatMap(({ next }) => (next === null ? [] : [next])).toSorted(order);
  const [end = null] = ends;
  const items = parts
    .flatMap((part) => part.items)
    .filter((item) => end === null || order(keyOf(item), end) <= 0)
    .toSorted((a, b) => order(keyOf(a), keyOf(b)));
  if (items.length <= limit) return { items, next: end };
  const first = items.slice(0, limit);
  return { items: first, next: keyOf(first.at(-1)!) };
}
