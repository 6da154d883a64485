import { RESORTS } from "../agents/recovering.ts";
import { byCodeUnit } from "../order.ts";
import { GLOBAL } from "./binding.ts";
import { circuitState, type CircuitState } from "./breaker.ts";
import { type Obstacle, obstacleTo } from "./obstacle.ts";
import type { Offer } from "./offers.ts";
import { type ProviderState, stateOf } from "./provider-state.ts";

/** What a caller wants of a provider. */
export interface ProviderQuery {
  /** undefined: offers to every handler only */
  handler: string | undefined;
  /** All of them are needed. */
  capabilities: readonly string[];
  /** Ids that are not to be chosen: the caller has tried them. */
  exclude: readonly string[];
  /** Whether an offer to every handler will do where none to `handler` can be selected. */
  fallbackToGlobal: boolean;
  /** Whether unreachable providers, and then lapsed ones, will do where none can be selected. */
  failOpen: boolean;
  /** How many providers are wanted: the one to use now, and those to try after it. At least 1. */
  limit: number;
}

/** Where the round robin of one scope and group stands: at the provider chosen last. */
export interface Position {
  priority: number;
  provider: string;
}

/** What one service's pool knows between selections. */
export interface PoolState {
  providers: ReadonlyMap<string, ProviderState>;
  cursors: Pick<ReadonlyMap<string, Position>, "get">;
}

/** Why a provider was passed over. */
export interface Rejection extends Obstacle {
  id: string;
}

export interface ChosenOffer {
  offer: Offer;
  /** The handler that its binding is for; "*": every one. */
  scope: string;
  group: number;
  strategy: "fallback" | "round_robin";
  circuitState: CircuitState;
  /** How often the provider's breaker has opened. */
  openings: number;
}

export interface ProviderChoice {
  /** null: no provider can be selected. */
  chosen: ChosenOffer | null;
  /** Who could be chosen after it, in that order, each provider once. */
  others: ChosenOffer[];
  /** How many providers were looked at, those that could be chosen included. */
  considered: number;
  /** Each provider passed over, once, with the first reason found. */
  rejected: Rejection[];
  warnings: string[];
  /** None could be selected: the chosen one is unreachable, or has lapsed. */
  failedOpen: boolean;
}

export const cursorKey = (scope: string, group: number): string => `${group}\x1f${scope}`;

export const positionOf = ({ provider, binding }: Offer): Position => ({
  priority: binding.priority,
  provider,
});

const compare = (a: Position, b: Position): number =>
  a.priority - b.priority || byCodeUnit(a.provider, b.provider);

/** By priority, then provider, then handler: a total order, so that the order of the entries decides nothing. */
export const inOrder = (a: Offer, b: Offer): number =>
  compare(positionOf(a), positionOf(b)) || byCodeUnit(a.binding.handler, b.binding.handler);

/** The offer with what an operator set for this registration over what it registered. */
export function overridden(offer: Offer, state: ProviderState): Offer {
  const override = state.overrides[offer.binding.handler];
  return override ? { ...offer, binding: { ...offer.binding, ...override } } : offer;
}

/**
 * Chooses a provider, and says why each other one was passed over. Lapsed ones are looked at only where no other can be
 * selected. Where the query says so, an unreachable one is chosen then, by its last report, and where there is none a lapsed
 * one, by its registration.
 */
export function selectProvider(
  registered: readonly Offer[],
  pool: PoolState,
  query: ProviderQuery,
  now: number,
): ProviderChoice {
  const offers = registered.map((offer) => overridden(offer, stateOf(pool, offer))).toSorted(inOrder);
  const isLapsed = ({ notSelectable }: Offer) => notSelectable?.reason === "lapsed";
  const choice = chooseAmong(
    offers.filter((offer) => !isLapsed(offer)),
    pool,
    query,
    now,
  );
  if (choice.chosen) return choice;
  const nobody = chooseAmong(offers, pool, query, now);
  if (!query.failOpen) return nobody;
  for (const resort of RESORTS) {
    const resorts = offers
      .filter((offer) => offer.resort === resort)
      .map((offer) => ({ ...offer, notSelectable: null }));
    const { chosen, others } = chooseAmong(resorts, pool, query, now);
    if (!chosen) continue;
    const found = new Set([chosen, ...others].map(({ offer }) => offer.provider));
    const rejected = nobody.rejected.filter(({ id }) => !found.has(id));
    return { ...nobody, chosen, others, rejected, failedOpen: true };
  }
  return nobody;
}

/**
 * Offers to the handler come first, then offers to every handler; groups ascending; in a group by priority, then provider id.
 * The first offer's strategy holds for its group.
 *
 * @param offers in order
 */
function chooseAmong(
  offers: readonly Offer[],
  pool: PoolState,
  query: ProviderQuery,
  now: number,
): ProviderChoice {
  const usable = new Map<string, ChosenOffer>();
  const rejected = new Map<string, Rejection>();
  const warnings: string[] = [];
  const reject = (offer: Offer, why: Obstacle) => {
    if (!rejected.has(offer.provider)) rejected.set(offer.provider, { id: offer.provider, ...why });
  };
  const choice = (): ProviderChoice => {
    const [chosen = null, ...others] = usable.values();
    const considered = rejected.size + usable.size;
    return { chosen, others, considered, rejected: [...rejected.values()], warnings, failedOpen: false };
  };
  const scopes =
    query.handler === undefined || query.handler === GLOBAL
      ? [GLOBAL]
      : query.fallbackToGlobal
        ? [query.handler, GLOBAL]
        : [query.handler];

  for (const scope of scopes) {
    const inScope = offers.filter(({ binding }) => binding.handler === scope);
    for (const [group, members] of byGroup(inScope)) {
      const strategy = members[0]!.binding.strategy;
      if (members.some(({ binding }) => binding.strategy !== strategy)) {
        warnings.push(`group ${group} mixes strategies; its first provider's, ${strategy}, rules`);
      }
      const ring =
        strategy === "round_robin" ? rotate(members, pool.cursors.get(cursorKey(scope, group))) : members;
      for (const offer of ring) {
        if (usable.has(offer.provider)) continue;
        const reason = whyNot(offer, stateOf(pool, offer), query, now);
        if (reason) {
          reject(offer, reason);
          continue;
        }
        rejected.delete(offer.provider);
        const { breaker } = stateOf(pool, offer);
        usable.set(offer.provider, {
          offer,
          scope,
          group,
          strategy,
          circuitState: circuitState(breaker, offer.config, now),
          openings: breaker.openings,
        });
        if (usable.size === query.limit) return choice();
      }
    }
  }
  if (usable.size > 0) return choice();
  for (const offer of offers) {
    if (scopes.includes(offer.binding.handler)) continue;
    const serves =
      offer.binding.handler === GLOBAL
        ? "every handler, and fallback_to_global is false"
        : `the handler "${offer.binding.handler}" only`;
    reject(offer, { stage: "handler", reason: "other_handler", detail: `it serves ${serves}` });
  }
  return choice();
}

function byGroup(offers: readonly Offer[]): [number, Offer[]][] {
  return [...Map.groupBy(offers, ({ binding }) => binding.priority_group)].toSorted(([a], [b]) => a - b);
}

/**
 * Starts after the position chosen last, compared by priority and id because that provider may be gone. If it is still
 * there it comes last, even if its priority changed.
 */
function rotate(ring: readonly Offer[], last: Position | undefined): Offer[] {
  if (!last) return [...ring];
  const others = ring.filter(({ provider }) => provider !== last.provider);
  const lastChosen = ring.filter(({ provider }) => provider === last.provider);
  const next = others.findIndex((offer) => compare(positionOf(offer), last) > 0);
  const first = next < 0 ? 0 : next;
  return [...others.slice(first), ...others.slice(0, first), ...lastChosen];
}

/** Why a provider cannot be chosen for `query` at `now`; undefined when it can. */
function whyNot(offer: Offer, state: ProviderState, query: ProviderQuery, now: number): Obstacle | undefined {
  if (query.exclude.includes(offer.provider)) {
    return { stage: "caller", reason: "excluded", detail: "the caller excludes it" };
  }
  const missing = query.capabilities.filter((name) => !offer.capabilities.includes(name));
  if (missing.length === 0) return obstacleTo(offer, state, now);
  return {
    stage: "capability",
    reason: "capability_missing",
    detail: `it does not offer ${missing.join(", ")}`,
  };
}

/** Where the round robin stands after `chosen`; undefined under the fallback strategy. */
export const cursorAfter = ({
  offer,
  scope,
  group,
  strategy,
}: ChosenOffer): [key: string, position: Position] | undefined =>
  strategy === "round_robin" ? [cursorKey(scope, group), positionOf(offer)] : undefined;
