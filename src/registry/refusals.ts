import type { Event } from "../core/event.ts";
import type { Problem } from "../core/problem.ts";
import { Seldom } from "./seldom.ts";

/** How often an isolate tells that keys were refused, ms. */
const KEYS_TOLD_EVERY_MS = 60_000;
/** The same of one limit of one key, or of the namespace. */
const QUOTA_TOLD_EVERY_MS = 300_000;

const KEYS = "keys";

/** What one isolate has refused in one namespace, as far as its history is to know. No refusal waits for, or fails by, more than one try to tell. */
export class Refusals {
  readonly #namespace: string;
  readonly #keys: Seldom;
  readonly #quotas: Seldom;

  constructor(namespace: string, tell: (events: readonly Event[]) => Promise<void>) {
    this.#namespace = namespace;
    this.#keys = new Seldom(KEYS_TOLD_EVERY_MS, tell);
    this.#quotas = new Seldom(QUOTA_TOLD_EVERY_MS, tell);
  }

  /** A request came with a key that is none, or is none any more. */
  async noteKey(now: number): Promise<void> {
    await this.#keys.note(KEYS, (count) => ({ ...this.#event("key_refused", now), count }), now);
  }

  /** Tells of refused keys that were only counted. */
  async tellKeys(now: number): Promise<void> {
    await this.#keys.flush(KEYS, now);
  }

  /** @param owner  whose entry it would have been */
  async noteQuota({ options: { quota } }: Problem, owner: string | null, now: number): Promise<void> {
    if (!quota) return;
    const name = quota.of === "key" && owner !== null ? owner : undefined;
    const event = { ...this.#event("quota_reached", now), quota, ...(name !== undefined && { name }) };
    await this.#quotas.note(`${quota.limit} ${quota.of} ${name ?? ""}`, () => event, now);
  }

  readonly #event = (type: Event["type"], at: number): Event => ({
    type,
    kind: "namespace",
    id: this.#namespace,
    at,
  });
}
