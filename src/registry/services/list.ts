import type { Namespace } from "../namespace.ts";

const SERVICE = "service:";

export interface ServicePage {
  /** `providers`: agents that offer it, lapsed ones included. */
  services: { name: string; providers: number }[];
  /** The name to go on after; null at the end. */
  next: string | null;
}

/**
 * Services whose names begin with `prefix`, in the order of their UTF-8 bytes. At most two round trips, whatever the registry
 * holds.
 *
 * @param query `after`: start after this name, "" from the beginning; `limit`: at most 1,000
 * @throws {Problem} `store_unavailable`
 */
export async function listServices(
  { store }: Namespace,
  { prefix, after, limit }: { prefix: string; after: string; limit: number },
): Promise<ServicePage> {
  const page = await store.terms({ prefix: SERVICE + prefix, after: after && SERVICE + after, limit });
  const services = page.terms.map(({ term, entries }) => ({
    name: term.slice(SERVICE.length),
    providers: entries,
  }));
  return { services, next: page.next === null ? null : page.next.slice(SERVICE.length) };
}
