import { CLOSED } from "../../src/hub/hub.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { PresenceSocket } from "../load/presence-socket.ts";
import { type Fleet, idOf } from "./agents.ts";

/** Handshakes under way at once; others wait. Each takes files of the server beyond the socket's own. */
export const HANDSHAKES_AT_ONCE = 500;
const PING_EVERY_MS = 50;
/** As docs/lease.md asks of those who come back: a random part of a second, doubled with each failure. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** A fleet whose agents hold their leases by sockets: each pings once in an interval, and comes back when it is cut off. */
export class PresentFleet {
  readonly size: number;
  readonly #url: string;
  readonly #fleet: Fleet;
  readonly #tokens: readonly string[];
  readonly #sockets: (PresenceSocket | undefined)[] = [];
  readonly #leftAlone = new Set<number>();
  readonly #pinging: NodeJS.Timeout;
  #open = 0;
  /** Handshakes. */
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];
  #isEnding = false;
  /** How often the registry closed a socket with each code; 1006: the connection ended without a word. */
  readonly closedWith = new Map<number, number>();

  /** How many were taken for silent, though they pinged. */
  get cutOff(): number {
    return this.closedWith.get(CLOSED.silent[0]) ?? 0;
  }

  /** @param tokens  lease tokens, by the agents' indexes */
  constructor(url: string, fleet: Fleet, tokens: readonly string[], intervalMs: number) {
    this.size = tokens.length;
    this.#url = url;
    this.#fleet = fleet;
    this.#tokens = tokens;
    let pinged = 0;
    const startedAt = performance.now();
    this.#pinging = setInterval(() => {
      const due = ((performance.now() - startedAt) / intervalMs) * this.size;
      for (; pinged < due; pinged += 1) {
        const index = pinged % this.size;
        // What becomes of it, its `closed` tells.
        if (!this.#leftAlone.has(index)) this.#sockets[index]?.ping().catch(() => undefined);
      }
    }, PING_EVERY_MS);
  }

  /** How many sockets are open. */
  get open(): number {
    return this.#open;
  }

  /** Opens all sockets; whom the registry cannot take yet comes again. */
  async openAll(): Promise<void> {
    const open = (index: number) => this.#openOne(index).catch(() => this.#comeBack(index));
    await Promise.all(Array.from({ length: this.size }, (_, index) => open(index)));
  }

  /** Pings on the open socket of one of them; one that is closed meanwhile counts as answered. */
  async pingOne(nth: number): Promise<void> {
    for (let at = nth * 7919; ; at += 1) {
      const socket = this.#sockets[at % this.size];
      if (socket) return socket.ping().catch(() => undefined);
      if (at > nth * 7919 + this.size) throw new Error("no socket is open");
    }
  }

  /** The socket of an agent. */
  socket(index: number): PresenceSocket {
    const socket = this.#sockets[index];
    if (!socket) throw new Error(`${idOf(index)} has no socket`);
    return socket;
  }

  /** Lets an agent do nothing by itself any more: it neither pings nor comes back. */
  leaveAlone(index: number): void {
    this.#leftAlone.add(index);
  }

  /** Opens the socket of an agent that was left alone, and whose last one has closed. */
  async resume(index: number): Promise<void> {
    this.#leftAlone.delete(index);
    await this.#openOne(index);
  }

  close(): void {
    this.#isEnding = true;
    clearInterval(this.#pinging);
    for (const socket of this.#sockets) socket?.close();
  }

  async #openOne(index: number): Promise<void> {
    const socket = await this.#handshake(index);
    this.#sockets[index] = socket;
    this.#open += 1;
    void socket.closed.then((code) => {
      this.#open -= 1;
      this.#sockets[index] = undefined;
      if (this.#isEnding || this.#leftAlone.has(index)) return undefined;
      this.closedWith.set(code, (this.closedWith.get(code) ?? 0) + 1);
      return this.#comeBack(index);
    });
  }

  async #handshake(index: number): Promise<PresenceSocket> {
    if (this.#underWay >= HANDSHAKES_AT_ONCE)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
    try {
      return await PresenceSocket.open(`${this.#url}/v1/agents/${idOf(index)}/presence`, {
        Authorization: `Bearer ${this.#fleet.apiKey}`,
        "Lease-Token": this.#tokens[index]!,
      });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }

  async #comeBack(index: number): Promise<void> {
    for (
      let longestMs = FIRST_RETRY_MS;
      !this.#isEnding;
      longestMs = Math.min(2 * longestMs, LAST_RETRY_MS)
    ) {
      await sleep(Math.random() * longestMs);
      const isBack = await this.#openOne(index).then(
        () => true,
        () => false,
      );
      if (isBack) return;
    }
  }
}
