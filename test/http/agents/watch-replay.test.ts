import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentRecord } from "../../../src/core/agents/record.ts";
import { type AgentList, sweep } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const IDS = ["a", "b", "c"];
const QUERIES = ["", "capability=x", "tag=eu", "capability=x&tag=eu"];

const id = fc.constantFrom(...IDS);
const act = fc.oneof(
  fc.record({
    do: fc.constant("register" as const),
    id,
    capabilities: fc.subarray(["x", "y"]),
    tags: fc.subarray(["eu"]),
  }),
  fc.record({
    do: fc.constant("heartbeat" as const),
    id,
    status: fc.constantFrom("available", "busy", "offline"),
    load: fc.nat(3),
  }),
  fc.record({ do: fc.constant("metadata" as const), id, n: fc.nat(2) }),
  fc.record({ do: fc.constant("drain" as const), id, method: fc.constantFrom("POST", "DELETE") }),
  fc.record({ do: fc.constant("leave" as const), id }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1000, 4000, 20_000, 61_000) }),
  fc.record({ do: fc.constant("watch" as const), query: fc.constantFrom(...QUERIES) }),
  fc.record({ do: fc.constant("look" as const), watcher: fc.nat(3) }),
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

interface Changes {
  changes: ({ type: "updated"; agent: AgentRecord } | { type: "removed"; id: string })[];
  cursor: string;
  resync: boolean;
}

/** What of a record only time, or a load that nobody is told of, changes. */
const lasting = ({
  effective_status: _e,
  status_reason: _r,
  current_load: _c,
  load_ratio: _l,
  last_seen: _s,
  age_ms: _a,
  expires_at: _x,
  ...rest
}: AgentRecord) => rest;

/** All of them: there are never more than a page has. */
const list = async (registry: Registry, query: string): Promise<AgentRecord[]> =>
  (await registry.get<AgentList>(`/v1/agents?${query}`)).body.agents;

/** Whoever follows: the list as of its beginning, and what it was told since. */
class Watcher {
  readonly query: string;
  readonly agents = new Map<string, object>();
  readonly #registry: Registry;
  #cursor = "";

  constructor(registry: Registry, query: string) {
    this.#registry = registry;
    this.query = query;
  }

  /** The cursor comes first: what changes while the list is read is told again. */
  async begin(): Promise<void> {
    this.#cursor = (await this.#ask("")).cursor;
    this.agents.clear();
    for (const agent of await list(this.#registry, this.query)) this.agents.set(agent.id, lasting(agent));
  }

  /** Reads on until nothing more was told. */
  async look(): Promise<void> {
    for (;;) {
      const { changes, cursor, resync } = await this.#ask(`&since=${this.#cursor}`);
      expect(resync).toBe(false);
      for (const change of changes) {
        if (change.type === "updated") this.agents.set(change.agent.id, lasting(change.agent));
        else this.agents.delete(change.id);
      }
      const isEnd = cursor === this.#cursor;
      this.#cursor = cursor;
      if (isEnd) return;
    }
  }

  async #ask(rest: string): Promise<Changes> {
    const { status, body } = await this.#registry.get<Changes>(`/v1/watch?${this.query}${rest}`);
    expect(status).toBe(200);
    return body;
  }
}

async function replay(registry: Registry, acts: readonly Act[]): Promise<void> {
  const tokens = new Map<string, string>();
  const watchers: Watcher[] = [];
  for (const step of acts) {
    switch (step.do) {
      case "register": {
        const { capabilities, tags } = step;
        const fields = { id: step.id, capabilities, tags, ttl_seconds: 60, heartbeat_interval_seconds: 10 };
        tokens.set(step.id, (await registry.register(fields)).lease_token);
        break;
      }
      case "heartbeat":
        await registry.heartbeat(step.id, tokens.get(step.id), {
          status: step.status,
          current_load: step.load,
        });
        break;
      case "metadata":
        await registry.heartbeat(step.id, tokens.get(step.id), { metadata: { n: step.n } });
        break;
      case "drain":
        await registry.call(step.method, `/v1/agents/${step.id}/drain`);
        break;
      case "leave":
        await registry.call("DELETE", `/v1/agents/${step.id}`);
        break;
      case "pass":
        await registry.pass(step.ms);
        break;
      case "watch": {
        const watcher = new Watcher(registry, step.query);
        await watcher.begin();
        watchers.push(watcher);
        break;
      }
      case "look":
        await watchers[step.watcher]?.look();
        break;
    }
  }
  // That a lease has lapsed is told by the sweep.
  await sweep(registry);
  for (const watcher of watchers) {
    await watcher.look();
    const listed = await list(registry, watcher.query);
    const expected = listed.map((agent): [string, object] => [agent.id, lasting(agent)]);
    expect([...watcher.agents].toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual(expected);
  }
}

describe.each(BACKENDS)("whoever watches on $backend", ({ openBackend }) => {
  it("has the full list in membership, document and reported status, from wherever it began", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), (acts) =>
        replay(new Registry({ backend: openBackend() }), acts),
      ),
      { numRuns: 40, seed: 15, endOnFailure: true },
    );
  });
});
