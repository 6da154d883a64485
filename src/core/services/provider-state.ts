import type { Binding } from "./binding.ts";
import {
  afterOutcome,
  type Breaker,
  type BreakerConfig,
  circuitState,
  closedBreaker,
  sendProbe,
  type CallReport,
} from "./breaker.ts";

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

/** One registration of a provider: breakers, probes and overrides end with it. */
export interface ProviderRef {
  provider: string;
  fence: string;
}

export const providerKey = ({ provider, fence }: ProviderRef): string => `${provider}\x1f${fence}`;

const NEVER_HEARD_OF: ProviderState = {
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
export const stateOf = (
  { providers }: { providers: ReadonlyMap<string, ProviderState> },
  provider: ProviderRef,
): ProviderState => providers.get(providerKey(provider)) ?? NEVER_HEARD_OF;

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
  report: CallReport & { latencyMs: number | undefined; error: string | undefined },
  now: number,
): ProviderState {
  const { totals } = state;
  const breaker = afterOutcome(state.breaker, config, report, now);
  const changed = circuitState(breaker, config, now) !== circuitState(state.breaker, config, now);
  const { latencyMs } = report;
  const mean = totals.latencyMs;
  return {
    ...state,
    breaker,
    totals: {
      ...totals,
      successes: totals.successes + (report.success ? 1 : 0),
      failures: totals.failures + (report.success ? 0 : 1),
      lastFailureAt: report.success ? totals.lastFailureAt : now,
      lastError: report.success ? totals.lastError : (report.error ?? null),
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
  const report = { success: false, selectionId: undefined, latencyMs: undefined, error: failure };
  return { ...afterReport(state, config, report, now), failedCheck: failure };
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
