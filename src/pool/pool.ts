import type { Event } from "../core/event.ts";
import type { BreakerConfig, CircuitState } from "../core/services/breaker.ts";
import type { ProviderChoice, ProviderQuery } from "../core/services/choose.ts";
import type { Offer } from "../core/services/offers.ts";
import type {
  CallReport,
  Override,
  ProviderState,
  RegistrationRef,
} from "../core/services/provider-state.ts";

/** How many selections a pool keeps. */
export const SELECTIONS_MAX = 100;

export interface ResolveRequest {
  /** Every offer of the service, whether it can be selected or not. Of lapsed providers too: what is known of them is kept. */
  offers: readonly Offer[];
  query: ProviderQuery;
  /** Names this selection in later reports; unique. */
  selectionId: string;
  /** Choose, and change nothing. */
  dryRun: boolean;
}

/** One call to a provider, as its caller reports it. */
export interface ProviderReport extends RegistrationRef, CallReport {
  /** The breaker's terms of this provider. */
  config: BreakerConfig;
}

export interface ReportResult {
  /** false: the report changed nothing. Its selection was reported before, or `weightOf` gives it no weight. */
  counted: boolean;
  /** The provider after the report. */
  state: ProviderState;
}

/** What one health check of a provider found. */
export interface CheckResult extends RegistrationRef {
  /** The breaker's terms of this provider. */
  config: BreakerConfig;
  /** What went wrong; null: the check passed. */
  failure: string | null;
}

/** What an operator once set for one binding, of a registration that is there now. */
export interface KeptOverride extends RegistrationRef {
  handler: string;
  override: Override;
}

/** One answer of `resolve`, as it is kept. */
export interface SelectionRecord {
  selectionId: string;
  /** ms since the Unix epoch */
  at: number;
  /** The handler asked for; null: none in particular. */
  handler: string | null;
  /** The capabilities asked for. */
  capabilities: readonly string[];
  /** The provider chosen, and how; null when there was none. */
  provider: string | null;
  group: number | null;
  scope: string | null;
  circuitState: CircuitState | null;
  /** The providers passed over and why, at most 100. */
  rejected: ProviderChoice["rejected"];
}

/**
 * What the callers of one service share: round-robin cursors, breakers, probes, overrides, the last selections. There is one
 * object per namespace and service; every method is atomic and one call to it. `now` is in ms since the Unix epoch.
 *
 * Every method throws the Problem `store_unavailable` when the object cannot be reached, throws or is overloaded; then
 * nothing has changed, or the answer was lost on its way.
 */
export interface Pool {
  /**
   * Chooses a provider among the offers. Unless it is a dry run, also moves the round-robin cursor, counts a probe where the
   * breaker is half open, and keeps the selection.
   */
  resolve(request: ResolveRequest, now: number): Promise<ProviderChoice>;
  /**
   * Counts reports of calls, by their weight (core/services/provider-state.ts). A report with a selection counts once within
   * 25 h, so it can be sent again; one without counts each time.
   *
   * @returns a result per report, in their order
   */
  report(reports: readonly ProviderReport[], now: number): Promise<ReportResult[]>;
  /**
   * Takes the results of health checks: a failure counts as one failed call, and bars the provider until a check passes.
   *
   * @returns the provider after each, in their order
   */
  check(results: readonly CheckResult[], now: number): Promise<ProviderState[]>;
  /**
   * Gives what is known of each registration.
   *
   * @returns a state per registration, in their order; one that was never reported has a closed breaker
   */
  describe(registrations: readonly RegistrationRef[], now: number): Promise<ProviderState[]>;
  /** Closes the breakers of these registrations; counters of calls stay. */
  reset(registrations: readonly RegistrationRef[], now: number): Promise<void>;
  /**
   * Sets what `change` names of one registration's binding to `handler`, until that registration ends.
   *
   * @param registered  what the binding was registered with
   * @returns what held, and what holds now
   */
  override(
    registration: RegistrationRef,
    handler: string,
    registered: Override,
    change: Partial<Override>,
    now: number,
  ): Promise<{ before: Override; after: Override }>;
  /**
   * Sets what was set before elsewhere, each unless something was set for its binding here.
   *
   * @returns per override, in their order, whether it was set
   */
  restore(overrides: readonly KeptOverride[], now: number): Promise<boolean[]>;
  /** The newest `limit` selections, newest first; `SELECTIONS_MAX` are kept. */
  selections(limit: number, now: number): Promise<SelectionRecord[]>;
}

/** An event of the pool's service, whose name whoever opened the pool adds. */
export type PoolEvent = Omit<Event, "kind" | "id">;

/** Events for the namespace's history, oldest first, and the number of the last. */
export interface Untold {
  events: PoolEvent[];
  upTo: number;
}

/** What a method of the pool's object answers: with events, where there are some that nobody else is telling. */
export interface Answered<T> {
  value: T;
  untold?: Untold;
}

/** Who asks, as the events of what changes by it say. */
export type Caused = Pick<Event, "actor" | "requestId" | "reason">;

type Changing = "resolve" | "report" | "check" | "reset" | "override" | "restore";

/**
 * The pool as its object has it. What is to be told of a change is kept in the same transaction, and handed out until it was
 * told: each event at least once, in their order, and twice only where `told` was not heard. Of events that nobody could tell
 * the newest 1,000 are kept.
 */
export type BarePool = Omit<Pool, Changing> & {
  [M in Changing]: (
    caused: Caused,
    ...args: Parameters<Pool[M]>
  ) => Promise<Answered<Awaited<ReturnType<Pool[M]>>>>;
} & {
  /**
   * Forgets the events up to a number: they are in the history.
   *
   * @returns what came meanwhile
   */
  told(upTo: number, now: number): Promise<Untold | undefined>;
};

/** How many events a pool keeps that could not be told. */
export const UNTOLD_MAX = 1000;
/** How many are handed out at once. */
export const TOLD_AT_ONCE = 100;
/** How long whoever was given events may take to tell them before others are given them, ms. */
export const TELLING_MS = 30_000;
