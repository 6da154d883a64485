import { type Access, type Config, keysOf, parseConfig } from "../../src/config.ts";
import { createApp } from "../../src/http/app.ts";
import type { Endpoint } from "../../src/http/frame/endpoint.ts";
import type { RateLimits } from "../../src/http/frame/rate-limit.ts";
import { shownEvent } from "../../src/http/routes/operation/shown-event.ts";
import { type Namespace, namespaces } from "../../src/registry/namespace.ts";
import type { Telemetry } from "../../src/telemetry.ts";
import type { Ground } from "../../src/webhooks/webhook-sender.ts";
import { START } from "./start.ts";
import { type Backend, BACKENDS } from "./stores.ts";

/** Short: a test that waits for it waits for nothing else. */
export const PROBE_TIMEOUT_MS = 500;

export { START };

export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** Closes the socket of an answer, if it has one: the test does not listen on it. */
export function closeSocket({ webSocket }: Response): void {
  webSocket?.accept();
  webSocket?.close();
}

export interface RegistryOptions {
  backend?: Backend;
  access?: Access;
  env?: Record<string, string>;
  /** The other end of health checks. */
  fetchHealth?: typeof fetch;
  /** The other end of webhooks, if not nobody. */
  fetchWebhook?: typeof fetch;
  /** ms since the Unix epoch */
  startAt?: number;
  rateLimits?: RateLimits;
  /** Takes note of every answer, if not one that writes nothing down. */
  telemetry?: Telemetry;
  /** The routes, if not all there are. */
  table?: readonly Endpoint[];
  /** What a wait lasts; unless told it is over at once, and its time has passed. */
  pause?: (ms: number) => Promise<void>;
}

const nobody: typeof fetch = async () => {
  throw new TypeError("nobody is there");
};

/** The whole HTTP application over a real store, with a clock that stands still until told. */
export class Registry {
  readonly backend: Backend;
  readonly config: Config;
  /** Opens a namespace, for what is to be asked without HTTP. */
  readonly open: (namespace: string) => Namespace;
  /** What the object has around it that sends a namespace's webhooks. */
  readonly webhooksGround: (namespace: string) => Ground;
  readonly #app: ReturnType<typeof createApp>;
  #now: number;

  constructor(options: RegistryOptions = {}) {
    const { backend, access, env = {}, fetchHealth = fetch, pause, startAt = START } = options;
    const { table, rateLimits, telemetry, fetchWebhook = nobody } = options;
    this.#now = startAt;
    this.backend = backend ?? BACKENDS[1].openBackend(startAt);
    const config = parseConfig({ ACCESS: "open", ...env });
    this.config = access ? { ...config, access } : config;
    const { access: granted } = this.config;
    const clock = () => this.#now;
    this.webhooksGround = (namespace) => ({
      store: this.open(namespace).store,
      show: shownEvent,
      fetch: fetchWebhook,
      allowLoopback: granted.mode === "open",
      // Unless a test says otherwise, a receiver is waited for.
      pause: () => new Promise(() => {}),
    });
    this.open = namespaces({
      openStore: this.backend.open,
      openPool: this.backend.openPool,
      openGateway: this.backend.openGateway,
      openHub: (namespace, hub) => this.backend.openHub(this.open(namespace).store, namespace, hub),
      openWebhooks: (namespace) => this.backend.openWebhooks(() => this.webhooksGround(namespace), namespace),
      ...this.config,
      keysOf: (namespace) => keysOf(granted, namespace),
      prober: {
        fetch: fetchHealth,
        allowLoopback: granted.mode === "open",
        timeoutMs: PROBE_TIMEOUT_MS,
      },
      clock,
      pause: pause ?? ((ms) => this.pass(ms)),
    });
    this.#app = createApp({
      access: granted,
      open: this.open,
      clock,
      rateLimits,
      ...(telemetry && { telemetry }),
      ...(table && { table }),
    });
  }

  get now(): number {
    return this.#now;
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    await this.backend.advance(this.#now);
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return Promise.resolve(this.#app.request(new Request(`http://localhost${path}`, init)));
  }

  /** One exchange with JSON on both sides; the body is undefined where there is none, and a plain text, or lines, as they are. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const response = await this.fetch(path, {
      method,
      headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    closeSocket(response);
    const { status, headers: answered } = response;
    const text = await response.text();
    const isText = /^text\/plain|x-ndjson/.test(answered.get("Content-Type") ?? "");
    const parsed: unknown = text === "" ? undefined : isText ? text : JSON.parse(text);
    return { status, headers: answered, body: parsed as T };
  }

  get<T = Record<string, unknown>>(path: string, headers?: Record<string, string>): Promise<Reply<T>> {
    return this.call<T>("GET", path, undefined, headers);
  }

  post<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<T>> {
    return this.call<T>("POST", path, body, headers);
  }

  /** Registers an agent that must be admitted. */
  async register(
    fields: Record<string, unknown> = {},
    headers?: Record<string, string>,
  ): Promise<Registered> {
    const { status, body } = await this.post<Registered>(
      "/v1/agents",
      { name: "agent", type: "worker", ...fields },
      headers,
    );
    if (status >= 300) throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Calls in for one agent. */
  heartbeat(
    id: string,
    token: string | undefined,
    body: unknown = {},
  ): Promise<Reply<Record<string, unknown>>> {
    return this.post(
      `/v1/agents/${encodeURIComponent(id)}/heartbeat`,
      body,
      token ? { "Lease-Token": token } : {},
    );
  }
}

export interface Registered {
  agent_id: string;
  lease_token: string;
  registered_at: string;
  heartbeat_url: string;
  heartbeat_interval_seconds: number | null;
  ttl_seconds: number;
  expires_at: string | null;
  outcome: "created" | "replaced" | "renewed" | "restored";
  desired_state: "run" | "drain";
}
