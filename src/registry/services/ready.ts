import { Problem } from "../../core/problem.ts";
import { obstacleTo } from "../../core/services/obstacle.ts";
import { type Offer, offersOf } from "../../core/services/offers.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Namespace } from "../namespace.ts";
import { PROVIDERS_MAX, readProviders } from "./providers.ts";

/** How long to wait between two looks, ms. */
const POLL_MS = 1000;
/** Where several services are waited for, so many providers of any service are read in one round trip. */
const ALL_PROVIDERS_MAX = 5 * PROVIDERS_MAX;

export interface Ready {
  /** Each service → how many selectable providers it had when it was first seen ready. */
  providers: Map<string, number>;
  waitedMs: number;
}

/**
 * Waits until each of `services` has had a provider that `resolve` could choose. Looks once a second.
 *
 * @param timeoutMs how long to wait at most; 0 looks once
 * @param now when the wait began, ms since the Unix epoch
 * @returns or the Problem `services_not_ready`, which names the missing services
 */
export async function waitUntilReady(
  namespace: Namespace,
  { services, timeoutMs }: { services: readonly string[]; timeoutMs: number },
  now: number,
): Promise<Ready | Problem> {
  const { clock, pause } = namespace;
  const deadline = now + timeoutMs;
  const providers = new Map<string, number>();
  const isMissing = (service: string) => !providers.has(service);
  for (;;) {
    const counts = await countSelectable(namespace, services.filter(isMissing), clock());
    for (const [service, count] of counts) if (count > 0) providers.set(service, count);
    const missing = services.filter(isMissing);
    const at = clock();
    if (missing.length === 0) return { providers, waitedMs: at - now };
    if (at >= deadline) {
      return new Problem("services_not_ready", `Not ready: ${missing.join(", ")}.`, { missing });
    }
    await pause(Math.min(POLL_MS, deadline - at));
  }
}

/**
 * How many selectable providers each service has. One round trip to the store, unless one page does not hold all providers,
 * and one call to each service's pool.
 */
async function countSelectable(
  { store, pool }: Namespace,
  services: readonly string[],
  now: number,
): Promise<[service: string, count: number][]> {
  const all =
    services.length > 1
      ? await store.page({ kind: "agent", terms: ["service"], after: "", limit: ALL_PROVIDERS_MAX }, now)
      : undefined;
  return Promise.all(
    services.map(async (service): Promise<[string, number]> => {
      const { entries } = all?.next === null ? all : await readProviders(store, service, now);
      return [service, await countProviders(pool(service), offersOf(entries, service, now), now)];
    }),
  );
}

/** How many providers of one service can be chosen. Calls its pool only where a provider is available. */
async function countProviders(pool: Pool, offers: readonly Offer[], now: number): Promise<number> {
  const available = offers.filter(({ notSelectable }) => notSelectable === null);
  if (available.length === 0) return 0;
  // As in resolve: where the pool cannot be reached, any provider that looks fit will do.
  const states = await pool
    .describe(
      available.map(({ provider, fence }) => ({ provider, fence })),
      now,
    )
    .catch(() => undefined);
  const selectable = states
    ? available.filter((offer, index) => !obstacleTo(offer, states[index]!, now))
    : available;
  return new Set(selectable.map(({ provider }) => provider)).size;
}
