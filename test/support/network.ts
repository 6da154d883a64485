import type { OpenSocket } from "../../src/client/socket.ts";
import { REFRESH_MS } from "../../src/hub/agent-hub.ts";
import { FakeClock } from "./fake-clock.ts";
import { NetworkSocket, type OtherEnd } from "./network-socket.ts";
import { hubIn } from "./presence.ts";
import { Registry, type RegistryOptions } from "./registry.ts";

/** What happens to a request. */
export type Weather =
  | { kind: "fine" }
  /** It never arrives, and the sender learns of it. */
  | { kind: "cut" }
  /** It arrives, its answer does not. */
  | { kind: "cut-reply" }
  /** It never arrives, and gets no answer until the sender gives up. */
  | { kind: "stall" }
  /** As `stall`, but it arrives that many ms later. */
  | { kind: "late"; ms: number }
  /** A proxy answers instead of the registry. */
  | { kind: "answer"; status: number; retryAfter?: number };

export interface Sent {
  /** The fake clock's elapsed time, ms */
  at: number;
  method: string;
  path: string;
  body: Record<string, unknown> | undefined;
  leaseToken: string | null;
}

/** The network between a client and a real registry, with faults, and the clock that both use. */
export class Network {
  readonly clock = new FakeClock();
  readonly sent: Sent[] = [];
  registry: Registry;
  /** For every request, or by path. */
  weather: Weather | ((path: string) => Weather) = { kind: "fine" };
  /** Its sockets take no headers. */
  isBrowser = false;
  readonly #arriving = new Set<Promise<unknown>>();
  #hasHub = false;
  #late: { at: number; run: () => void }[] = [];

  /** Those that opened, in their order. */
  readonly sockets: NetworkSocket[] = [];

  constructor(options: RegistryOptions = {}) {
    this.registry = new Registry(options);
  }

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { clock } = this;
    const path = url.slice("http://registry.test".length);
    const weather = typeof this.weather === "function" ? this.weather(path) : this.weather;
    const headers = new Headers(init.headers);
    this.sent.push({
      at: clock.elapsed,
      method: init.method ?? "GET",
      path,
      body: typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : undefined,
      leaseToken: headers.get("Lease-Token"),
    });
    init.signal?.throwIfAborted();
    const { signal, ...rest } = init;
    switch (weather.kind) {
      case "fine":
        return this.#arrive(path, rest);
      case "cut":
        throw new TypeError("connection refused");
      case "cut-reply":
        await this.#arrive(path, rest);
        throw new TypeError("connection reset");
      case "late":
        this.#late.push({ at: clock.elapsed + weather.ms, run: () => void this.#arrive(path, rest) });
        return aborted(signal);
      case "stall":
        return aborted(signal);
      case "answer": {
        const { status, retryAfter } = weather;
        return new Response("<h1>gateway</h1>", {
          status,
          headers: retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) },
        });
      }
    }
  };

  /** `new WebSocket(…)` on this network. Any weather but fine refuses it, a stall without a word. */
  readonly Socket = ((network: Network): OpenSocket =>
    class extends NetworkSocket {
      constructor(url: string, given: ConstructorParameters<OpenSocket>[1]) {
        super();
        if ("headers" in given && network.isBrowser)
          throw new SyntaxError("[object Object] is no subprotocol");
        const headers: Record<string, string> =
          "headers" in given ? given.headers : { "Sec-WebSocket-Protocol": given.join(", ") };
        const path = url.slice("ws://registry.test".length);
        const weather = typeof network.weather === "function" ? network.weather(path) : network.weather;
        network.sent.push({
          at: network.clock.elapsed,
          method: "GET",
          path,
          body: undefined,
          leaseToken: headers["Lease-Token"] ?? null,
        });
        if (weather.kind === "fine") void network.connect(this, path, headers);
        else if (weather.kind !== "stall") queueMicrotask(() => this.refuse());
      }
    })(this);

  /** Lets time pass for the client and the registry, timer by timer. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.elapsed + ms;
    for (;;) {
      await this.settle();
      const left = end - this.clock.elapsed;
      const step = Math.min(
        left,
        this.clock.untilNext,
        ...this.#late.map(({ at }) => at - this.clock.elapsed),
      );
      await this.#passThere(step);
      this.clock.step(step);
      const due = this.#late.filter(({ at }) => at <= this.clock.elapsed);
      this.#late = this.#late.filter(({ at }) => at > this.clock.elapsed);
      for (const { run } of due) run();
      if (step === left && this.clock.untilNext > 0) return this.settle();
    }
  }

  /** The client's machine sleeps: time passes for the registry and the wall clock, but not for timers. */
  async sleep(ms: number): Promise<void> {
    await this.settle();
    await this.#passThere(ms);
    this.clock.jump(ms);
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.sockets) if (!socket.isOver) socket.cut();
  }

  /** Waits until only the clock can make something happen. */
  async settle(): Promise<void> {
    do {
      await Promise.allSettled(this.#arriving);
      await Promise.all(this.sockets.map((socket) => socket.arrived()));
      await turn();
    } while (this.#arriving.size > 0);
  }

  /** Lets time pass, in the smallest possible steps, until `work` is done. */
  async until<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let settled = false;
    const watched = work.finally(() => (settled = true));
    watched.catch(() => undefined);
    const start = this.clock.elapsed;
    for (await this.settle(); !settled;) {
      const step = Math.min(this.clock.untilNext, ...this.#late.map(({ at }) => at - this.clock.elapsed));
      if (this.clock.elapsed - start > limitMs || step === Infinity)
        throw new Error("it is not going to happen");
      await this.pass(step);
    }
    return watched;
  }

  async connect(socket: NetworkSocket, path: string, headers: Record<string, string>): Promise<void> {
    const opening = this.registry.fetch(path, { headers: { ...headers, Upgrade: "websocket" } });
    this.#arriving.add(opening);
    const { webSocket } = await opening;
    this.#arriving.delete(opening);
    if (!webSocket) return socket.refuse();
    this.sockets.push(socket);
    socket.open(webSocket, path.endsWith("/presence") ? this.#hub(path.split("/").at(-2)!) : undefined);
  }

  /** The hub's end of an agent's socket: it takes its time from its caller, and the platform's is not the network's. */
  #hub(encodedId: string): OtherEnd {
    const { registry } = this;
    this.#hasHub = true;
    const id = decodeURIComponent(encodedId);
    const tell = (event: "hear" | "closed", text = "") =>
      hubIn(registry).inside(async (inner) => {
        for (const { socket, presence } of inner.open()) {
          if (presence.id !== id) continue;
          if (event === "hear") await inner.hear(socket, text, registry.now);
          else await inner.closed(socket, registry.now);
        }
      });
    return { hear: (text) => tell("hear", text), closed: () => tell("closed") };
  }

  async #passThere(ms: number): Promise<void> {
    if (!this.#hasHub) return this.registry.pass(ms);
    for (let left = ms; ; left -= REFRESH_MS) {
      await this.registry.pass(Math.min(left, REFRESH_MS));
      await hubIn(this.registry).tick(this.registry.now);
      if (left <= REFRESH_MS) return;
    }
  }

  async #arrive(path: string, init: RequestInit): Promise<Response> {
    const exchange = this.registry.fetch(path, init).then(async (response) => {
      const { status, headers } = response;
      const text = await response.text();
      return new Response(text === "" ? null : text, { status, headers });
    });
    this.#arriving.add(exchange);
    try {
      return await exchange;
    } finally {
      this.#arriving.delete(exchange);
    }
  }
}

const aborted = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => reject(new DOMException("aborted", "AbortError"));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
  });

/** One turn of the event loop, in which settled promises are handled. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
