import type { Binding } from "./binding.ts";
import {
  type Breaker,
  type BreakerConfig,
  circuitState,
  closed,
  closedBreaker,
  sendProbe,
  recordCall,
} from "./breaker.ts";

/** What an operator set for one binding of a registration; it holds over what was registered. */
export interface Override {
  priority: number;
  priority_group: number;
  strategy: Binding["strategy"];
}

/** What the pool knows of one registration of one provider. Instants are ms since the Unix epoch. */
export interface ProviderState {
  breaker: Breaker;
  /** Why its last health check failed; null when it passed, or none was made. */
  failedCheck: string | null;
  /** By the binding's handler. */
  overrides: Record<string, Override>;
  totals: Totals;
}

export interface Totals {
  successes: number;
  failures: number;
  lastFailureAt: number | null;
  /** The error that the last failure was reported with; null: none. */
  lastError: string | null;
  /** Exponentially weighted mean of the latencies reported; null: none was. */
  latencyMs: number | null;
  stateChanges: number;
  recoveryAttempts: number;
}

/** One registration of a provider: its breaker, probes and overrides end with it. */
export interface RegistrationRef {
  provider: string;
  fence: string;
}

/** A selection that the reporter of a call has proven. */
export interface ProvenSelection {
  id: string;
  /** The breaker's `openings` when it was made. */
  openings: number;
}

/** A finished call, as its caller reports it. */
export interface CallReport {
  success: boolean;
  /** undefined: its reporter proves none */
  selection: ProvenSelection | undefined;
  /** The reporter owns the provider, or is an admin: believed without a selection, too. */
  trusted: boolean;
  latencyMs: number | undefined;
  /** What went wrong, in the caller's words. */
  error: string | undefined;
}

export const providerKey = ({ provider, fence }: RegistrationRef): string => `${provider}\x1f${fence}`;

const UNREPORTED: ProviderState = {
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
  registration: RegistrationRef,
): ProviderState => providers.get(providerKey(registration)) ?? UNREPORTED;

/** The provider after it was chosen for a call: a half-open breaker counts a probe. */
export function afterChoice(
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

/** What a report may change. */
export type Weight = "nothing" | "totals" | "breaker";

/**
 * How much a report is believed. While the breaker is open, not at all: a late failure would only keep it open longer, and a
 * late success was sent before it opened. A proven selection counts if it was made since the breaker last opened; while it
 * is half open such a selection is a probe, and nothing else counts. While it is closed, anyone may add to the totals, but
 * without a selection only the provider's owner and admins move the breaker.
 */
export function weightOf(
  { breaker }: ProviderState,
  config: BreakerConfig,
  { selection, trusted }: Pick<CallReport, "selection" | "trusted">,
  now: number,
): Weight {
  const circuit = circuitState(breaker, config, now);
  if (circuit === "open") return "nothing";
  if (selection) return selection.openings === breaker.openings ? "breaker" : "nothing";
  if (circuit === "half_open") return "nothing";
  return trusted ? "breaker" : "totals";
}

/** The provider after a call to it was reported; the same object where the report changes nothing. */
export function afterReport(
  state: ProviderState,
  config: BreakerConfig,
  report: CallReport,
  now: number,
): ProviderState {
  const weight = weightOf(state, config, report, now);
  if (weight === "nothing") return state;
  const call = { ...report, selectionId: report.selection?.id };
  const breaker = weight === "breaker" ? recordCall(state.breaker, config, call, now) : state.breaker;
  return counted(state, breaker, config, report, now);
}

/** How much one report moves the mean latency. */
const LATENCY_WEIGHT = 0.2;

/** The provider with one call more in its totals, and its breaker as it is then. */
function counted(
  state: ProviderState,
  breaker: Breaker,
  config: BreakerConfig,
  { success, latencyMs, error }: Pick<CallReport, "success" | "latencyMs" | "error">,
  now: number,
): ProviderState {
  const { totals } = state;
  const changed = circuitState(breaker, config, now) !== circuitState(state.breaker, config, now);
  const mean = totals.latencyMs;
  return {
    ...state,
    breaker,
    totals: {
      ...totals,
      successes: totals.successes + (success ? 1 : 0),
      failures: totals.failures + (success ? 0 : 1),
      lastFailureAt: success ? totals.lastFailureAt : now,
      lastError: success ? totals.lastError : (error ?? null),
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

/**
 * The provider after a health check. A failure counts as one failed call, unless the breaker is open, and bars the provider
 * until a check passes; a pass counts nothing.
 */
export function afterCheck(
  state: ProviderState,
  config: BreakerConfig,
  failure: string | null,
  now: number,
): ProviderState {
  if (failure === null) return { ...state, failedCheck: null };
  if (circuitState(state.breaker, config, now) === "open") return { ...state, failedCheck: failure };
  const breaker = recordCall(state.breaker, config, { success: false, selectionId: undefined }, now);
  const call = { success: false, latencyMs: undefined, error: failure };
  return { ...counted(state, breaker, config, call, now), failedCheck: failure };
}

/** The provider after an operator closed its breaker: the last failure is forgotten, the counters of calls stay. */
export function afterReset(state: ProviderState): ProviderState {
  const { breaker, totals } = state;
  const stateChanges = totals.stateChanges + (breaker.openedAt === null ? 0 : 1);
  return {
    ...state,
    breaker: closed(breaker),
    totals: { ...totals, lastFailureAt: null, lastError: null, stateChanges },
  };
}
