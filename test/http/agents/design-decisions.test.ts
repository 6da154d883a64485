import { describe, expect, it } from "vitest";
import type { AgentRecord } from "../../../src/core/agents/record.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

/** One test for each row of the table at the end of behaviours.md: where the five sources disagree, what Rollcall does. */

const read = async (registry: Registry, id: string): Promise<AgentRecord> =>
  (await registry.get<AgentRecord>(`/v1/agents/${encodeURIComponent(id)}`)).body;
const ids = async (registry: Registry, path: string): Promise<string[]> =>
  (await registry.get<{ agents: { id: string }[] }>(path)).body.agents.map(({ id }) => id);

describe.each(BACKENDS)("design decisions on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("identity: the caller's id or a minted UUID v4, and a lease token for each registration [ruling 1]", async () => {
    const registry = open();
    const named = await registry.register({ id: "agent/orchestrator" });
    const minted = await registry.register();
    const again = await registry.register({ id: "agent/orchestrator" });
    expect(named.agent_id).toBe("agent/orchestrator");
    expect(minted.agent_id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    const tokens = [named, minted, again].map(({ lease_token }) => lease_token);
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(token).toMatch(/^300\.30\.\d+\.[\w-]{22}$/);
    expect((await registry.heartbeat("agent/orchestrator", named.lease_token)).status).toBe(409);
    expect((await registry.heartbeat("agent/orchestrator", again.lease_token)).status).toBe(200);
  });

  it("status words: one list, `healthy` means `available`, and `unreachable` is only ever computed [ruling 2]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", status: "healthy" });
    expect((await read(registry, "a")).status).toBe("available");
    await registry.heartbeat("a", lease_token, { status: "busy" });
    await registry.heartbeat("a", lease_token, { status: "healthy" });
    expect((await read(registry, "a")).status).toBe("available");
    for (const path of ["/v1/agents?status=healthy", "/v1/discover?status=healthy", "/v1/discover"]) {
      expect(await ids(registry, path)).toEqual(["a"]);
    }
    expect((await registry.heartbeat("a", lease_token, { status: "unreachable" })).status).toBe(400);
    await registry.pass(45_001);
    expect(await read(registry, "a")).toMatchObject({
      status: "available",
      effective_status: "unreachable",
      status_reason: "no heartbeat for more than 45 s",
    });
    expect(await ids(registry, "/v1/agents?status=unreachable")).toEqual(["a"]);
  });

  it.each([
    [{}, 45_000, 300_000],
    [{ heartbeat_interval_seconds: 10 }, 15_000, 300_000],
    [{ heartbeat_interval_seconds: 1, ttl_seconds: 2 }, 1500, 2000],
    [{ heartbeat_interval_seconds: 40, ttl_seconds: 80 }, 60_000, 80_000],
  ])(
    "lease: with %j reachable through %i ms and there through %i ms [ruling 3]",
    async (terms, heard, alive) => {
      const registry = open();
      await registry.register({ id: "a", ...terms });
      const status = async () => (await read(registry, "a")).effective_status;
      await registry.pass(heard);
      expect(await status()).toBe("available");
      await registry.pass(1);
      expect(await status()).toBe("unreachable");
      await registry.pass(alive - heard - 1);
      expect(await status()).toBe("unreachable");
      await registry.pass(1);
      expect((await registry.get("/v1/agents/a")).status).toBe(404);
    },
  );

  it("unregister of an unknown id: 404 under /v1, 200 on the older route [ruling 4]", async () => {
    const registry = open();
    expect((await registry.call("DELETE", "/v1/agents/nobody")).status).toBe(404);
    expect((await registry.post("/agents/nobody/unregister")).status).toBe(200);
  });

  it("heartbeat: carries any of status, load, health and metadata, and what is absent stays [ruling 5]", async () => {
    const registry = open();
    const state = { status: "busy", current_load: 4, health_score: 0.9, metadata: { a: 1, b: 2 } };
    const { lease_token } = await registry.register({ id: "a", ...state });
    for (const [said, changed] of [
      [{}, {}],
      [{ status: "degraded" }, { status: "degraded" }],
      [{ current_load: 0 }, { current_load: 0 }],
      [{ health_score: 0 }, { health_score: 0 }],
      [{ metadata: { b: null, c: 3 } }, { metadata: { a: 1, c: 3 } }],
      [
        { status: "busy", current_load: 9 },
        { status: "busy", current_load: 9 },
      ],
    ] as const) {
      expect((await registry.heartbeat("a", lease_token, said)).status).toBe(200);
      Object.assign(state, changed);
      const { status, current_load, health_score, metadata } = await read(registry, "a");
      expect({ status, current_load, health_score, metadata }).toEqual(state);
    }
  });

  it("maximum: 0 is full, null is unlimited [ruling 6]", async () => {
    const registry = open();
    await registry.register({ id: "full", max_concurrency: 0 });
    await registry.register({ id: "unlimited", max_concurrency: null, current_load: 1000 });
    expect((await read(registry, "full")).load_ratio).toBe(1);
    expect((await read(registry, "unlimited")).load_ratio).toBe(0);
    expect(await ids(registry, "/v1/discover")).toEqual(["unlimited"]);
  });

  it("dead ones: listed as unreachable until the lease ends, never discovered [ruling 7]", async () => {
    const registry = open();
    await registry.register({ id: "a", capabilities: ["spot"] });
    await registry.pass(45_001);
    for (const ms of [0, 300_000 - 45_001]) {
      await registry.pass(ms);
      expect((await read(registry, "a")).effective_status).toBe("unreachable");
      expect(await ids(registry, "/v1/agents?capability=spot")).toEqual(["a"]);
      expect(await ids(registry, "/v1/discover?capability=spot")).toEqual([]);
      expect(await ids(registry, "/v1/discover?capability=spot&exact=true")).toEqual([]);
    }
    await registry.pass(1);
    expect(await ids(registry, "/v1/agents?capability=spot")).toEqual([]);
  });

  it("filters: every capability and tag asked for, each exactly [ruling 9]", async () => {
    const registry = open();
    await registry.register({ id: "both", capabilities: ["go", "review"], tags: ["eu", "fast"] });
    await registry.register({ id: "go", capabilities: ["go"], tags: ["eu"] });
    await registry.register({ id: "case", capabilities: ["Go", "review"], tags: ["EU", "fast"] });
    for (const [query, expected] of [
      ["capability=go", ["both", "go"]],
      ["capability=go&capability=review", ["both"]],
      ["capability=review&capability=go&capability=go", ["both"]],
      ["tag=eu", ["both", "go"]],
      ["tag=eu&tag=fast", ["both"]],
      ["tag=fast&capability=Go", ["case"]],
      ["capability=go,review", []],
      ["tag=eu&type=other", []],
    ] as const) {
      for (const path of ["/v1/discover", "/v1/agents"]) {
        expect([query, await ids(registry, `${path}?${query}`)]).toEqual([query, expected]);
      }
    }
  });

  it("re-registration: replaces with a new epoch, or renews with the current token; terms follow [ruling 10]", async () => {
    const registry = open();
    const first = await registry.register({ id: "a", capabilities: ["old", "kept"], status: "busy" });
    const token = { "Lease-Token": first.lease_token };
    const renewed = await registry.register({ id: "a", capabilities: ["kept", "new"] }, token);
    expect([renewed.outcome, renewed.lease_token]).toEqual(["renewed", first.lease_token]);
    expect((await read(registry, "a")).status).toBe("busy");
    expect(await ids(registry, "/v1/agents?capability=old")).toEqual([]);
    expect(await ids(registry, "/v1/agents?capability=new&capability=kept")).toEqual(["a"]);

    const replaced = await registry.register({ id: "a", capabilities: ["new"] });
    expect(replaced.outcome).toBe("replaced");
    expect((await read(registry, "a")).status).toBe("available");
    expect(await ids(registry, "/v1/agents?capability=kept")).toEqual([]);

    const late = await registry.post("/v1/agents", { id: "a", name: "late", type: "late" }, token);
    expect([late.status, late.body["code"], late.body["action"]]).toEqual([409, "lease_lost", "stop"]);
    for (const said of [{}, { metadata: { a: 1 } }, { status: "busy", current_load: 9 }]) {
      expect((await registry.heartbeat("a", first.lease_token, said)).body["code"]).toBe("lease_lost");
    }
    const removal = await registry.call("DELETE", "/v1/agents/a", undefined, token);
    expect([removal.status, removal.body["code"]]).toEqual([409, "lease_lost"]);
    expect(await read(registry, "a")).toMatchObject({
      name: "agent",
      status: "available",
      current_load: 0,
      metadata: {},
    });
  });
});

describe.each(BREAKABLE)("the design decision on outages on $name", ({ openBreakable }) => {
  it("store outage: 503 with Retry-After on every route that needs the store, and /health stays up [ruling 8]", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a" });
    await fail();
    for (const [method, path, body] of [
      ["POST", "/v1/agents", { name: "b", type: "t" }],
      ["POST", "/v1/heartbeats", { heartbeats: [{ id: "a", lease_token }] }],
      ["POST", "/v1/agents/import", { components: [{ type: "t", name: "n", activated: true }] }],
      ["POST", "/v1/agents/a/drain", undefined],
      ["DELETE", "/v1/agents/a", undefined],
      ["GET", "/v1/agents/a", undefined],
      ["GET", "/v1/agents", undefined],
      ["GET", "/v1/discover?exact=true", undefined],
      ["GET", "/v1/discover?capability=spot", undefined],
      ["GET", "/v1/capabilities", undefined],
      ["GET", "/agents", undefined],
      ["POST", "/v1/sweep", undefined],
    ] as const) {
      const { status, headers, body: answer } = await registry.call(method, path, body);
      expect([path, status, answer["code"]]).toEqual([path, 503, "store_unavailable"]);
      expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    }
    expect((await registry.get("/health")).status).toBe(200);
    await recover();
    expect(await ids(registry, "/v1/agents")).toEqual(["a"]);
  });
});
