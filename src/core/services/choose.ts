import { byCodeUnit } from "../order.ts";
import type { Binding } from "./binding.ts";
import { admits, type BreakerConfig, circuitState, type CircuitState } from "./breaker.ts";
import { type ProviderState, stateOf } from "./provider-state.ts";

/** One agent's offer to serve, as the caller's request finds it. */
export interface Offer {
  provider: string;
  fence: string;
  binding: Binding;
  /** Its breaker's terms. */
  config: BreakerConfig;
  /** What it can do: the binding's own list, or the agent's. */
  capabilities: readonly string[];
  /** Why it cannot be selected whatever the pool knows: unreachable, or a status other than available. */
  notSelectable: { stage: "liveness" | "status"; reason: string; detail: string } | null;
}

export interface Query {
  /** undefined: global offers only */
  handler: string | undefined;
  capabilities: readonly string[];
  fallbackToGlobal: boolean;
}

/** Where the round robin of one scope and group stands: the last one served. */
export interface Position {
  priority: number;
  provider: string;
}

/** What one service's pool remembers between selections. */
export interface PoolState {
  providers: ReadonlyMap<string, ProviderState>;
  cursors: Pick<ReadonlyMap<string, Position>, "get">;
}

export const SELECTION_STAGES = [
  "handler",
  "capability",
  "liveness",
  "status",
  "health_check",
  "breaker",
  "probes",
] as const;

export interface Rejection {
  id: string;
  stage: (typeof SELECTION_STAGES)[number];
  reason: string;
  detail: string;
}

export interface Choice {
  offer: Offer;
  scope: string;
  group: number;
  strategy: "fallback" | "round_robin";
  circuitState: CircuitState;
}

export interface ProviderChoice {
  choice: Choice | null;
  /** How many providers were looked at, the chosen one included. */
  considered: number;
  /** Each provider passed over, once, with the first thing that was in the way. */
  rejected: Rejection[];
  warnings: string[];
}

/** The scope of what any handler may use. */
export const GLOBAL = "*";

export const cursorKey = (scope: string, group: number): string => `${group}\x1f${scope}`;

const compare = (a: Position, b: Position): number =>
  a.priority - b.priority || byCodeUnit(a.provider, b.provider);
export const positionOf = ({ provider, binding }: Offer): Position => ({
  priority: binding.priority,
  provider,
});

/** By place in the ring; a provider's own offers by handler, so that the order they came in decides nothing. */
export const inOrder = (a: Offer, b: Offer): number =>
  compare(positionOf(a), positionOf(b)) || byCodeUnit(a.binding.handler, b.binding.handler);

/** The offer as operators have it: what they set for this registration holds over what it registered. */
export function overridden(offer: Offer, state: ProviderState): Offer {
  const override = state.overrides[offer.binding.handler];
  return override ? { ...offer, binding: { ...offer.binding, ...override } } : offer;
}

/**
 * Chooses a provider, and says of each one passed over what was in the way. Handler-specific offers first, then global
 * ones; groups ascending; in a group by priority, then id; the first provider's strategy rules its group.
 */
export function selectProvider(
  registered: readonly Offer[],
  pool: PoolState,
  query: Query,
  now: number,
): ProviderChoice {
  const offers = registered.map((offer) => overridden(offer, stateOf(pool, offer))).toSorted(inOrder);
  const rejected = new Map<string, Rejection>();
  const warnings: string[] = [];
  const reject = (offer: Offer, why: Omit<Rejection, "id">) => {
    if (!rejected.has(offer.provider)) rejected.set(offer.provider, { id: offer.provider, ...why });
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
        const obstacle = obstacleTo(offer, stateOf(pool, offer), query, now);
        if (obstacle) {
          reject(offer, obstacle);
          continue;
        }
        rejected.delete(offer.provider);
        const { breaker } = stateOf(pool, offer);
        const choice = {
          offer,
          scope,
          group,
          strategy,
          circuitState: circuitState(breaker, offer.config, now),
        };
        return { choice, considered: rejected.size + 1, rejected: [...rejected.values()], warnings };
      }
    }
  }
  for (const offer of offers) {
    if (scopes.includes(offer.binding.handler)) continue;
    const serves =
      offer.binding.handler === GLOBAL
        ? "every handler, and fallback_to_global is false"
        : `the handler "${offer.binding.handler}" only`;
    reject(offer, { stage: "handler", reason: "other_handler", detail: `it serves ${serves}` });
  }
  return { choice: null, considered: rejected.size, rejected: [...rejected.values()], warnings };
}

function byGroup(offers: readonly Offer[]): [number, Offer[]][] {
  return [...Map.groupBy(offers, ({ binding }) => binding.priority_group)].toSorted(([a], [b]) => a - b);
}

/**
 * The ring, from the one after the last served. Found by its place, not its presence: the last served may have left. It
 * comes last itself, wherever another priority has put it since.
 */
function rotate(ring: readonly Offer[], last: Position | undefined): Offer[] {
  if (!last) return [...ring];
  const others = ring.filter(({ provider }) => provider !== last.provider);
  const itself = ring.filter(({ provider }) => provider === last.provider);
  const next = others.findIndex((offer) => compare(positionOf(offer), last) > 0);
  const first = next < 0 ? 0 : next;
  return [...others.slice(first), ...others.slice(0, first), ...itself];
}

function obstacleTo(
  offer: Offer,
  state: ProviderState,
  query: Query,
  now: number,
): Omit<Rejection, "id"> | undefined {
  const missing = query.capabilities.filter((name) => !offer.capabilities.includes(name));
  if (missing.length > 0) {
    return {
      stage: "capability",
      reason: "capability_missing",
      detail: `it does not offer ${missing.join(", ")}`,
    };
  }
  if (offer.notSelectable) return offer.notSelectable;
  if (state.failedCheck !== null) {
    return { stage: "health_check", reason: "health_check_failed", detail: state.failedCheck };
  }
  const { config } = offer;
  switch (admits(state.breaker, config, now)) {
    case "admitted":
      return undefined;
    case "open":
      return {
        stage: "breaker",
        reason: "circuit_open",
        detail: `Circuit breaker '${offer.provider}' is open, service unavailable`,
      };
    case "probing":
      return {
        stage: "probes",
        reason: "probe_budget_spent",
        detail: `it is half open, and ${config.successThreshold} probes are out`,
      };
  }
}

/** Where the cursor stands once `choice` is served; undefined where nothing rotates. */
export const cursorAfter = ({
  offer,
  scope,
  group,
  strategy,
}: Choice): [key: string, position: Position] | undefined =>
  strategy === "round_robin" ? [cursorKey(scope, group), positionOf(offer)] : undefined;
