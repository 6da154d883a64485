import type { Ending, LifecycleOptions } from "./lifecycle.ts";
import type { DesiredState, ReportedStatus } from "./shapes.ts";

export interface JoinOptions extends LifecycleOptions {
  /** Called after each change of `state` or `desiredState`. What it throws is not caught. */
  onChange?: (agent: JoinedAgent) => void;
  /**
   * Whether to hold the lease by a WebSocket where the platform and the registry have them (true). false: by heartbeats over
   * HTTP alone, as for a program that sends heartbeats of its own besides.
   */
  socket?: boolean;
}

/** An agent that stays registered until it leaves or another process takes its id. */
export interface JoinedAgent extends AsyncDisposable {
  readonly id: string;
  /**
   * The current load, 0 to 1,000,000,000. Setting it, `status` or `healthScore` reports it at once, or one second
   * after the last report.
   *
   * @throws {RangeError} when it is set to a value out of its range
   */
  load: number;
  status: ReportedStatus;
  /** 0 to 1. @throws {RangeError} when it is set to a value out of its range */
  healthScore: number;
  /** What the operator wants. On `drain`: finish the work in hand, take no more, and leave. */
  readonly desiredState: DesiredState;
  /** `absent`: the registry does not know the agent (any more), and it is being registered. */
  readonly state: "joined" | "absent" | "ended";
  /** Authorises changes of the entry by others. Undefined before the first registration and after the end. */
  readonly leaseToken: string | undefined;
  /** Resolves when it ends, for whatever reason; never rejects. */
  readonly ended: Promise<Ending>;
  /** Unregisters the agent (waiting up to 5 s) and ends. Never rejects: if the request fails, the lease lapses by itself. */
  leave(): Promise<void>;
}
