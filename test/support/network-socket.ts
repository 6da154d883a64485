import type { PlatformSocket } from "../../src/client/socket.ts";

type Listener = Parameters<PlatformSocket["addEventListener"]>[1];

/** The other end, where it is to hear of things at the network's time. */
export interface OtherEnd {
  hear: (text: string) => Promise<void>;
  closed: () => Promise<void>;
}

/** The client's end of a socket over a `Network`. */
export class NetworkSocket implements PlatformSocket {
  readonly #listeners = new Map<string, Listener>();
  #socket: WebSocket | undefined;
  #otherEnd: OtherEnd | undefined;
  /** All that was sent on it. */
  readonly said: string[] = [];
  /** Its end here has closed. */
  isOver = false;
  /** What the other end has not heard yet. */
  #sending: Promise<void> = Promise.resolve();
  readonly #closed = Promise.withResolvers<void>();
  /** Who gets the next `pong`, which the platform answers in the order of the pings. */
  readonly #pings: ((text: string) => void)[] = [];
  /** Nothing comes or goes any more, and neither end learns of it. */
  isDead = false;

  addEventListener(type: "message" | "error" | "close", listener: Listener): void {
    this.#listeners.set(type, listener);
  }

  open(socket: WebSocket, otherEnd?: OtherEnd): void {
    this.#socket = socket;
    this.#otherEnd = otherEnd;
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") this.#pings.shift()?.(data);
      else this.#tell("message", { data });
    });
    socket.addEventListener("close", ({ code }) => {
      this.isOver = true;
      this.#closed.resolve();
      this.#tell("close", { code });
    });
    socket.accept();
  }

  refuse(): void {
    this.#tell("error", {});
  }

  send(text: string): void {
    this.said.push(text);
    if (this.isDead) return;
    if (text !== "ping") return this.#send(text);
    this.#pings.push((pong) => this.#tell("message", { data: pong }));
    this.#send(text);
  }

  close(): void {
    if (!this.isDead) this.#end();
  }

  /** Breaks the connection; both ends learn of it. */
  cut(): void {
    this.#end();
    this.#tell("close", { code: 1006 });
  }

  /** Resolves when all that was sent is there, and all that the other end has sent is here. */
  async arrived(): Promise<void> {
    await this.#sending;
    if (this.isOver || this.#socket?.readyState !== WebSocket.OPEN) return;
    const pong = new Promise<string>((resolve) => this.#pings.push(resolve));
    this.#socket.send("ping");
    await Promise.race([this.#closed.promise, pong]);
  }

  #send(text: string): void {
    const otherEnd = this.#otherEnd;
    if (otherEnd) this.#sending = this.#sending.then(() => otherEnd.hear(text));
    else this.#socket?.send(text);
  }

  #end(): void {
    const otherEnd = this.isOver ? undefined : this.#otherEnd;
    this.isOver = true;
    this.#sending = this.#sending.then(() => otherEnd?.closed()).then(() => this.#socket?.close(1000));
  }

  #tell(type: string, event: Parameters<Listener>[0]): void {
    if (!this.isDead) this.#listeners.get(type)?.(event);
  }
}
