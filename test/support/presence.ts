import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { AgentHub } from "../../src/hub/agent-hub.ts";
import type { HubMessage } from "../../src/hub/hub.ts";
import type { Registered, Registry } from "./registry.ts";

/** The only hub where the platform says no region and there is one for each. */
export const HUB = "any-0";

/** An agent's end of a socket. */
export class PresenceSocket {
  readonly #socket: WebSocket;
  readonly #heard: string[] = [];
  readonly #waiting: ((text: string) => void)[] = [];
  /** Resolves once the socket is closed, with the code that the other end gave. */
  readonly closed: Promise<number>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) =>
      socket.addEventListener("close", ({ code }) => {
        resolve(code);
        socket.close();
      }),
    );
    socket.addEventListener("message", ({ data }) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting(String(data));
      else this.#heard.push(String(data));
    });
    socket.accept();
  }

  /** What comes next. */
  next(): Promise<string> {
    const heard = this.#heard.shift();
    return heard === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(heard);
  }

  async message(): Promise<HubMessage> {
    return JSON.parse(await this.next()) as HubMessage;
  }

  /** Sends a text, and waits until the hub has taken it. */
  async say(report: Record<string, unknown> | string): Promise<void> {
    this.#socket.send(typeof report === "string" ? report : JSON.stringify(report));
  }

  async ping(): Promise<void> {
    this.#socket.send("ping");
    const answer = await this.next();
    if (answer !== "pong") throw new Error(`it answered ${answer}`);
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }
}

/** The handshake of an agent that opens a socket. */
export const handshake = (
  registry: Registry,
  { agent_id, lease_token }: Pick<Registered, "agent_id" | "lease_token">,
  headers: Record<string, string> = { "Lease-Token": lease_token },
): Promise<Response> =>
  registry.fetch(`/v1/agents/${encodeURIComponent(agent_id)}/presence`, {
    headers: { Upgrade: "websocket", ...headers },
  });

/** Opens an agent's socket; the first message is read. */
export async function present(
  registry: Registry,
  agent: Pick<Registered, "agent_id" | "lease_token">,
): Promise<PresenceSocket> {
  const { status, webSocket } = await handshake(registry, agent);
  if (!webSocket) throw new Error(`no socket: ${status}`);
  const socket = new PresenceSocket(webSocket);
  const first = await socket.message();
  if (first.type !== "attached") throw new Error(`it said ${first.type}`);
  return socket;
}

/** The hub of a registry's namespace `default`. */
export function hubIn(registry: Registry, hub = HUB) {
  const stub = () => registry.backend.hubStub("default", hub);
  const { store } = registry.open("default");
  const inside = <T>(work: (hub: AgentHub, storage: DurableObjectStorage) => T | Promise<T>): Promise<T> =>
    runInDurableObject(stub(), ({ hosted: { inner } }, { storage }) => {
      // One that began anew has its class's own.
      inner.store = store;
      return work(inner, storage);
    });
  const end = async (webSockets: "hibernate" | "close") => {
    // Only one that runs can be ended.
    await inside(() => undefined);
    await evictDurableObject(stub(), { webSockets });
    await inside(() => undefined);
  };
  return {
    inside,
    tick: (now: number) => inside((inner) => inner.tick(now)),
    /** Puts it to sleep: its memory goes, its sockets stay. */
    sleep: () => end("hibernate"),
    /** Ends it as a deployment does: its memory goes, and so do its sockets. */
    abort: () => end("close"),
  };
}
