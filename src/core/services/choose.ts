import type { Binding } from "../agents/agent.ts";
import {
  admits,
  afterOutcome,
  type Breaker,
  type BreakerConfig,
  circuitState,
  type CircuitState,
  closedBreaker,
  type Outcome,
  sendProbe,
} from "./breaker.ts";
import { byCodeUnit } from "../order.ts";

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
  unfit: { stage: "liveness" | "status"; reason: string; detail: string } | null;
}

export interface Query {
  /** undefined: global offers only */
  handler: string | undefined;
  capabilities: readonly string[];
  fallbackToGlobal: boolean;
}

/** What an operator set for one binding of the current registration, over what it registered. */
export interface Override {
  priority: number;
  priority_group: number;
  strategy: Binding["strategy"];
}

/** What the pool knows of one registration of one provider. */
export interface ProviderState {
  breaker: Breaker;
  /** Why its last health check failed; null when it passed, or none was made. */
  failedCheck: string | null;
  /** by handler */
  overrides: Record<string, Override>;
  totals: Totals;
}

export interface Totals {
  successes: number;
  failures: number;
  /** ms since the Unix epoch */
  lastFailureAt: number | null;
  /** What the last failure said of itself. */
  lastError: string | null;
  /** exponentially weighted mean of what was reported */
  latencyMs: number | null;
  stateChanges: number;
  recoveryAttempts: number;
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

export const STAGES = [
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
  stage: (typeof STAGES)[number];
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

export interface Selection {
  choice: Choice | null;
  /** How many providers were looked at, the chosen one included. */
  considered: number;
  /** Each provider passed over, once, with the first thing that was in the way. */
  rejected: Rejection[];
  warnings: string[];
}

/** The scope of what any handler may use. */
export const GLOBAL = "*";

export const providerKey = ({ provider, fence }: { provider: string; fence: string }): string =>
  `${provider}\x1f${fence}`;
export const cursorKey = (scope: string, group: number): string => `${group}\x1f${scope}`;

export function breakerConfig(binding: Binding | undefined): BreakerConfig {
  const config = binding?.circuit_breaker;
  return {
    failureThreshold: config?.failure_threshold ?? 5,
    recoveryTimeoutMs: (config?.recovery_timeout ?? 60) * 1000,
    successThreshold: config?.success_threshold ?? 3,
    timeoutMs: (config?.timeout_duration ?? 30) * 1000,
  };
}

const newcomer: ProviderState = {
  breaker: closedBreaker(),
  failedCheck: null,
  overrides: {},
  totals: {
    successes: 0,
    failures: 0,
    lastFailureAt: null,
    lastError: null,
    latencyMs: null,
    stateChanges: 0,
    recoveryAttempts: 0,
  },
};
export const stateOf = (pool: PoolState, offer: { provider: string; fence: string }): ProviderState =>
  pool.providers.get(providerKey(offer)) ?? newcomer;

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
): Selection {
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
  if (offer.unfit) return offer.unfit;
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

/** The provider once a call was handed to it: a half-open breaker counts a probe. */
export function afterServing(
  state: ProviderState,
  config: BreakerConfig,
  selectionId: string,
  now: number,
): ProviderState {
  const breaker = sendProbe(state.breaker, config, selectionId, now);
  if (breaker === state.breaker) return state;
  const first = state.breaker.probes.length === 0 && state.breaker.successes === 0;
  const { totals } = state;
  return {
    ...state,
    breaker,
    totals: first
      ? { ...totals, recoveryAttempts: totals.recoveryAttempts + 1, stateChanges: totals.stateChanges + 1 }
      : totals,
  };
}

/** How much one report moves the mean latency. */
const LATENCY_WEIGHT = 0.2;

/** The provider once a call was reported. */
export function afterReport(
  state: ProviderState,
  config: BreakerConfig,
  outcome: Outcome & { latencyMs: number | undefined; error: string | undefined },
  now: number,
): ProviderState {
  const { totals } = state;
  const breaker = afterOutcome(state.breaker, config, outcome, now);
  const changed = circuitState(breaker, config, now) !== circuitState(state.breaker, config, now);
  const { latencyMs } = outcome;
  const mean = totals.latencyMs;
  return {
    ...state,
    breaker,
    totals: {
      ...totals,
      successes: totals.successes + (outcome.success ? 1 : 0),
      failures: totals.failures + (outcome.success ? 0 : 1),
      lastFailureAt: outcome.success ? totals.lastFailureAt : now,
      lastError: outcome.success ? totals.lastError : (outcome.error ?? null),
      latencyMs:
        latencyMs === undefined
          ? mean
          : mean === null
            ? latencyMs
            : mean + LATENCY_WEIGHT * (latencyMs - mean),
      stateChanges: totals.stateChanges + (changed ? 1 : 0),
    },
  };
}

/** The provider once its health was checked: a failure is one failure more and bars it until a check passes; a pass moves no counter. */
export function afterCheck(
  state: ProviderState,
  config: BreakerConfig,
  failure: string | null,
  now: number,
): ProviderState {
  if (failure === null) return { ...state, failedCheck: null };
  const outcome = { success: false, selectionId: undefined, latencyMs: undefined, error: failure };
  return { ...afterReport(state, config, outcome, now), failedCheck: failure };
}

/** The provider once an operator closed its breaker: the past is forgotten, but for the totals. */
export function afterReset(state: ProviderState): ProviderState {
  const { breaker, totals } = state;
  const stateChanges = totals.stateChanges + (breaker.openedAt === null ? 0 : 1);
  return {
    ...state,
    breaker: closedBreaker(),
    totals: { ...totals, lastFailureAt: null, lastError: null, stateChanges },
  };
}
