import type { Entry, Kind } from "../core/entry.ts";
import type { Page, PageQuery } from "./store.ts";

/** How large a walk's pages are, and whether a copy may answer, as in `PageQuery`. */
export type PageSize = Pick<PageQuery, "limit" | "chars" | "near">;

export const LARGE: PageSize = { limit: 5000 };

/**
 * For a walk over a whole fleet, which may soon have enough: a few entries can be very large, and an isolate that takes a page
 * apart answers nobody else meanwhile.
 */
export const SMALL: PageSize = { limit: 500, chars: 100_000 };

/**
 * Every entry of a kind under all of `terms`, in id order, one page per round trip, until the consumer stops.
 *
 * @param start the id to start after; "" from the beginning
 */
export async function* walk<K extends Kind>(
  store: { page(query: PageQuery<NoInfer<K>>, now: number): Promise<Page<NoInfer<K>>> },
  kind: K,
  terms: readonly string[],
  now: number,
  size = LARGE,
  start = "",
): AsyncGenerator<Entry<K>[]> {
  let after: string | null = start;
  while (after !== null) {
    const page: Page<K> = await store.page({ kind, terms, after, ...size }, now);
    yield page.entries;
    after = page.next;
  }
}
