import type { HibernatingSocket, Sockets } from "../durable/storage.ts";
import type { ClaimRequest, Epoch, ProviderMessage } from "./gateway.ts";
import { Waiters } from "./waiters.ts";

/** A consumer that polled this long ago still counts as one. */
const POLLER_KEPT_MS = 40_000;
// WebSocket.OPEN, which is not defined everywhere.
const OPEN = 1;

/** What is kept with a socket, so that it outlives hibernation; null once the socket was let go. */
interface Attachment extends ClaimRequest {
  /** ms since the Unix epoch; 0: never */
  pingedAt: number;
}

/**
 * The providers of one toolset that take calls: by polling, or on a socket. Those that poll are kept in memory alone: after
 * an eviction the next poll of each adds it again.
 */
export class Consumers {
  readonly #sockets: Sockets;
  readonly #pollers = new Map<string, { seenAt: number; pingedAt: number }>();
  /** How often pollers are pinged: what the last one asked for. */
  #intervalMs = 10_000;
  /** Polls that found nothing and wait for a call or a cancellation. */
  readonly #waiting = new Waiters();
  /** Polls that take no calls and wait for a cancellation. */
  readonly #waitingBusy = new Waiters();

  constructor(sockets: Sockets) {
    this.#sockets = sockets;
  }

  /** Notes a poll at `now`, and gives a ping if one is due: with the first poll, after a gap, and once an interval. */
  poll(
    { epoch, consumer, intervalMs }: ClaimRequest,
    now: number,
  ): { pings: ProviderMessage[]; pingInMs: number } {
    this.#intervalMs = intervalMs;
    const known = this.#pollers.get(consumer);
    const isDue = !known || now - known.seenAt > POLLER_KEPT_MS || now - known.pingedAt >= intervalMs;
    const pingedAt = isDue ? now : known.pingedAt;
    this.#pollers.set(consumer, { seenAt: now, pingedAt });
    return { pings: isDue ? [ping(epoch)] : [], pingInMs: pingedAt + intervalMs - now };
  }

  /** The polls of consumers that take `max` calls. */
  waiting(max: number): Waiters {
    return max > 0 ? this.#waiting : this.#waitingBusy;
  }

  /** Wakes the polls that wait: for a call, only those that take calls. */
  wake(what: "call" | "cancellation"): void {
    this.#waiting.wake();
    if (what === "cancellation") this.#waitingBusy.wake();
  }

  /** A consumer's earlier socket is closed: it may lead nowhere, and would be given calls first. */
  attach(socket: HibernatingSocket, request: ClaimRequest): void {
    for (const { socket: earlier, attachment } of this.#open()) {
      if (attachment.consumer === request.consumer) letGo(earlier, 4409, "replaced");
    }
    this.#sockets.acceptWebSocket(socket);
    socket.serializeAttachment({ ...request, pingedAt: 0 } satisfies Attachment);
  }

  /** Sends to each socket a ping if one is due, and what `messagesFor` gives for it. */
  send(messagesFor: (request: ClaimRequest) => ProviderMessage[], now: number): void {
    for (const { socket, attachment } of this.#open()) {
      const isDue = now - attachment.pingedAt >= attachment.intervalMs;
      const messages = [...(isDue ? [ping(attachment.epoch)] : []), ...messagesFor(attachment)];
      if (messages.length === 0) continue;
      if (isDue) socket.serializeAttachment({ ...attachment, pingedAt: now } satisfies Attachment);
      socket.send(JSON.stringify({ messages }));
    }
  }

  /**
   * Closes the sockets of consumers whose claims ended without an answer: such a socket may lead nowhere, and would be given
   * the same call again and again. A provider that is alive connects again.
   */
  letLapsedGo(consumers: ReadonlySet<string>): void {
    for (const { socket, attachment } of this.#open()) {
      if (consumers.has(attachment.consumer)) letGo(socket, 4408, "claim_lapsed");
    }
  }

  /** The ids of the API keys that opened sockets, each once. */
  keys(): string[] {
    return [...new Set(this.#open().flatMap(({ attachment }) => attachment.key ?? []))];
  }

  /** Closes the sockets that these keys opened. */
  letKeysGo(ended: ReadonlySet<string>): void {
    for (const { socket, attachment } of this.#open())
      if (attachment.key !== undefined && ended.has(attachment.key)) letGo(socket, 4401, "unauthorized");
  }

  /** Ends all polls and sockets, because their registration ended. */
  letAllGo(): void {
    for (const { socket } of this.#open()) letGo(socket, 4410, "stale_registration");
    this.#pollers.clear();
    this.wake("cancellation");
  }

  count(now: number): number {
    const names = new Set(this.#open().map(({ attachment }) => attachment.consumer));
    this.#forgetPollers(now);
    for (const consumer of this.#pollers.keys()) names.add(consumer);
    return names.size;
  }

  /** When the next ping has to be sent: a socket's own, or an interval from now while a provider polls; Infinity: never. */
  nextPingAt(now: number): number {
    this.#forgetPollers(now);
    const pings = this.#open().map(({ attachment: { pingedAt, intervalMs } }) => pingedAt + intervalMs);
    if (this.#pollers.size > 0) pings.push(now + this.#intervalMs);
    return Math.min(...pings);
  }

  #open(): { socket: HibernatingSocket; attachment: Attachment }[] {
    return this.#sockets.getWebSockets().flatMap((socket) => {
      const attachment = socket.deserializeAttachment() as Attachment | null;
      return attachment && socket.readyState === OPEN ? [{ socket, attachment }] : [];
    });
  }

  #forgetPollers(now: number): void {
    for (const [consumer, { seenAt }] of this.#pollers) {
      if (now - seenAt > POLLER_KEPT_MS) this.#pollers.delete(consumer);
    }
  }
}

/** Closes a socket and drops its attachment, because it stays on the list until the other end has closed it too. */
function letGo(socket: HibernatingSocket, code: number, reason: string): void {
  socket.serializeAttachment(null);
  socket.close(code, reason);
}

/** The id begins with the fence of the registration, so that the pong cannot count for another one. */
const ping = ({ fence }: Epoch): ProviderMessage => ({
  type: "ping",
  ping_id: `${fence}/${crypto.randomUUID()}`,
});
