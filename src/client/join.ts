import { agents, type Agents } from "./agents.ts";
import { type Clock, wait } from "./clock.ts";
import type { JoinedAgent, JoinOptions } from "./joined-agent.ts";
import { Lease } from "./lease.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Presence } from "./presence.ts";
import { asRollcallError, RollcallError } from "./problem.ts";
import { checkReport, firstReport, isChanged, type Report } from "./report.ts";
import { Schedule } from "./schedule.ts";
import type { DesiredState, Registered, Registration, ReportedStatus } from "./shapes.ts";
import { asSent, type Transport } from "./transport.ts";

const LEAVE_TIMEOUT_MS = 5000;
/** How long after it got no answer a request may still take effect. */
const LATE_MS = 60_000;
/** Of an interval, between two pings where it is not the schedule that times them. */
const PING_SHARE = 0.9;

/**
 * Registers an agent and keeps it registered: holds its lease by a socket, or else by heartbeats, at the interval that the
 * registry asks for, reports changes, restores its registration when the registry has lost it, and retries without limit during
 * an outage.
 *
 * @throws {RollcallError} if the registry refuses, or cannot be reached for `patienceMs`; or the signal's reason
 */
export async function join(
  transport: Transport,
  clock: Clock,
  registration: Registration,
  options: JoinOptions = {},
): Promise<JoinedAgent> {
  const member = new Member(transport, clock, asSent(registration), options);
  await member.begin(options);
  return member;
}

class Member extends Lifecycle implements JoinedAgent {
  readonly id: string;
  readonly #agents: Agents;
  /** undefined: there are to be no sockets */
  readonly #openSocket: Transport["openSocket"];
  readonly #registration: Registration;
  readonly #onChange: JoinOptions["onChange"];
  readonly #schedule: Schedule;

  #state: JoinedAgent["state"] = "absent";
  #desiredState: DesiredState = "run";
  #report: Report;
  /** The report that the registry has. */
  #reported: Report;
  /** The registry is to be told the report, though nothing may have changed. */
  #owesReport = false;
  /** Until when a request without an answer may still end what a socket holds, ms since the Unix epoch. */
  #lateUntil = 0;
  #presence: Presence | undefined;
  /** Aborted to call in at once: a socket has opened, or it is over. */
  #untilHeld = new AbortController();
  /** Aborted to call in before the interval is over. */
  #untilChange = new AbortController();

  constructor(
    transport: Transport,
    clock: Clock,
    registration: Registration,
    { onChange, socket = true }: JoinOptions,
  ) {
    super(clock, new Lease("agent_not_found"));
    // Made here rather than by the registry, so that it is known before the first answer.
    this.id = registration.id ?? crypto.randomUUID();
    this.#agents = agents(transport);
    this.#openSocket = socket ? transport.openSocket : undefined;
    this.#registration = registration;
    this.#onChange = onChange;
    this.#schedule = new Schedule(clock);
    this.#report = firstReport(registration);
    this.#reported = this.#report;
    this.leaving.addEventListener("abort", () => this.#wake());
    void this.ended.then(() => {
      this.#presence?.stop();
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

  get #isOver(): boolean {
    return this.leaving.aborted || this.#state === "ended";
  }

  /** How often to call in on the socket, s; undefined while none holds the lease. */
  get #heldSeconds(): number | undefined {
    return this.#presence?.intervalSeconds;
  }

  #change(change: Partial<Report>): void {
    const report = { ...this.#report, ...change };
    checkReport(report);
    this.#report = report;
    if (isChanged(report, this.#reported)) this.#untilChange.abort();
  }

  protected async run(): Promise<void> {
    while (!this.#isOver) {
      await this.#callIn();
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
    this.#untilHeld = new AbortController();
    if (this.#isOver || (this.#owesReport && this.#heldSeconds !== undefined)) return;
    await this.#rest(earliestMs, this.#untilHeld.signal);
    if (this.#untilHeld.signal.aborted || this.#owesReport || isChanged(this.#report, this.#reported)) return;
    this.#untilChange = new AbortController();
    await wait(this.clock, latestMs - earliestMs, this.#untilChange.signal);
  }

  /** Waits. The registry may want longer than an interval between heartbeats; on a socket all goes on meanwhile. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !signal.aborted;) {
      const partMs = Math.min(leftMs, (this.#heldSeconds ?? Infinity) * PING_SHARE * 1000);
      await wait(this.clock, partMs, signal);
      leftMs -= partMs;
      if (leftMs > 0) this.#presence?.callIn(this.#report);
    }
  }

  #wake(): void {
    this.#untilHeld.abort();
    this.#untilChange.abort();
  }

  async #callIn(): Promise<void> {
    const report = this.#report;
    const isNews =
      this.#owesReport || isChanged(report, this.#reported) || this.clock.now() < this.#lateUntil;
    this.#owesReport = false;
    const { token, isHeld } = this.lease;
    if (token === undefined || !isHeld) return this.#send(report, () => this.#register(report));
    const isBySocket = this.#heldSeconds !== undefined && report.healthScore === this.#reported.healthScore;
    if (isBySocket) this.#reported = report;
    // Also where a heartbeat is needed, which may fail.
    this.#say(isNews ? report : undefined);
    if (!isBySocket) await this.#send(report, () => this.#heartbeat(report, token));
  }

  /** Calls in on the socket, if one holds the lease. */
  #say(report: Report | undefined): void {
    const intervalSeconds = this.#heldSeconds;
    if (intervalSeconds === undefined) return;
    this.#presence?.callIn(report);
    this.#schedule.succeeded(intervalSeconds, 0);
  }

  /** @param send  resolves to the interval, s; null: the registry wants no heartbeats */
  async #send(report: Report, send: () => Promise<number | null>): Promise<void> {
    const startedAt = this.clock.now();
    try {
      const intervalSeconds = await send();
      this.#reported = report;
      this.#schedule.succeeded(intervalSeconds, this.clock.now() - startedAt);
      // It has ended what a socket holds; the next report on that takes it up again.
      this.#say(report);
    } catch (thrown) {
      // Leaving cuts heartbeats short, which is not a failure.
      if (!this.leaving.aborted) this.#recover(asRollcallError(thrown));
    }
  }

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
    this.#hold(registered);
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
    // A socket says at once what the operator wants, a heartbeat up to 5 s late.
    if (this.#heldSeconds === undefined) this.#become("joined", answer.desired_state);
    return answer.next_interval_seconds;
  }

  /** Lets sockets hold the lease of this registration, where there are any. */
  #hold({ presence_url: path, lease_token: leaseToken }: Registered): void {
    const open = this.#openSocket;
    if (!open || path === undefined) return;
    const offered = ["rollcall", `rollcall.lease.${leaseToken}`];
    this.#presence = new Presence(this.clock, () => open(path, { leaseToken }, offered), {
      attached: () => {
        this.#owesReport = true;
        this.#wake();
      },
      desires: (state) => this.#become(this.#state, state),
      cutOff: () => this.#callSoon(),
      lost: () => {
        this.lease.isHeld = false;
        this.#become("absent", this.#desiredState);
        this.#callSoon();
      },
      taken: () => this.#wasTaken(),
    });
    void this.#presence.run();
  }

  /** At once, or when the pause after the last call is over. */
  #callSoon(): void {
    this.#owesReport = true;
    this.#untilChange.abort();
  }

  #wasTaken(): void {
    // By leaving it has unregistered itself.
    if (this.leaving.aborted) return;
    const detail = "Another process has the id or this lease, or somebody unregistered the agent.";
    this.fail(new RollcallError("lease_lost", detail, { status: 409, action: "stop" }));
    this.#become("ended", this.#desiredState);
    this.#wake();
  }

  #recover(error: RollcallError): void {
    this.failure = error;
    if (error.status === 0) this.#lateUntil = this.clock.now() + LATE_MS;
    switch (this.lease.after(error)) {
      case "register":
        this.#presence?.stop();
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
    if (this.#state === "ended") return;
    if (state === this.#state && desiredState === this.#desiredState) return;
    this.#state = state;
    this.#desiredState = desiredState;
    const onChange = this.#onChange;
    if (onChange) queueMicrotask(() => onChange(this));
  }
}
