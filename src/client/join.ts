import { agents, type Agents, type CallOptions } from "./agents.ts";
import { backoffMs, type Clock, wait } from "./clock.ts";
import { RollcallError } from "./problem.ts";
import type { DesiredState, Registered, Registration, ReportedStatus } from "./shapes.ts";
import { onSignal } from "./signals.ts";
import type { Transport } from "./transport.ts";

export interface JoinOptions extends CallOptions {
  /** How long to try to register before `join` rejects, ms (30 s). Once joined, it never stops trying. */
  patienceMs?: number;
  /** Signals on which the agent unregisters (SIGTERM and SIGINT), where there is a process to get them. */
  leaveOn?: readonly string[];
  /** Called after each change of `state` or `desiredState`. What it throws is the program's own. */
  onChange?: (agent: JoinedAgent) => void;
}

/** How it ended: the program left, another process registered the id, or the registry refuses for good. */
export type Ending =
  | { reason: "left"; error?: never }
  | { reason: "lease_lost" | "refused"; error: RollcallError };

/** An agent that is registered, and stays so until it leaves. */
export interface JoinedAgent extends AsyncDisposable {
  readonly id: string;
  /** Sent with the next heartbeat, at once if the last was more than a second ago. So are `status` and `healthScore`. */
  load: number;
  status: ReportedStatus;
  healthScore: number;
  /** What the operator wants: on `drain` finish what you have, take nothing new, and leave. */
  readonly desiredState: DesiredState;
  /** `absent`: the registration was lost, or may have been; it is being renewed. */
  readonly state: "joined" | "absent" | "ended";
  readonly leaseToken: string | undefined;
  /** Resolves when it ends, however it ends; never rejects. */
  readonly ended: Promise<Ending>;
  /** Unregisters, and ends. Never rejects: if the registry cannot be told, the lease lapses by itself. */
  leave(): Promise<void>;
}

const PATIENCE_MS = 30_000;
const LEAVE_TIMEOUT_MS = 5000;
const LEAVE_ON = ["SIGTERM", "SIGINT"] as const;
const LOAD_MAX = 1_000_000_000;
/** However often its load changes, an agent calls in this often at most. */
const REPORT_EVERY_MS = 1000;
/** A heartbeat is never late for its interval, and up to this share of it early: agents that began together drift apart. */
const JITTER = 0.1;

/** What a heartbeat tells. */
interface Report {
  status: ReportedStatus;
  load: number;
  healthScore: number;
}

/** When to call in next: not before `earliestMs`, then on a change, or after `latestMs`. */
interface Rest {
  earliestMs: number;
  latestMs: number;
}

/**
 * Registers, and stays registered.
 *
 * @throws {RollcallError} if the registry refuses, or cannot be reached for `patienceMs`; or the signal's reason
 */
export async function join(
  transport: Transport,
  clock: Clock,
  registration: Registration,
  options: JoinOptions = {},
): Promise<JoinedAgent> {
  const { signal, patienceMs = PATIENCE_MS } = options;
  signal?.throwIfAborted();
  // As it would go over the wire: what is done to the object later has no say, and what cannot go fails here.
  const wire = JSON.parse(JSON.stringify(registration)) as Registration;
  const member = new Member(agents(transport), clock, wire, options);
  const timer = clock.setTimeout(() => void member.leave(), patienceMs);
  const ending = await Promise.race([member.joined, member.ended]);
  clock.clearTimeout(timer);
  if (!ending) return member;
  signal?.throwIfAborted();
  throw ending.error ?? member.failure ?? new RollcallError("timeout", "Left before it had joined.");
}

class Member implements JoinedAgent {
  readonly id: string;
  readonly joined: Promise<undefined>;
  readonly ended: Promise<Ending>;
  /** The last one. */
  failure: RollcallError | undefined;

  readonly #agents: Agents;
  readonly #clock: Clock;
  readonly #registration: Registration;
  readonly #onChange: JoinOptions["onChange"];
  readonly #leaving = new AbortController();
  readonly #living: Promise<void>;
  readonly #stopListening: (() => void)[];
  #resolveJoined: (value: undefined) => void = () => {};
  #resolveEnded: (ending: Ending) => void = () => {};
  #left: Promise<void> | undefined;

  #state: JoinedAgent["state"] = "absent";
  #desiredState: DesiredState = "run";
  #leaseToken: string | undefined;
  #report: Report;
  /** What the registry knows already. */
  #told: Report;
  #failures = 0;
  /** A registration that went out and had no answer may take effect yet, and take the place of a later one. */
  #unanswered = false;
  #intervalMs = Infinity;
  #rest: Rest = { earliestMs: 0, latestMs: 0 };
  #nudge = new AbortController();

  constructor(api: Agents, clock: Clock, registration: Registration, options: JoinOptions) {
    const { status = "available", current_load = 0, health_score = 1 } = registration;
    // The id is minted here, so that trying again replaces what a try without an answer may have registered.
    this.id = registration.id ?? crypto.randomUUID();
    this.#agents = api;
    this.#clock = clock;
    this.#registration = registration;
    this.#onChange = options.onChange;
    this.#report = {
      status: status === "healthy" ? "available" : status,
      load: current_load,
      healthScore: health_score,
    };
    this.#told = this.#report;
    this.joined = new Promise((resolve) => (this.#resolveJoined = resolve));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));

    const { signal, leaveOn = LEAVE_ON } = options;
    const leave = () => void this.leave();
    signal?.addEventListener("abort", leave);
    this.#stopListening = [
      () => signal?.removeEventListener("abort", leave),
      ...leaveOn.map((name) => onSignal(name, () => this.leave())),
    ];
    this.#living = this.#live();
  }

  get load(): number {
    return this.#report.load;
  }
  set load(load: number) {
    if (!(load >= 0 && load <= LOAD_MAX)) throw new RangeError(`load must be 0 to ${LOAD_MAX}, not ${load}`);
    this.#say({ ...this.#report, load });
  }

  get status(): ReportedStatus {
    return this.#report.status;
  }
  set status(status: ReportedStatus) {
    this.#say({ ...this.#report, status });
  }

  get healthScore(): number {
    return this.#report.healthScore;
  }
  set healthScore(healthScore: number) {
    if (!(healthScore >= 0 && healthScore <= 1)) {
      throw new RangeError(`healthScore must be 0 to 1, not ${healthScore}`);
    }
    this.#say({ ...this.#report, healthScore });
  }

  get desiredState(): DesiredState {
    return this.#desiredState;
  }
  get state(): JoinedAgent["state"] {
    return this.#state;
  }
  get leaseToken(): string | undefined {
    return this.#leaseToken;
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    this.#nudge.abort();
    await this.#living;
    if (this.#state === "ended") return;
    const leaseToken = this.#leaseToken;
    if (leaseToken !== undefined) {
      const told = this.#agents.unregister(this.id, { leaseToken, timeoutMs: LEAVE_TIMEOUT_MS });
      await told.catch(() => undefined);
    }
    this.#finish({ reason: "left" });
  }

  async #live(): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      await this.#callIn();
      if (this.#state === "ended") return;
      await this.#untilDue();
    }
  }

  async #untilDue(): Promise<void> {
    const { earliestMs, latestMs } = this.#rest;
    await wait(this.#clock, earliestMs, this.#leaving.signal);
    if (this.#leaving.signal.aborted || changed(this.#report, this.#told)) return;
    this.#nudge = new AbortController();
    await wait(this.#clock, latestMs - earliestMs, this.#nudge.signal);
  }

  async #callIn(): Promise<void> {
    const report = this.#report;
    const since = this.#clock.now();
    try {
      const seconds = await (this.#leaseToken === undefined
        ? this.#register(report)
        : this.#beat(report, this.#leaseToken));
      this.#told = report;
      this.#failures = 0;
      this.#intervalMs = seconds === null ? Infinity : seconds * 1000;
      const took = Math.max(0, this.#clock.now() - since);
      const latestMs = this.#intervalMs * (1 - JITTER * this.#clock.random()) - took;
      this.#rest = { earliestMs: Math.min(REPORT_EVERY_MS, latestMs), latestMs };
    } catch (error) {
      // Leaving cuts heartbeats short; whatever else comes here is the transport's.
      if (!this.#leaving.signal.aborted) this.#recover(error as RollcallError);
    }
  }

  /** @returns the interval, s; null where no heartbeats are wanted */
  async #register({ status, load, healthScore }: Report): Promise<number | null> {
    const body = {
      ...this.#registration,
      id: this.id,
      status,
      current_load: load,
      health_score: healthScore,
    };
    let registered: Registered;
    try {
      registered = await this.#agents.register(body);
    } catch (error) {
      const { status: answered } = error as RollcallError;
      if (answered === 0 || answered >= 500) this.#unanswered = true;
      throw error;
    }
    this.#leaseToken = registered.lease_token;
    if (!this.#leaving.signal.aborted) this.#resolveJoined(undefined);
    this.#become("joined", "run");
    return registered.heartbeat_interval_seconds;
  }

  async #beat({ status, load, healthScore }: Report, leaseToken: string): Promise<number | null> {
    // Status and load alone are one command for the registry; the health score is kept elsewhere, and goes along if it changed.
    const body = {
      status,
      current_load: load,
      ...(healthScore !== this.#told.healthScore && { health_score: healthScore }),
    };
    const answer = await this.#agents.heartbeat(this.id, body, { leaseToken, signal: this.#leaving.signal });
    this.#unanswered = false;
    this.#become("joined", answer.desired_state);
    return answer.next_interval_seconds;
  }

  #recover(error: RollcallError): void {
    this.failure = error;
    const superseded = error.code === "lease_lost";
    if (error.code === "agent_not_found" || (superseded && this.#unanswered)) {
      this.#leaseToken = undefined;
      this.#unanswered = false;
      this.#rest = { earliestMs: 0, latestMs: 0 };
      this.#become("absent", this.#desiredState);
    } else if (error.transient) {
      this.#failures += 1;
      const ms = backoffMs(this.#clock, this.#failures, this.#intervalMs, error.retryAfterMs);
      this.#rest = { earliestMs: ms, latestMs: ms };
    } else {
      this.#finish({ reason: superseded ? "lease_lost" : "refused", error });
    }
  }

  #say(report: Report): void {
    this.#report = report;
    if (changed(report, this.#told)) this.#nudge.abort();
  }

  #become(state: JoinedAgent["state"], desiredState: DesiredState): void {
    if (state === this.#state && desiredState === this.#desiredState) return;
    this.#state = state;
    this.#desiredState = desiredState;
    const onChange = this.#onChange;
    if (onChange) queueMicrotask(() => onChange(this));
  }

  #finish(ending: Ending): void {
    this.#leaseToken = undefined;
    for (const stop of this.#stopListening) stop();
    this.#resolveEnded(ending);
    this.#become("ended", this.#desiredState);
  }
}

const changed = (report: Report, told: Report): boolean =>
  report.status !== told.status || report.load !== told.load || report.healthScore !== told.healthScore;
