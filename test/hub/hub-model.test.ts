import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { handshake, hubIn, PresenceSocket } from "../support/presence.ts";
import { Registry } from "../support/registry.ts";
import { listedIds } from "../support/agents.ts";
import { BACKENDS, redisBackend } from "../support/stores.ts";

const IDS = ["a", "b", "c"];
/** Of every agent, s. */
const TTL = 60;
/** How often the model lets the agents ping and the hub's alarm go off, ms. */
const STEP_MS = 5000;
/** Whoever is not held by then is gone: the grace of a hub's last life, the time for which a holder counts as alive, a TTL. */
const SETTLED_MS = 60_000 + 90_000 + TTL * 1000 + 30_000;

const id = fc.constantFrom(...IDS);
const act = fc.oneof(
  fc.record({ do: fc.constant("register" as const), id }),
  fc.record({ do: fc.constant("open" as const), id }),
  fc.record({ do: fc.constant("close" as const), id }),
  fc.record({ do: fc.constant("fall silent" as const), id }),
  fc.record({ do: fc.constant("heartbeat" as const), id }),
  fc.record({ do: fc.constant("report" as const), id, load: fc.nat(5) }),
  fc.record({ do: fc.constant("leave" as const), id }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(5000, 25_000, 70_000) }),
  fc.record({ do: fc.constant("deploy" as const) }),
  fc.record({ do: fc.constant("outage" as const), ms: fc.constantFrom(10_000, 40_000) }),
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

interface Live {
  lease_token: string;
  /** Whether it has an open socket, on which it pings. */
  held: boolean;
}

class Fleet {
  readonly registry: Registry;
  readonly #outage: (work: () => Promise<void>) => Promise<void>;
  readonly #agents = new Map<string, Live>();
  readonly #hub: ReturnType<typeof hubIn>;

  constructor(registry: Registry, outage: (work: () => Promise<void>) => Promise<void>) {
    this.registry = registry;
    this.#outage = outage;
    this.#hub = hubIn(registry);
  }

  async act(step: Act): Promise<void> {
    if (step.do === "pass") return this.pass(step.ms);
    if (step.do === "outage") return this.#outage(() => this.pass(step.ms));
    if (step.do === "deploy") {
      await this.#hub.abort();
      for (const agent of this.#agents.values()) agent.held = false;
      return;
    }
    const agent = this.#agents.get(step.id);
    switch (step.do) {
      case "register": {
        const { lease_token } = await this.registry.register({ id: step.id, ttl_seconds: TTL });
        this.#agents.set(step.id, { lease_token, held: false });
        return;
      }
      case "open":
        if (agent) await this.#open(step.id, agent);
        return;
      case "close":
        if (agent) await this.#end(step.id, agent);
        return;
      case "fall silent":
        if (agent) agent.held = false;
        return;
      case "heartbeat":
        // It ends the holding; what the agent says next on its socket takes it up again.
        await this.registry.heartbeat(step.id, agent?.lease_token, { status: "available", current_load: 0 });
        if (agent?.held) await this.#say(step.id, { current_load: 0 });
        return;
      case "report":
        if (agent?.held) await this.#say(step.id, { current_load: step.load });
        return;
      case "leave":
        await this.registry.call("DELETE", `/v1/agents/${step.id}`);
        this.#agents.delete(step.id);
    }
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.registry.pass(STEP_MS);
      for (const [name, agent] of this.#agents) if (agent.held) await this.#hear(name, "ping");
      await this.#hub.tick(this.registry.now);
    }
  }

  /** Exactly those who have a socket are there, and each is held by one life of the hub: the present one. */
  async check(): Promise<void> {
    await this.pass(SETTLED_MS);
    const held = [...this.#agents].filter(([, agent]) => agent.held).map(([name]) => name);
    expect(await listedIds(this.registry)).toEqual(held.toSorted());
    const refs = held.map((name) => ({ kind: "agent" as const, id: name }));
    const snapshots = await this.registry.open("default").store.read(refs, this.registry.now);
    const holder = await this.#hub.inside((inner) => inner.holder);
    expect(snapshots.map(({ entry }) => entry?.lease?.holder)).toEqual(held.map(() => holder));
    for (const [name, { lease_token, held: isHeld }] of this.#agents) {
      const { status } = await this.registry.heartbeat(name, lease_token, {
        status: "busy",
        current_load: 0,
      });
      expect([name, isHeld ? [200] : [200, 404]]).toEqual([name, expect.arrayContaining([status])]);
    }
  }

  async #open(name: string, agent: Live): Promise<void> {
    const { webSocket } = await handshake(this.registry, { agent_id: name, lease_token: agent.lease_token });
    // One that has lapsed has to register first.
    agent.held = webSocket !== null;
    if (webSocket) void new PresenceSocket(webSocket);
  }

  async #end(name: string, agent: Live): Promise<void> {
    agent.held = false;
    await this.#hub.inside(async (inner) => {
      for (const { socket, presence } of inner.open())
        if (presence.id === name) await inner.closed(socket, this.registry.now);
    });
  }

  #say(name: string, report: object): Promise<void> {
    return this.#hear(name, JSON.stringify(report));
  }

  #hear(name: string, text: string): Promise<void> {
    return this.#hub.inside(async (inner) => {
      for (const { socket, presence } of inner.open())
        if (presence.id === name) await inner.hear(socket, text, this.registry.now);
    });
  }
}

describe.each(BACKENDS)(
  "a hub on $backend, whatever happens in whatever order,",
  ({ backend, openBackend }) => {
    it("holds those who have a socket, revives nobody, and keeps nobody who is gone", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 20 }), async (acts) => {
          const redis = backend === "redis" ? redisBackend(1000) : undefined;
          const outage = async (work: () => Promise<void>) => {
            // What the embedded store does then is what it does without one.
            await redis?.bridge.fail({ kind: "status" });
            await work();
            await redis?.bridge.heal();
          };
          const fleet = new Fleet(new Registry({ backend: redis ?? openBackend() }), outage);
          for (const name of IDS) {
            await fleet.act({ do: "register", id: name });
            await fleet.act({ do: "open", id: name });
          }
          for (const step of acts) await fleet.act(step);
          await fleet.check();
        }),
        {
          numRuns: 7,
          seed: 5,
          endOnFailure: true,
          examples: [[[{ do: "fall silent", id: "a" }]], [[{ do: "deploy" }, { do: "open", id: "b" }]]],
        },
      );
    });
  },
);
