import { describe, expect, it } from "vitest";
import { countAgents } from "../../../src/registry/agents/count.ts";
import type { Store } from "../../../src/store/store.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

const BRIEF = { ttl_seconds: 16, heartbeat_interval_seconds: 8 };
const SLOW = { ttl_seconds: 300, heartbeat_interval_seconds: 8 };
const HELD = { ttl_seconds: 300, heartbeat_interval_seconds: 100 };

describe.each(BACKENDS)("counting agents on $backend", ({ openBackend }) => {
  it("gives each live one its status as readers see it, a drain before silence", async () => {
    const registry = new Registry({ backend: openBackend() });
    for (const [id, fields] of [
      ["drained", HELD],
      ["drained-silent", SLOW],
      ["drained-lapsed", { ...BRIEF, capabilities: ["spot", "chart", "spot"] }],
      ["silent", SLOW],
      ["busy", { ...HELD, status: "busy", capabilities: ["spot"] }],
      ["static", { heartbeat_interval_seconds: null }],
    ] as const) {
      await registry.register({ id, ...fields });
      if (id.startsWith("drained")) await registry.post(`/v1/agents/${id}/drain`);
    }
    await registry.pass(16_001);
    const { store } = registry.open("default");
    const fromDocuments = await countAgents(store, 200, registry.now);
    const counted = await countAgents(store, 201, registry.now);
    expect(counted).toEqual(fromDocuments);
    expect(counted).toEqual({
      total: 5,
      lapsed: 1,
      byStatus: new Map([
        ["busy", 1],
        ["draining", 2],
        ["unreachable", 1],
        ["available", 1],
      ]),
      byType: new Map([["worker", 5]]),
      byCapability: new Map([["spot", 1]]),
    });
  });

  it("takes a lapsed one that comes back meanwhile for a live one", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { lease_token } = await registry.register({ id: "a", type: "x", capabilities: ["spot"], ...BRIEF });
    await registry.pass(16_001);
    const { store } = registry.open("default");
    const read: Store["read"] = async (refs, now) => {
      await registry.heartbeat("a", lease_token, { status: "busy", current_load: 0 });
      return store.read(refs, now);
    };
    expect(await countAgents({ ...store, read }, 201, registry.now)).toEqual({
      total: 1,
      lapsed: 0,
      byStatus: new Map([["busy", 1]]),
      byType: new Map([["x", 1]]),
      byCapability: new Map([["spot", 1]]),
    });
  });

  it.each([
    { size: 49, names: 4900, pages: 6 },
    { size: 80, names: undefined, pages: 7 },
  ])(
    "looks at no more than 6,000 names of $size agents that have 100 each",
    async ({ size, names, pages }) => {
      const registry = new Registry({ backend: openBackend() });
      await populate(registry, size, (i) => ({
        capabilities: Array.from({ length: 100 }, (_, n) => `capability-${i}-${n}`),
      }));
      const { store } = registry.open("default");
      let asked = 0;
      const terms: Store["terms"] = (query) => {
        asked += 1;
        return store.terms(query);
      };
      const counted = await countAgents({ ...store, terms }, 201, registry.now);
      expect([counted?.byCapability.size, asked]).toEqual([names, pages]);
    },
  );
});

describe("counting agents on redis", () => {
  it("takes what is left in the index of nobody, or of an earlier registration, for no agent", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await registry.register({ id: "held" });
    await registry.register({ id: "lapsed", ...BRIEF });
    await registry.pass(16_001);
    for (const id of ["ghost", "held", "lapsed"]) {
      await backend.bridge.raw("ZADD", `${backend.prefix}:default:ix:agent`, 0, `${id}\x1fearlier`);
    }
    const { store } = registry.open("default");
    expect(await countAgents(store, 201, registry.now)).toMatchObject({
      total: 1,
      lapsed: 1,
      byType: new Map([["worker", 1]]),
    });
  });
});
