import { compareEpochs, type Epoch, epochIn } from "../../src/core/fence.ts";
import { readLeaseToken } from "../../src/registry/lease-token.ts";
import { bearer, keysAccess, type TestKey } from "./keys.ts";
import { lossesOf } from "./losses.ts";
import { type Registered, Registry } from "./registry.ts";
import { START } from "./start.ts";
import type { Backend, RedisBackend } from "./stores.ts";

const ID = "a";
const OWNERS = ["one", "two"] as const;
type Owner = (typeof OWNERS)[number];
const ADMIN = "root";

/** No lease lapses but where a test lets days pass: isolates' clocks are minutes apart. */
const TERMS = { ttl_seconds: 86_400, heartbeat_interval_seconds: 43_200 };
const SKEWS_MS = [0, -600_000, 600_000];

/** One run of a process, from its start to its end. */
interface Life {
  owner: Owner;
  /** One for the whole life. */
  idempotencyKey: string;
  /** undefined: it has no answer yet */
  token: string | undefined;
  state: "in" | "stopped" | "left";
}

const SLOTS: readonly Owner[] = ["one", "one", "one", "two"];

/**
 * Processes that all take themselves for the agent "a" and do as they are told, isolates whose clocks differ, and a store that
 * forgets. Every answer is held against the laws; what is read at the end too.
 */
export class Lives {
  readonly #backend: Backend;
  readonly #isolates: Registry[];
  readonly #redis: RedisBackend | undefined;
  #lives: Life[];
  #started = 0;
  #now = START;
  #failOver: (() => Promise<void>) | undefined;
  /** Every registration that was ever told of, and every end, by fence: with its owner. */
  readonly #issued = new Map<string, Owner>();
  readonly #ended = new Set<string>();
  /** undefined: the store may have lost it */
  #isDrained: boolean | undefined = false;

  private constructor(backend: Backend, isolates: Registry[]) {
    this.#backend = backend;
    this.#isolates = isolates;
    this.#redis = "bridge" in backend ? (backend as RedisBackend) : undefined;
    this.#lives = SLOTS.map((owner) => this.#born(owner));
  }

  static async open(backend: Backend): Promise<Lives> {
    const access = await keysAccess([
      ...OWNERS.map((name) => ({ name, token: name, scopes: ["read", "write"] as TestKey["scopes"] })),
      { name: ADMIN, token: ADMIN, scopes: ["admin"] as TestKey["scopes"] },
    ]);
    const isolates = SKEWS_MS.map((skew) => {
      const own = "bridge" in backend ? (backend as RedisBackend).inAnotherIsolate() : backend;
      return new Registry({ backend: own, access, startAt: START + skew });
    });
    return new Lives(backend, isolates);
  }

  /** Whether the store can lose anything. */
  get canLose(): boolean {
    return this.#redis !== undefined;
  }

  #born(owner: Owner): Life {
    this.#started += 1;
    return { owner, idempotencyKey: `life-${this.#started}`, token: undefined, state: "in" };
  }

  /** The process crashes, and another one starts in its place. */
  restart(slot: number): void {
    this.#lives[slot] = this.#born(SLOTS[slot]!);
  }

  /** @param answered false: the answer is lost on its way, or the request is a duplicate that comes late */
  async register(slot: number, isolate: number, answered: boolean): Promise<void> {
    const life = this.#lives[slot]!;
    const { token, owner } = life;
    const { status, body } = await this.#post<Registered>(
      isolate,
      "",
      owner,
      { id: ID, ...BODY, ...TERMS },
      token,
      {
        "Idempotency-Key": life.idempotencyKey,
      },
    );
    if (status < 300) {
      const { fence } = await readLeaseToken(body.lease_token);
      this.#issued.set(fence, owner);
      if (answered) life.token = body.lease_token;
    } else if (status === 409) await this.#mayStop(life, answered);
    else if (status !== 403) throw new Error(`${status} ${JSON.stringify(body)}`);
  }

  /** A client that knows no tokens. */
  async registerWithoutToken(isolate: number): Promise<void> {
    const { status, body } = await this.#post<Registered>(isolate, "", "one", { id: ID, ...BODY, ...TERMS });
    if (status < 300) this.#issued.set((await readLeaseToken(body.lease_token)).fence, "one");
    else if (status !== 403) throw new Error(`${status} ${JSON.stringify(body)}`);
  }

  /** @returns whether it was heard */
  async callIn(slot: number, isolate: number): Promise<boolean> {
    const life = this.#lives[slot]!;
    if (life.state !== "in") return false;
    if (life.token === undefined) {
      await this.register(slot, isolate, true);
      return false;
    }
    const { status, body } = await this.#post<{ action?: string }>(
      isolate,
      `/${ID}/heartbeat`,
      life.owner,
      { status: "available", current_load: 0 },
      life.token,
    );
    if (status === 200) return true;
    if (status === 404 && body.action === "register") await this.register(slot, isolate, true);
    else if (status === 409 && body.action === "stop") await this.#mayStop(life, true);
    else throw new Error(`${status} ${JSON.stringify(body)}`);
    return false;
  }

  async leave(slot: number, isolate: number): Promise<void> {
    const life = this.#lives[slot]!;
    if (life.state !== "in" || life.token === undefined) return;
    const headers = { ...bearer(life.owner), "Lease-Token": life.token };
    const { status } = await this.#isolates[isolate]!.call("DELETE", `/v1/agents/${ID}`, undefined, headers);
    if (status === 409) await this.#mayStop(life, true);
    if (status !== 204) return;
    this.#ended.add((await readLeaseToken(life.token)).fence);
    life.state = "left";
    this.#isDrained = false;
  }

  async drain(isolate: number, on: boolean): Promise<void> {
    const path = `/v1/agents/${ID}/drain`;
    const { status } = await this.#isolates[isolate]!.call(
      on ? "POST" : "DELETE",
      path,
      undefined,
      bearer(ADMIN),
    );
    if (status < 300) this.#isDrained = on;
  }

  async sweep(isolate: number): Promise<void> {
    const { body } = await this.#isolates[isolate]!.post<{ reaped: string[] }>(
      "/v1/sweep",
      undefined,
      bearer(ADMIN),
    );
    if (body.reaped.includes(ID)) this.#isDrained = false;
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const isolate of this.#isolates) await isolate.pass(ms);
    await this.#backend.setClock(this.#now);
  }

  async replicate(): Promise<void> {
    this.#failOver = await lossesOf(this.#redis!).replicate();
  }

  async failOver(): Promise<void> {
    if (!this.#failOver) return;
    this.#isDrained = undefined;
    await this.#failOver();
  }

  async empty(): Promise<void> {
    this.#isDrained = false;
    await lossesOf(this.#redis!).empty();
  }

  async loseKey(nth: number): Promise<void> {
    const { bridge, prefix } = this.#redis!;
    const keys = (await bridge.raw<string[]>("KEYS", `${prefix}:*`)).toSorted();
    const key = keys[nth % Math.max(1, keys.length)];
    if (key === undefined) return;
    if (key.endsWith(":directives")) this.#isDrained = undefined;
    await bridge.raw("DEL", key);
  }

  /** Two intervals and a third, in each of which all processes that have not ended call in, `first` first, and the cron sweeps. */
  async settle(first: number): Promise<void> {
    const slots = SLOTS.map((_, slot) => (slot + first) % SLOTS.length);
    let heard: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      heard = [];
      for (const slot of slots) if (await this.callIn(slot, 0)) heard.push(slot);
      await this.sweep(0);
    }
    const living = this.#lives.filter(({ state, token }) => state === "in" && token !== undefined);
    if (living.length === 0) return;
    const { status, body } = await this.#isolates[0]!.get<{ owner: Owner; effective_status: string }>(
      `/v1/agents/${ID}`,
      bearer(ADMIN),
    );
    if (status !== 200) throw new Error(`${living.length} call in, and nobody has the id`);
    if (heard.length > 1) throw new Error("two are served");
    // Of another owner's the rule of ownership keeps one waiting.
    for (const [slot, life] of this.#lives.entries()) {
      const waits = life.state === "in" && life.token !== undefined && life.owner === body.owner;
      if (waits && !heard.includes(slot)) throw new Error("the newest that calls in is not heard");
    }
    if (this.#isDrained !== undefined && this.#isDrained !== (body.effective_status === "draining")) {
      throw new Error(`drained: ${this.#isDrained}, and yet ${body.effective_status}`);
    }
  }

  /** It was told to stop: a law says for what alone. */
  async #mayStop(life: Life, isTold: boolean): Promise<void> {
    const told = life.token === undefined ? undefined : await epochOf(life.token);
    const isOlder = (fence: string) =>
      told !== undefined && compareEpochs(told, { fence, registeredAt: epochIn(fence)! }) <= 0;
    const newer = [...this.#issued.keys()].some((fence) => fence !== told?.fence && isOlder(fence));
    if (!newer && ![...this.#ended].some((fence) => told === undefined || isOlder(fence))) {
      throw new Error("it was ended, and nothing newer ever had the id");
    }
    if (isTold) life.state = "stopped";
  }

  #post<T>(
    isolate: number,
    path: string,
    owner: Owner,
    body: object,
    token?: string,
    headers: Record<string, string> = {},
  ) {
    return this.#isolates[isolate]!.post<T>(`/v1/agents${path}`, body, {
      ...bearer(owner),
      ...(token !== undefined && { "Lease-Token": token }),
      ...headers,
    });
  }
}

const BODY = { name: "agent", type: "worker" };

async function epochOf(token: string): Promise<Epoch> {
  const { fence } = await readLeaseToken(token);
  return { fence, registeredAt: epochIn(fence)! };
}
