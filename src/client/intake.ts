import { backoffMs, type Clock, wait } from "./clock.ts";
import type { Message } from "./shapes.ts";
import { readSocket } from "./socket.ts";
import { type Toolsets, toolsetPath } from "./toolsets.ts";
import type { Transport } from "./transport.ts";

const POLL_SECONDS = 20;
/** How often the other end of a socket has to say something, if only the `pong` that answers this end's `ping`. */
const PING_EVERY_MS = 15_000;
/** How long to poll after the first socket that did not open; twice as long after each further one. */
const POLLED_MS = 30_000;
const POLLED_MS_MAX = 600_000;
/** The registry closes a socket so because a claim lapsed, which says nothing of the connection. */
const CLAIM_LAPSED = 4408;

/** A provider, as its messages concern it. */
export interface Recipient {
  name: string;
  /** How many calls to carry out at once. */
  concurrency: number;
  /** How many calls it has claimed and not answered. */
  inHand: () => number;
  take: (message: Message, leaseToken: string) => void;
}

/**
 * How a provider gets its messages: over a WebSocket, or by long polls where none opens. A socket cannot be opened by a
 * platform that sends no headers with it, nor through some proxies.
 */
export class Intake {
  readonly #transport: Transport;
  readonly #toolsets: Toolsets;
  readonly #clock: Clock;
  readonly #recipient: Recipient;
  readonly #consumer = crypto.randomUUID();
  /** Aborts the socket or poll that is under way. */
  #attending = new AbortController();
  #isStopped = false;
  #isPollingForPingsOnly = false;
  /** In a row. */
  #refusedSockets = 0;
  /** ms since the Unix epoch */
  #pollsUntil = 0;

  constructor(transport: Transport, api: Toolsets, clock: Clock, recipient: Recipient) {
    this.#transport = transport;
    this.#toolsets = api;
    this.#clock = clock;
    this.#recipient = recipient;
  }

  /**
   * Takes messages until the socket closes, or of one poll.
   *
   * @throws {RollcallError} if the registry refuses or cannot be reached
   */
  async attend(leaseToken: string): Promise<void> {
    if (this.#isStopped) return;
    this.#attending = new AbortController();
    const { signal } = this.#attending;
    try {
      const mayOpen = this.#clock.now() >= this.#pollsUntil;
      if (mayOpen && (await this.#readSocket(leaseToken, signal))) return;
      await this.#poll(leaseToken, signal);
      // Now it is the socket that the registry cannot be reached by.
      if (mayOpen) this.#pollForAWhile();
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
  }

  /** The recipient has room for another call. */
  hasRoom(): void {
    if (this.#isPollingForPingsOnly) this.#attending.abort();
  }

  /** Ends the socket or poll that is under way. */
  interrupt(): void {
    this.#attending.abort();
  }

  stop(): void {
    this.#isStopped = true;
    this.#attending.abort();
  }

  /** @returns whether it opened; then once it has closed, and may be opened again */
  async #readSocket(leaseToken: string, signal: AbortSignal): Promise<boolean> {
    const { name, concurrency } = this.#recipient;
    const query = { consumer: this.#consumer, max: concurrency };
    const socket = this.#transport.openSocket?.(toolsetPath(name, "/claims"), { query, leaseToken });
    if (!socket) return false;
    const read = (text: string) => {
      const { messages } = JSON.parse(text) as { messages: Message[] };
      this.#take(messages, leaseToken);
    };
    const code = await readSocket(this.#clock, socket, { read, pingEveryMs: PING_EVERY_MS }, signal);
    if (code === undefined) return false;
    this.#refusedSockets = 0;
    // A deploy of the registry closes every socket, and not all are to come back at once.
    if (code !== CLAIM_LAPSED) await wait(this.#clock, backoffMs(this.#clock, 1, Infinity), signal);
    return true;
  }

  #pollForAWhile(): void {
    const ms = Math.min(POLLED_MS * 2 ** this.#refusedSockets, POLLED_MS_MAX);
    this.#refusedSockets += 1;
    this.#pollsUntil = this.#clock.now() + ms;
  }

  /** While there is no room for calls it polls for pings only. */
  async #poll(leaseToken: string, signal: AbortSignal): Promise<void> {
    const { name, concurrency, inHand } = this.#recipient;
    const max = Math.max(0, concurrency - inHand());
    this.#isPollingForPingsOnly = max === 0;
    const request = { consumer: this.#consumer, max, wait: POLL_SECONDS };
    try {
      const { messages } = await this.#toolsets.claim(name, request, { leaseToken, signal });
      this.#take(messages, leaseToken);
    } finally {
      this.#isPollingForPingsOnly = false;
    }
  }

  #take(messages: readonly Message[], leaseToken: string): void {
    for (const message of messages) this.#recipient.take(message, leaseToken);
  }
}
