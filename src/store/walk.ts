import type { Entry, Kind } from "../core/entry.ts";
import type { Page, Store } from "./store.ts";

const PAGE_ENTRIES = 5000;

/** Every entry of a kind under all of `terms`, in id order, one page per round trip, until the consumer stops. */
export async function* walk<K extends Kind>(
  store: Store,
  kind: K,
  terms: readonly string[],
  now: number,
): AsyncGenerator<Entry<K>[]> {
  let after: string | null = "";
  while (after !== null) {
    const page: Page<K> = await store.page({ kind, terms, after, limit: PAGE_ENTRIES }, now);
    yield page.entries;
    after = page.next;
  }
}
