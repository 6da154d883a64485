import { circuitState } from "../../core/services/breaker.ts";
import type { Entry } from "../../core/entry.ts";
import { offersOf } from "../../core/services/offers.ts";
import { inOrder, type Offer, overridden } from "../../core/services/choose.ts";
import type { ProviderState } from "../../core/services/provider-state.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Store } from "../../store/store.ts";
import { walk } from "../../store/walk.ts";

/** One live provider's offer of one service, as operators have it, and what its pool knows. */
export interface FleetMember {
  service: string;
  offer: Offer;
  state: ProviderState;
  circuit: "closed" | "open" | "half_open";
  metadata: Record<string, unknown>;
}

/** Everything on offer, by service, then in selection order; of one service when it is named. */
export async function serviceFleet(
  { store, pool, now }: { store: Store; pool: (service: string) => Pool; now: number },
  only: string | undefined,
): Promise<FleetMember[]> {
  const entries: Entry[] = [];
  for await (const page of walk(store, "agent", [only === undefined ? "service" : `service:${only}`], now))
    entries.push(...page);
  const offered = entries.flatMap(({ document }) =>
    document.registration.services.map(({ service }) => service),
  );
  const services = only === undefined ? [...new Set(offered)].toSorted() : [only];
  const members = await Promise.all(services.map((service) => fleetOf(entries, service, pool(service), now)));
  return members.flat();
}

/** Those among `entries` who offer one service, in selection order. */
export async function fleetOf(
  entries: readonly Entry[],
  service: string,
  pool: Pool,
  now: number,
): Promise<FleetMember[]> {
  const offers = offersOf(entries, service, now);
  if (offers.length === 0) return [];
  const metadata = new Map(
    entries.map(({ document }) => [document.registration.id, document.registration.metadata]),
  );
  const states = await pool.describe(offers);
  return offers
    .map((registered, i): FleetMember => {
      const state = states[i]!;
      const offer = overridden(registered, state);
      const circuit = circuitState(state.breaker, offer.config, now);
      return { service, offer, state, circuit, metadata: metadata.get(offer.provider) ?? {} };
    })
    .toSorted(bySelectionOrder);
}

function bySelectionOrder({ offer: a }: FleetMember, { offer: b }: FleetMember): number {
  return a.binding.priority_group - b.binding.priority_group || inOrder(a, b);
}
