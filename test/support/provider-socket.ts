import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { durableGateway } from "../../src/gateway/durable-gateway.ts";
import type { ProviderMessage } from "../../src/gateway/gateway.ts";
import { type CallMessage, callsOf, INTERVAL_MS, OpenedGateway } from "./tool-gateway.ts";

/** A provider's end of a socket. */
export class ProviderSocket {
  readonly #socket: WebSocket;
  #messages: ProviderMessage[] = [];
  #heard: (() => void) | undefined;
  /** Resolves once the socket is closed, with the code that the other end gave. */
  readonly closed: Promise<number>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") this.#heard?.();
      else this.#messages.push(...(JSON.parse(data as string) as { messages: ProviderMessage[] }).messages);
    });
    this.closed = new Promise((resolve) =>
      socket.addEventListener("close", ({ code }) => resolve(code), { once: true }),
    );
    socket.accept();
  }

  /** All that came since this was last asked: the platform's own pong comes after what was sent before it. */
  async received(): Promise<ProviderMessage[]> {
    await new Promise<void>((resolve) => {
      this.#heard = resolve;
      this.#socket.send("ping");
    });
    return this.#messages.splice(0);
  }

  async calls(): Promise<CallMessage[]> {
    return callsOf(await this.received());
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Goes away, and waits until the other end knows. */
  async close(): Promise<void> {
    this.#socket.close(1000);
    await this.closed;
  }
}

/** A gateway in workerd, where providers attach by sockets too. */
export class SocketGateway extends OpenedGateway {
  constructor() {
    const stub = env.TOOL_GATEWAY.getByName(crypto.randomUUID());
    super({
      gateway: durableGateway(() => stub),
      evict: () => evictDurableObject(stub),
      inside: (work) => runInDurableObject(stub, ({ hosted }, { storage }) => work(hosted.inner, storage)),
    });
  }

  /** @param key  the id of the API key that opens it */
  async socket(consumer = "s1", max = 100, intervalMs = INTERVAL_MS, key?: string): Promise<ProviderSocket> {
    const request = { epoch: this.epoch, consumer, max, intervalMs, ...(key !== undefined && { key }) };
    const { status, webSocket } = await this.gateway.socket(request, this.now);
    if (status !== 101) throw new Error(`no socket: ${status}`);
    return new ProviderSocket(webSocket!);
  }
}
