import { agents, type Agents } from "./agents.ts";
import { type Clock, wait } from "./clock.ts";
import type { JoinedAgent, JoinOptions } from "./joined-agent.ts";
import { Lease } from "./lease.ts";
import { Lifecycle } from "./lifecycle.ts";
import { asRollcallError, type RollcallError } from "./problem.ts";
import { checkReport, firstReport, isChanged, type Report } from "./report.ts";
import { Schedule } from "./schedule.ts";
import type { DesiredState, Registration, ReportedStatus } from "./shapes.ts";
import { asSent, type Transport } from "./transport.ts";

const LEAVE_TIMEOUT_MS = 5000;

/**
 * Registers an agent and keeps it registered: sends heartbeats at the interval that the registry asks for, reports changes,
 * restores its registration when the registry has lost it, and retries without limit during an outage.
 *
 * @throws {RollcallError} if the registry refuses, or cannot be reached for `patienceMs`; or the signal's reason
 */
export async function join(
  transport: Transport,
  clock: Clock,
  registration: Registration,
  options: JoinOptions = {},
): Promise<JoinedAgent> {
  const member = new Member(agents(transport), clock, asSent(registration), options.onChange);
  await member.begin(options);
  return member;
}

class Member extends Lifecycle implements JoinedAgent {
  readonly id: string;
  readonly #agents: Agents;
  readonly #registration: Registration;
  readonly #onChange: JoinOptions["onChange"];
  readonly #schedule: Schedule;

  #state: JoinedAgent["state"] = "absent";
  #desiredState: DesiredState = "run";
  #report: Report;
  /** The report that the registry has. */
  #reported: Report;
  /** Aborted to send a heartbeat before the interval is over. */
  #untilChange = new AbortController();

  constructor(api: Agents, clock: Clock, registration: Registration, onChange: JoinOptions["onChange"]) {
    super(clock, new Lease("agent_not_found"));
    // Made here rather than by the registry, so that it is known before the first answer.
    this.id = registration.id ?? crypto.randomUUID();
    this.#agents = api;
    this.#registration = registration;
    this.#onChange = onChange;
    this.#schedule = new Schedule(clock);
    this.#report = firstReport(registration);
    this.#reported = this.#report;
    this.leaving.addEventListener("abort", () => this.#untilChange.abort());
    void this.ended.then(() => {
      this.lease.token = undefined;
      this.#become("ended", this.#desiredState);
    });
  }

  get load(): number {
    return this.#report.load;
  }
  set load(load: number) {
    this.#change({ load });
  }

  get status(): ReportedStatus {
    return this.#report.status;
  }
  set status(status: ReportedStatus) {
    this.#change({ status });
  }

  get healthScore(): number {
    return this.#report.healthScore;
  }
  set healthScore(healthScore: number) {
    this.#change({ healthScore });
  }

  get desiredState(): DesiredState {
    return this.#desiredState;
  }
  get state(): JoinedAgent["state"] {
    return this.#state;
  }

  #change(change: Partial<Report>): void {
    const report = { ...this.#report, ...change };
    checkReport(report);
    this.#report = report;
    if (isChanged(report, this.#reported)) this.#untilChange.abort();
  }

  protected async run(): Promise<void> {
    while (!this.leaving.aborted) {
      await this.#callIn();
      if (this.#state === "ended") return;
      await this.#untilDue();
    }
  }

  protected async depart(): Promise<void> {
    const leaseToken = this.lease.token;
    if (leaseToken === undefined) return;
    const sent = this.#agents.unregister(this.id, { leaseToken, timeoutMs: LEAVE_TIMEOUT_MS });
    await sent.catch(() => undefined);
  }

  async #untilDue(): Promise<void> {
    const { earliestMs, latestMs } = this.#schedule;
    await wait(this.clock, earliestMs, this.leaving);
    if (this.leaving.aborted || isChanged(this.#report, this.#reported)) return;
    this.#untilChange = new AbortController();
    await wait(this.clock, latestMs - earliestMs, this.#untilChange.signal);
  }

  async #callIn(): Promise<void> {
    const report = this.#report;
    const startedAt = this.clock.now();
    try {
      const { token, isHeld } = this.lease;
      const intervalSeconds = await (token !== undefined && isHeld
        ? this.#heartbeat(report, token)
        : this.#register(report));
      this.#reported = report;
      this.#schedule.succeeded(intervalSeconds, this.clock.now() - startedAt);
    } catch (thrown) {
      // Leaving cuts heartbeats short, which is not a failure.
      if (!this.leaving.aborted) this.#recover(asRollcallError(thrown));
    }
  }

  /** @returns the heartbeat interval, s; null: the registry wants no heartbeats */
  async #register({ status, load, healthScore }: Report): Promise<number | null> {
    const registration = {
      ...this.#registration,
      id: this.id,
      status,
      current_load: load,
      health_score: healthScore,
    };
    const sent = this.#agents.register(registration, this.lease.credentials);
    const registered = await this.lease.register(sent);
    this.ready();
    this.#become("joined", registered.desired_state);
    return registered.heartbeat_interval_seconds;
  }

  async #heartbeat({ status, load, healthScore }: Report, leaseToken: string): Promise<number | null> {
    const body = {
      status,
      current_load: load,
      // Only when it changed: status and load alone cost the registry a single command.
      ...(healthScore !== this.#reported.healthScore && { health_score: healthScore }),
    };
    const answer = await this.#agents.heartbeat(this.id, body, { leaseToken, signal: this.leaving });
    this.#become("joined", answer.desired_state);
    return answer.next_interval_seconds;
  }

  #recover(error: RollcallError): void {
    this.failure = error;
    switch (this.lease.after(error)) {
      case "register":
        this.#schedule.now();
        return this.#become("absent", this.#desiredState);
      case "retry":
        return this.#schedule.failed(error.retryAfterMs);
      case "stop":
        this.fail(error);
        return this.#become("ended", this.#desiredState);
    }
  }

  #become(state: JoinedAgent["state"], desiredState: DesiredState): void {
    if (state === this.#state && desiredState === this.#desiredState) return;
    this.#state = state;
    this.#desiredState = desiredState;
    const onChange = this.#onChange;
    if (onChange) queueMicrotask(() => onChange(this));
  }
}
