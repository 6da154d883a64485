import type { PlatformSocket } from "../../src/client/socket.ts";

type Listener = Parameters<PlatformSocket["addEventListener"]>[1];

/** The client's end of a socket over a `Network`. */
export class NetworkSocket implements PlatformSocket {
  readonly #listeners = new Map<string, Listener>();
  #socket: WebSocket | undefined;
  readonly #closed = Promise.withResolvers<void>();
  /** Who gets the next `pong`, which the platform answers in the order of the pings. */
  readonly #pings: ((text: string) => void)[] = [];
  /** Nothing comes or goes any more, and neither end learns of it. */
  isDead = false;

  addEventListener(type: "message" | "error" | "close", listener: Listener): void {
    this.#listeners.set(type, listener);
  }

  open(socket: WebSocket): void {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") this.#pings.shift()?.(data);
      else this.#tell("message", { data });
    });
    socket.addEventListener("close", ({ code }) => {
      this.#closed.resolve();
      this.#tell("close", { code });
    });
    socket.accept();
  }

  refuse(): void {
    this.#tell("error", {});
  }

  send(text: string): void {
    if (!this.isDead) this.#ping(text, (pong) => this.#tell("message", { data: pong }));
  }

  close(): void {
    if (!this.isDead) this.#socket?.close(1000);
  }

  /** Breaks the connection; both ends learn of it. */
  cut(): void {
    this.#socket?.close(1000);
    this.#tell("close", { code: 1006 });
  }

  /** Resolves when all that the other end has sent is here. */
  async arrived(): Promise<void> {
    const isClosing = this.#socket?.readyState !== WebSocket.OPEN;
    const pong = isClosing ? undefined : new Promise<unknown>((resolve) => this.#ping("ping", resolve));
    await Promise.race([this.#closed.promise, ...(pong ? [pong] : [])]);
  }

  #ping(text: string, then: (pong: string) => void): void {
    this.#pings.push(then);
    this.#socket?.send(text);
  }

  #tell(type: string, event: Parameters<Listener>[0]): void {
    if (!this.isDead) this.#listeners.get(type)?.(event);
  }
}
