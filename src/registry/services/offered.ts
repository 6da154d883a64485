import type { Store } from "../../store/store.ts";

/** Whether the catalogue has an agent that offers this service, one that has lapsed and is not yet reaped included. */
export async function isOffered(store: Store, service: string): Promise<boolean> {
  const term = `service:${service}`;
  const { terms } = await store.terms({ prefix: term, after: "", limit: 1 });
  return terms[0]?.term === term;
}
