import type { ProviderChoice } from "../core/services/choose.ts";
import type { Override, ProviderState } from "../core/services/provider-state.ts";
import { remote } from "../durable/remote.ts";
import type {
  Check,
  Holder,
  KeptSelection,
  Report,
  Reported,
  ResolveRequest,
  ServicePool,
} from "./service-pool.ts";

/**
 * What one service's callers share: round-robin cursors, breakers, probes, overrides, the last selections. One object per
 * namespace and service; every method is atomic, and one call to it.
 *
 * Every method throws the Problem `store_unavailable` when the object cannot be reached, throws or is overloaded.
 */
export interface Pool {
  /** Chooses a provider; unless it is a dry run, moves the cursor, counts a probe and keeps the selection. */
  resolve(request: ResolveRequest, now: number): Promise<ProviderChoice>;
  /** Takes reports of calls; one that names its selection counts once, so a retry is harmless. */
  report(reports: readonly Report[], now: number): Promise<Reported[]>;
  /** Takes the results of health checks: a failure counts as one, and bars the provider until a check passes. */
  check(checks: readonly Check[], now: number): Promise<void>;
  /** What is known of each registration, in the order asked; of one never heard of, a closed breaker. */
  describe(holders: readonly Holder[]): Promise<ProviderState[]>;
  /** Closes the breakers of these registrations. */
  reset(holders: readonly Holder[]): Promise<void>;
  /** Sets what holds for one registration's binding to `handler`, until that registration ends. */
  override(holder: Holder, handler: string, override: Override): Promise<void>;
  /** The newest `limit` selections, newest first, of the last 100. */
  selections(limit: number): Promise<KeptSelection[]>;
}

/** The pool over RPC. */
export const durablePool = (stub: () => DurableObjectStub<ServicePool>): Pool =>
  remote<Pool>(stub, {
    resolve: true,
    report: true,
    check: true,
    describe: true,
    reset: true,
    override: true,
    selections: true,
  });
