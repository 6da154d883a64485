import type { Entry, Kind } from "../core/entry.ts";
import type { Page, Store } from "./store.ts";

const PAGE_ENTRIES = 5000;
/** The first page for a consumer that may soon have enough: a few entries can be very large. */
export const FIRST_PAGE_ENTRIES = 100;

/**
 * Every entry of a kind under all of `terms`, in id order, one page per round trip, until the consumer stops.
 *
 * @param first the size of the first page; each one after it is twice as large, for a consumer that may soon have enough
 * @param start the id to start after; "" from the beginning
 */
export async function* walk<K extends Kind>(
  store: Store,
  kind: K,
  terms: readonly string[],
  now: number,
  first = PAGE_ENTRIES,
  start = "",
): AsyncGenerator<Entry<K>[]> {
  let after: string | null = start;
  for (let limit = first; after !== null; limit = Math.min(2 * limit, PAGE_ENTRIES)) {
    const page: Page<K> = await store.page({ kind, terms, after, limit }, now);
    yield page.entries;
    after = page.next;
  }
}
