import { type Clock, wait } from "./clock.ts";
import type { Report } from "./report.ts";
import type { DesiredState } from "./shapes.ts";
import { type Line, type PlatformSocket, readSocket } from "./socket.ts";

/** Why no further socket is to be opened for a registration, by the code with which the registry closes one. */
const ENDINGS: Record<number, "lost" | "taken" | "misunderstood"> = {
  /** The registry has lost the registration. */
  4001: "lost",
  /** It did not understand what was sent, and would not the next time. */
  4400: "misunderstood",
  /** Another process has opened a socket for the same registration. */
  4409: "taken",
  /** Another registration has the id, or it was unregistered. */
  4410: "taken",
};

/** How long to wait before the next socket at most, ms: this after the first one, twice as long after each that does not hold. */
const FIRST_PAUSE_MS = 1000;
const PAUSE_MAX_MS = 30_000;
/** The same where none has ever opened, because of a proxy perhaps. */
const NEVER_OPENED_PAUSE_MAX_MS = 600_000;

/** A `pong` has to come within a quarter of the interval: a heartbeat then is in time, before the agent counts as silent. */
const PONG_SHARE = 0.25;
const PONG_MIN_MS = 1000;
const PONG_MAX_MS = 5000;

type Message =
  | { type: "attached"; next_interval_seconds: number; desired_state: DesiredState }
  | { type: "desired_state"; desired_state: DesiredState };

/** Whose lease it is. */
export interface Present {
  /** A socket holds the lease from now on. It is to be told the report: nobody knows what the registry heard last. */
  attached(): void;
  /** What the operator wants, at first and whenever that changes. */
  desires(state: DesiredState): void;
  /** The lease is not held any more, and the next socket did not open. */
  cutOff(): void;
  /** The registry has lost the registration: it has to be registered again. */
  lost(): void;
  /** The registration is another process's, or has ended. */
  taken(): void;
}

/** The sockets, one after another, that hold the lease of one registration (docs/lease.md). */
export class Presence {
  readonly #clock: Clock;
  readonly #open: () => PlatformSocket | undefined;
  readonly #present: Present;
  readonly #stopping = new AbortController();
  /** While a socket holds the lease. */
  #line: Line | undefined;
  #intervalSeconds = 0;
  #hasOpened = false;
  /** Sockets in a row that have closed, from the last on that was open for long. */
  #closed = 0;

  /** @param open  begins to open a socket; undefined where the platform cannot */
  constructor(clock: Clock, open: () => PlatformSocket | undefined, present: Present) {
    this.#clock = clock;
    this.#open = open;
    this.#present = present;
  }

  /** How often to call in, s; undefined while no socket holds the lease. */
  get intervalSeconds(): number | undefined {
    return this.#line && this.#intervalSeconds;
  }

  /** Calls in on the socket. @param report  undefined: nothing has changed */
  callIn(report: Report | undefined): void {
    if (report) this.#line?.send(JSON.stringify({ status: report.status, current_load: report.load }));
    const pongMs = PONG_SHARE * 1000 * this.#intervalSeconds;
    this.#line?.ping(Math.min(PONG_MAX_MS, Math.max(PONG_MIN_MS, pongMs)));
  }

  stop(): void {
    this.#line = undefined;
    this.#stopping.abort();
  }

  /** Opens sockets until it is stopped, or the registry says that there are to be no more. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    let wasHeld = false;
    while (!signal.aborted) {
      const socket = this.#open();
      if (!socket) return;
      const openedAt = this.#clock.now();
      const read = (text: string, line: Line) => this.#read(JSON.parse(text) as Message, line);
      const code = await readSocket(this.#clock, socket, { read }, signal);
      this.#line = undefined;
      if (signal.aborted) return;
      const isHeld = code !== undefined;
      if (wasHeld && !isHeld) this.#present.cutOff();
      wasHeld = isHeld;
      const hasLasted = isHeld && this.#clock.now() - openedAt >= PAUSE_MAX_MS;
      this.#closed = hasLasted ? 1 : this.#closed + 1;
      const ending = ENDINGS[code ?? 0];
      // All agents that the registry has lost are not to come back at once.
      if (ending !== "taken") await this.#pause();
      if (signal.aborted) return;
      if (ending === "misunderstood") return this.#present.cutOff();
      if (ending) return this.#present[ending]();
    }
  }

  #read(message: Message, line: Line): void {
    if (message.type === "attached") {
      this.#line = line;
      this.#hasOpened = true;
      this.#intervalSeconds = message.next_interval_seconds;
      this.#present.attached();
    }
    // A newer registry may say more.
    if ("desired_state" in message) this.#present.desires(message.desired_state);
  }

  #pause(): Promise<void> {
    const mostMs = this.#hasOpened ? PAUSE_MAX_MS : NEVER_OPENED_PAUSE_MAX_MS;
    const pauseMs = this.#clock.random() * Math.min(mostMs, FIRST_PAUSE_MS * 2 ** (this.#closed - 1));
    return wait(this.#clock, pauseMs, this.#stopping.signal);
  }
}
