import { agents, type Agents } from "./agents.ts";
import { backoffMs, type Clock, wait } from "./clock.ts";
import type { RollcallError } from "./problem.ts";
import type { DesiredState, Registered, Registration, ReportedStatus } from "./shapes.ts";
import { type Ending, Stay, type StayOptions } from "./stay.ts";
import type { Transport } from "./transport.ts";

export interface JoinOptions extends StayOptions {
  /** Called after each change of `state` or `desiredState`. What it throws is the program's own. */
  onChange?: (agent: JoinedAgent) => void;
}

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

const LEAVE_TIMEOUT_MS = 5000;
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
  // As it would go over the wire: what is done to the object later has no say, and what cannot go fails here.
  const wire = JSON.parse(JSON.stringify(registration)) as Registration;
  const member = new Member(agents(transport), clock, wire, options.onChange);
  await member.begin(options);
  return member;
}

class Member implements JoinedAgent {
  readonly id: string;
  readonly #agents: Agents;
  readonly #clock: Clock;
  readonly #registration: Registration;
  readonly #onChange: JoinOptions["onChange"];
  readonly #stay = new Stay(() => this.#unregister());

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

  constructor(api: Agents, clock: Clock, registration: Registration, onChange: JoinOptions["onChange"]) {
    const { status = "available", current_load = 0, health_score = 1 } = registration;
    // The id is minted here, so that trying again replaces what a try without an answer may have registered.
    this.id = registration.id ?? crypto.randomUUID();
    this.#agents = api;
    this.#clock = clock;
    this.#registration = registration;
    this.#onChange = onChange;
    this.#report = {
      status: status === "healthy" ? "available" : status,
      load: current_load,
      healthScore: health_score,
    };
    this.#told = this.#report;
    this.#stay.leaving.addEventListener("abort", () => this.#nudge.abort());
    void this.ended.then(() => {
      this.#leaseToken = undefined;
      this.#become("ended", this.#desiredState);
    });
  }

  begin(options: JoinOptions): Promise<void> {
    return this.#stay.begin(this.#clock, options, () => this.#live());
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

  get ended(): Promise<Ending> {
    return this.#stay.ended;
  }

  leave(): Promise<void> {
    return this.#stay.leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #unregister(): Promise<void> {
    const leaseToken = this.#leaseToken;
    if (leaseToken === undefined) return;
    const told = this.#agents.unregister(this.id, { leaseToken, timeoutMs: LEAVE_TIMEOUT_MS });
    await told.catch(() => undefined);
  }

  async #live(): Promise<void> {
    while (!this.#stay.leaving.aborted) {
      await this.#callIn();
      if (this.#state === "ended") return;
      await this.#untilDue();
    }
  }

  async #untilDue(): Promise<void> {
    const { earliestMs, latestMs } = this.#rest;
    await wait(this.#clock, earliestMs, this.#stay.leaving);
    if (this.#stay.leaving.aborted || changed(this.#report, this.#told)) return;
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
      if (!this.#stay.leaving.aborted) this.#recover(error as RollcallError);
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
    this.#stay.begun();
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
    const answer = await this.#agents.heartbeat(this.id, body, { leaseToken, signal: this.#stay.leaving });
    this.#unanswered = false;
    this.#become("joined", answer.desired_state);
    return answer.next_interval_seconds;
  }

  #recover(error: RollcallError): void {
    this.#stay.failure = error;
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
    this.#stay.finish(ending);
    this.#become("ended", this.#desiredState);
  }
}

const changed = (report: Report, told: Report): boolean =>
  report.status !== told.status || report.load !== told.load || report.healthScore !== told.healthScore;
