import type { Entry, Kind } from "../core/entry.ts";
import type { Page, Store } from "./store.ts";

/** How large a walk's pages are. */
export interface PageSizes {
  /** Entries in the first page. Each one after it is twice as large, up to `most`. */
  first: number;
  most: number;
  /** A page ends once its documents have so many characters; a page of a store has a bound of its own, too. */
  chars?: number;
}

const LARGE: PageSizes = { first: 5000, most: 5000 };

/**
 * For a walk over a whole fleet that may soon have enough: a few entries can be very large, and an isolate that takes a page
 * apart answers nobody else meanwhile. Of ordinary agents a page has about as many characters at `most`.
 */
export const SMALL: PageSizes = { first: 25, most: 500, chars: 125_000 };

/**
 * Every entry of a kind under all of `terms`, in id order, one page per round trip, until the consumer stops.
 *
 * @param start the id to start after; "" from the beginning
 */
export async function* walk<K extends Kind>(
  store: Store,
  kind: K,
  terms: readonly string[],
  now: number,
  { first, most, ...bound } = LARGE,
  start = "",
): AsyncGenerator<Entry<K>[]> {
  let after: string | null = start;
  for (let limit = first; after !== null; limit = Math.min(2 * limit, most)) {
    const page: Page<K> = await store.page({ kind, terms, after, limit, ...bound }, now);
    yield page.entries;
    after = page.next;
  }
}
