import type { Entry } from "../core/entry.ts";
import type { Store } from "./store.ts";

const PAGE_ENTRIES = 5000;

/** Every agent under all of `terms`, in id order, a page at a time; the consumer stops when it has enough. */
export async function* walk(store: Store, terms: readonly string[], now: number): AsyncGenerator<Entry[]> {
  let after: string | null = "";
  while (after !== null) {
    const page = await store.page({ kind: "agent", terms, after, limit: PAGE_ENTRIES }, now);
    yield page.entries;
    after = page.next;
  }
}
