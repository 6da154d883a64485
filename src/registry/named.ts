import type { Store } from "../store/store.ts";

/** Whether any entry is under a term, one that has lapsed and is not yet reaped included. One round trip. */
export async function isNamed(store: Store, term: string): Promise<boolean> {
  const { terms } = await store.terms({ prefix: term, after: "", limit: 1 });
  return terms[0]?.term === term;
}
