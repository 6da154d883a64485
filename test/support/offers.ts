import { allOffersOf, type Offer } from "../../src/core/services/offers.ts";
import {
  cursorAfter,
  type PoolState,
  type Position,
  selectProvider,
  type ProviderChoice,
  type ProviderQuery,
} from "../../src/core/services/choose.ts";
import {
  type ProviderState,
  providerKey,
  stateOf,
  afterChoice,
} from "../../src/core/services/provider-state.ts";
import { entryOf } from "./entries.ts";

export const NOW = Date.UTC(2126, 0, 1);
export const ANY: ProviderQuery = {
  handler: undefined,
  capabilities: [],
  exclude: [],
  fallbackToGlobal: true,
  failOpen: false,
  limit: 1,
};

export interface OfferOptions {
  fence?: string;
  /** How long it has been silent. */
  silentMs?: number;
  lapsed?: boolean;
  /** Of the agent, not of its binding. */
  fields?: Record<string, unknown>;
}

/** What one agent offers of the service "llm": one offer per binding given. */
export function offers(
  id: string,
  bindings: Record<string, unknown>[],
  { fence = "f1", silentMs = 0, lapsed = false, fields = {} }: OfferOptions = {},
): Offer[] {
  const services = bindings.map((binding) => ({ service: "llm", ...binding }));
  const entry = entryOf({ ...fields, id, services }, NOW - silentMs, fence);
  return allOffersOf([lapsed ? { ...entry, lease: null } : entry], "llm", NOW);
}

/** An agent's only offer. */
export const offer = (id: string, binding: Record<string, unknown> = {}, options: OfferOptions = {}): Offer =>
  offers(id, [binding], options)[0]!;

export interface MemoryPool extends PoolState {
  providers: Map<string, ProviderState>;
  cursors: Map<string, Position>;
}
export const emptyPool = (): MemoryPool => ({ providers: new Map(), cursors: new Map() });

/** Changes what a pool knows of an offer's registration. */
export function setProviderState(pool: MemoryPool, of: Offer, change: Partial<ProviderState>): void {
  pool.providers.set(providerKey(of), { ...stateOf(pool, of), ...change });
}

/** Selects, and takes note of whom it served, as a pool does. */
export function serve(
  pool: MemoryPool,
  offered: readonly Offer[],
  query: ProviderQuery,
  selectionId: string,
  now: number,
): ProviderChoice {
  const selection = selectProvider(offered, pool, query, now);
  const { chosen } = selection;
  if (chosen) {
    setProviderState(
      pool,
      chosen.offer,
      afterChoice(stateOf(pool, chosen.offer), chosen.offer.config, selectionId, now),
    );
    const cursor = cursorAfter(chosen);
    if (cursor) pool.cursors.set(...cursor);
  }
  return selection;
}

/** Who is served by so many calls, one after the other. */
export const turns = (
  count: number,
  offered: readonly Offer[],
  pool: MemoryPool,
  query: Partial<ProviderQuery> = {},
) =>
  Array.from(
    { length: count },
    (_, i) => serve(pool, offered, { ...ANY, ...query }, `s${i}`, NOW).chosen?.offer.provider ?? "nobody",
  );
