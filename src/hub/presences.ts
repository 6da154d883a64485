import type { HibernatingSocket, Sockets } from "../durable/storage.ts";
import type { HubMessage, PresenceRequest } from "./hub.ts";

// WebSocket.OPEN, which is not defined everywhere.
const OPEN = 1;

/** What is kept with a socket, so that it outlives hibernation; null once the socket was let go. */
export interface Presence extends PresenceRequest {
  /** When it was opened, or last said more than a ping. */
  heardAt: number;
  /** When its lease was last written, or seen to be there. */
  writtenAt: number;
  /** What it reported is not written yet. */
  owes: boolean;
}

export interface OpenPresence {
  socket: HibernatingSocket;
  presence: Presence;
}

/** The open sockets of one hub. Instants are ms since the Unix epoch. */
export class Presences {
  readonly #sockets: Sockets;
  /** There are no more than this. */
  #atMost: number;

  constructor(sockets: Sockets) {
    this.#sockets = sockets;
    this.#atMost = this.count();
  }

  add(socket: HibernatingSocket, presence: Presence): void {
    this.#atMost += 1;
    this.#sockets.acceptWebSocket(socket, [presence.id]);
    this.keep(socket, presence);
  }

  keep(socket: HibernatingSocket, presence: Presence): void {
    socket.serializeAttachment(presence);
  }

  all(): OpenPresence[] {
    return this.#open(this.#sockets.getWebSockets());
  }

  of(id: string): OpenPresence[] {
    return this.#open(this.#sockets.getWebSockets(id));
  }

  /** The ids of the API keys that opened them, each once. */
  keys(): string[] {
    return [...new Set(this.all().flatMap(({ presence }) => presence.key ?? []))];
  }

  find(socket: HibernatingSocket): Presence | undefined {
    return (socket.deserializeAttachment() as Presence | null) ?? undefined;
  }

  count(): number {
    return this.#sockets.getWebSockets().length;
  }

  /** Whether there are so many. Counted only where there may be, because the platform makes a list of all for it. */
  areAtLeast(many: number): boolean {
    if (this.#atMost >= many) this.#atMost = this.count();
    return this.#atMost >= many;
  }

  /** When the agent was last heard, if only by a ping that the platform answered. */
  heardAt({ socket, presence }: OpenPresence): number {
    const pingedAt = this.#sockets.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    return Math.max(presence.heardAt, pingedAt);
  }

  /** Closes a socket and drops what is kept with it, because it stays on the list until the other end has closed it too. */
  letGo(socket: HibernatingSocket, [code, reason]: readonly [code: number, reason: string]): void {
    socket.serializeAttachment(null);
    socket.close(code, reason);
  }

  #open(sockets: readonly HibernatingSocket[]): OpenPresence[] {
    return sockets.flatMap((socket) => {
      const presence = this.find(socket);
      return presence && socket.readyState === OPEN ? [{ socket, presence }] : [];
    });
  }
}

export const say = (socket: HibernatingSocket, message: HubMessage): void =>
  socket.send(JSON.stringify(message));
