import { runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { vi } from "vitest";
import { type Ground, WebhookSender } from "../../src/webhooks/webhook-sender.ts";
import { Registry, type RegistryOptions } from "./registry.ts";

/** A message as its receiver has it, once its signature was verified. */
export interface Received {
  /** The `webhook-id`. */
  id: string;
  url: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

type Answer = (received: Received) => Response | Promise<Response>;
const taken: Answer = () => new Response(null, { status: 204 });

/** A receiver of webhooks: verifies each message with the library that receivers are told to use. */
export class Receiver {
  /** Every message that came in, whatever it was answered. */
  readonly received: Received[] = [];
  readonly requests: RequestInit[] = [];
  /** By URL. */
  readonly secrets = new Map<string, string>();
  answer: Answer = taken;
  now: () => number = () => 0;

  readonly fetch: typeof fetch = async (url, init) => {
    if (typeof url !== "string" || !init) throw new Error("a webhook names its URL and its terms");
    this.requests.push(init);
    const received = this.#verify(url, init);
    this.received.push(received);
    return this.answer(received);
  };

  #verify(url: string, init: RequestInit): Received {
    const headers = init.headers as Record<string, string>;
    const secret = this.secrets.get(url);
    if (secret === undefined) throw new Error(`nobody subscribed ${url}`);
    // The library has the time of day from the platform.
    vi.useFakeTimers({ toFake: ["Date"], now: this.now() });
    try {
      const body = new Webhook(secret).verify(init.body as string, headers) as Omit<Received, "id" | "url">;
      return { id: headers["webhook-id"]!, url, ...body };
    } finally {
      vi.useRealTimers();
    }
  }
}

export interface Subscribed {
  id: string;
  secret: string;
}

export const URL_A = "https://receiver.example/a";

/** A registry with a receiver of its webhooks, and the alarm of what sends them in the test's hand. */
export class Hooked {
  readonly receiver = new Receiver();
  readonly registry: Registry;

  constructor(options: RegistryOptions = {}) {
    this.registry = new Registry({ ...options, fetchWebhook: this.receiver.fetch });
    this.receiver.now = () => this.registry.now;
  }

  /** How long the alarm waits for receivers; by default until they have answered. */
  pause: Ground["pause"] = () => new Promise(() => {});
  /** In place of what the store does. */
  store: Partial<Ground["store"]> = {};

  async subscribe(fields: { url?: string } & Record<string, unknown> = {}): Promise<Subscribed> {
    const { url = URL_A } = fields;
    const { status, body } = await this.registry.post<Subscribed>("/v1/subscriptions", { ...fields, url });
    if (status !== 201) throw new Error(`not subscribed: ${status} ${JSON.stringify(body)}`);
    this.receiver.secrets.set(url, body.secret);
    return body;
  }

  /** Lets time pass, and the alarm go off. */
  async pass(ms: number): Promise<void> {
    await this.registry.pass(ms);
    await this.tick();
  }

  tick(): Promise<void> {
    return this.inside((sender) => sender.tick(this.registry.now));
  }

  inside<T>(work: (sender: WebhookSender) => T | Promise<T>): Promise<T> {
    const { registry } = this;
    return runInDurableObject(registry.backend.webhooksStub("default"), ({ hosted: { inner } }) => {
      const ground = registry.webhooksGround("default");
      inner.ground = { ...ground, store: { ...ground.store, ...this.store }, pause: this.pause };
      return work(inner);
    });
  }

  /** Whether there is a message that was not delivered. */
  async isWaiting(): Promise<boolean> {
    const all = await this.inside((sender) => sender.list(this.registry.now));
    return all.some(({ queued }) => queued > 0);
  }

  storage<T>(work: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
    const stub = this.registry.backend.webhooksStub("default");
    return runInDurableObject(stub, (_, { storage }) => work(storage));
  }

  /** What the object does after a deployment: its memory is gone, its storage is there. */
  async tickAnew(ground: Partial<Ground> = {}): Promise<void> {
    const { registry } = this;
    await runInDurableObject(registry.backend.webhooksStub("default"), (_, { storage }) =>
      new WebhookSender({ ...registry.webhooksGround("default"), ...ground }, storage).tick(registry.now),
    );
  }

  /** What came in of the history's events, by type and entry. */
  told(): string[] {
    return this.receiver.received.map(({ type, data }) => `${type} ${String(data["id"])}`);
  }
}
