import type { Entry } from "../../core/entry.ts";
import { byCodeUnit } from "../../core/order.ts";
import { circuitState, type CircuitState } from "../../core/services/breaker.ts";
import { inOrder, overridden } from "../../core/services/choose.ts";
import { type Obstacle, whyUnhealthy } from "../../core/services/obstacle.ts";
import { type Offer, offersOf } from "../../core/services/offers.ts";
import type { ProviderState } from "../../core/services/provider-state.ts";
import type { Pool } from "../../pool/pool.ts";
import { walk } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";

/** One live provider's offer of one service, with what operators set for it, and what the service's pool knows of it. */
export interface FleetMember {
  service: string;
  offer: Offer;
  state: ProviderState;
  circuit: CircuitState;
  /** Why it is not healthy; undefined: it is. */
  unhealthy: Obstacle | undefined;
  metadata: Record<string, unknown>;
}

/**
 * Every offer, by service, then in the order of selection. Walks all providers, and calls each service's pool once.
 *
 * @param only the service to restrict this to; undefined: all
 */
export async function readFleet(
  { store, pool }: Namespace,
  only: string | undefined,
  now: number,
): Promise<FleetMember[]> {
  const entries: Entry[] = [];
  for await (const page of walk(store, "agent", [only === undefined ? "service" : `service:${only}`], now)) {
    for (const entry of page) entries.push(entry);
  }
  const services = only === undefined ? servicesOf(entries) : [only];
  const members = await Promise.all(
    services.map((service) => readServiceFleet(pool(service), service, entries, now)),
  );
  return members.flat();
}

/**
 * The offers of one service among the first `limit` agents by id that offer it. One round trip, and one call to its pool.
 *
 * @returns `truncated`: there are more
 */
export async function readFirstOfFleet(
  { store, pool }: Namespace,
  service: string,
  limit: number,
  now: number,
): Promise<{ fleet: FleetMember[]; truncated: boolean }> {
  // One more than the limit tells whether there is more.
  const query = { kind: "agent", terms: [`service:${service}`], after: "", limit: limit + 1 } as const;
  const { entries, next } = await store.page(query, now);
  const fleet = await readServiceFleet(pool(service), service, entries.slice(0, limit), now);
  return { fleet, truncated: next !== null || entries.length > limit };
}

/** The services that any of `entries` offers, each once, in order. */
export const servicesOf = (entries: readonly Entry[]): string[] =>
  [
    ...new Set(
      entries.flatMap(({ document }) => document.registration.services.map(({ service }) => service)),
    ),
  ].toSorted(byCodeUnit);

/** The offers of one service among `entries`, in the order of selection. One call to its pool; none where nothing is offered. */
export async function readServiceFleet(
  pool: Pool,
  service: string,
  entries: readonly Entry[],
  now: number,
): Promise<FleetMember[]> {
  const offers = offersOf(entries, service, now);
  if (offers.length === 0) return [];
  const metadata = new Map(
    entries.map(({ document }) => [document.registration.id, document.registration.metadata]),
  );
  const states = await pool.describe(offers, now);
  return offers
    .map((registered, i): FleetMember => {
      const state = states[i]!;
      const offer = overridden(registered, state);
      const circuit = circuitState(state.breaker, offer.config, now);
      const unhealthy = whyUnhealthy(offer, state, now);
      return { service, offer, state, circuit, unhealthy, metadata: metadata.get(offer.provider) ?? {} };
    })
    .toSorted(bySelectionOrder);
}

function bySelectionOrder({ offer: a }: FleetMember, { offer: b }: FleetMember): number {
  return a.binding.priority_group - b.binding.priority_group || inOrder(a, b);
}
