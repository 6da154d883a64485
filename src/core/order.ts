/** Names sort by code unit everywhere. Ids are ASCII, so the orders of Redis and SQLite, by byte, are the same. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const byId = (a: { id: string }, b: { id: string }): number => byCodeUnit(a.id, b.id);

/** The order of UTF-8 bytes: what Redis and SQLite sort names by. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

// Surrogates stand for code points above 0xffff, and so come after all other code units.
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** The first `max` of `items` in an order, sorted, and those that are equal as they were given; most of many are never sorted. */
export function firstOf<T>(items: Iterable<T>, max: number, order: (a: T, b: T) => number): T[] {
  let first: T[] = [];
  let last: T | undefined;
  for (const item of items) {
    if (last !== undefined && order(item, last) >= 0) continue;
    first.push(item);
    if (first.length < 2 * max) continue;
    first = first.toSorted(order).slice(0, max);
    last = first.at(-1);
  }
  return first.toSorted(order).slice(0, max);
}
