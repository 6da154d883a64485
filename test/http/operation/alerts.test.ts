import { describe, expect, it } from "vitest";
import type { Alert } from "../../../src/core/alert.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

interface Listed {
  as_of: string | null;
  alerts: (Omit<Alert, "since"> & { since: string })[];
  count: number;
  found: number;
}

const BRIEF = { ttl_seconds: 16, heartbeat_interval_seconds: 8 };

/** Sweeps, and gives what is wrong then. */
async function swept(registry: Registry): Promise<Listed> {
  expect((await registry.post("/v1/sweep")).status).toBe(200);
  return (await registry.get<Listed>("/v1/alerts")).body;
}

const named = ({ alerts }: Listed) =>
  alerts.map(({ code, id, provider }) => [code, id, provider].filter((word) => word !== undefined).join(" "));

describe.each(BACKENDS)("alerts on $backend", ({ openBackend }) => {
  it("are none where nothing is wrong, and say that nobody has looked yet", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ capabilities: ["spot"], services: [{ service: "llm" }] });
    const nothing = { alerts: [], count: 0, found: 0 };
    expect((await registry.get("/v1/alerts")).body).toEqual({ as_of: null, ...nothing });
    expect(await swept(registry)).toEqual({ as_of: new Date(registry.now).toISOString(), ...nothing });
  });

  it("name a service nobody of can be chosen, a breaker that is open, and a capability nobody has free", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("good");
    await services.offer("broken");
    await services.offer("busy", { service: "stt" }, { status: "busy", capabilities: ["hear", "spot"] });
    await services.register({ capabilities: ["spot"] });
    await services.reports("broken", false, 5);
    expect(named(await swept(services))).toEqual([
      "service_unusable stt",
      "capability_unavailable hear",
      "breaker_open llm broken",
    ]);
    const { alerts } = await swept(services);
    expect(alerts[0]).toMatchObject({ severity: "critical", count: 1, kind: "service" });
    expect(alerts[2]).toMatchObject({ severity: "warning", kind: "service" });
  });

  it("end with time alone where time alone ends them: an open breaker lets a call through again", async () => {
    const services = openServices({ backend: openBackend() });
    const circuit_breaker = { recovery_timeout: 60 };
    await services.offer("only", { circuit_breaker }, { heartbeat_interval_seconds: null });
    await services.reports("only", false, 5);
    expect(named(await swept(services))).toEqual(["service_unusable llm", "breaker_open llm only"]);
    // Of which the first sweep told; what the third finds was told to nobody.
    for (const _ of [2, 3]) expect(named(await swept(services))).toHaveLength(2);
    await services.pass(60_000);
    expect(named(await swept(services))).toEqual([]);
  });

  it("keep the time since when something is wrong, and end with it", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { lease_token } = await registry.register({ id: "a", status: "busy", capabilities: ["spot"] });
    const since = new Date(registry.now).toISOString();
    await swept(registry);
    await registry.pass(60_000);
    await registry.heartbeat("a", lease_token, { status: "busy", current_load: 1 });
    expect((await swept(registry)).alerts).toMatchObject([{ code: "capability_unavailable", since }]);
    await registry.heartbeat("a", lease_token, { status: "available", current_load: 1 });
    expect((await swept(registry)).alerts).toEqual([]);
  });

  it("are told when they begin and when they end, by the registry", async () => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.serve();
    const ill = { status: "busy", capabilities: ["spot"], services: [{ service: "llm" }] };
    const { lease_token } = await registry.register({ id: "a", heartbeat_interval_seconds: null, ...ill });
    await registry.pass(40_001);
    await swept(registry);
    // What was told already is not told again.
    await swept(registry);
    await registry.heartbeat("a", lease_token, { status: "available", current_load: 0 });
    await swept(registry);
    const types = ["service", "capability", "toolset"].flatMap((kind) =>
      ["unusable", "usable", "unavailable", "available", "unhealthy", "healthy"].map((is) => `${kind}_${is}`),
    );
    const { body } = await registry.get<{ events: { type: string; id: string; actor: unknown }[] }>(
      "/v1/events",
    );
    const told = body.events.filter(({ type }) => types.includes(type));
    expect(told.map(({ type, id }) => `${type} ${id}`)).toEqual([
      "service_unusable llm",
      "capability_unavailable spot",
      expect.stringMatching(/^toolset_unhealthy /),
      "service_usable llm",
      "capability_available spot",
    ]);
    expect(told[0]).toMatchObject({ kind: "service", count: 1, actor: { type: "registry" } });
  });

  it("name a mass outage with its size, and afterwards that agents are expected back", async () => {
    const registry = new Registry({ backend: openBackend() });
    for (let i = 0; i < 6; i += 1) await registry.register({ id: `brief-${i}`, ...BRIEF });
    for (let i = 0; i < 6; i += 1)
      await registry.register({ id: `static-${i}`, heartbeat_interval_seconds: null });
    await registry.pass(12_001);
    const { alerts } = await swept(registry);
    expect(alerts).toMatchObject([{ code: "agents_unreachable", severity: "critical", count: 6 }]);
    expect(alerts[0]!.detail).toContain("6 of 12 agents");
    await registry.pass(5000);
    expect((await swept(registry)).alerts).toMatchObject([{ code: "recovering", count: 6 }]);
  });

  it("take a few silent agents of many for their own trouble", async () => {
    const registry = new Registry({ backend: openBackend() });
    for (let i = 0; i < 3; i += 1) await registry.register({ id: `brief-${i}`, ...BRIEF });
    for (let i = 0; i < 13; i += 1) await registry.register({ heartbeat_interval_seconds: null });
    await registry.pass(12_001);
    expect((await swept(registry)).alerts).toEqual([]);
  });

  it("name a toolset without a provider, and tell whether calls wait for one", async () => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.serve();
    expect((await swept(registry)).alerts).toEqual([]);
    await registry.callTool();
    await registry.pass(40_001);
    expect((await swept(registry)).alerts).toMatchObject([
      { code: "toolset_unhealthy", severity: "critical", kind: "toolset", count: 1 },
    ]);
  });

  it("name a limit of the namespace that is near, and one that is reached", async () => {
    const env = { LIMITS: JSON.stringify({ agents: 10 }) };
    const registry = new Registry({ backend: openBackend(), env });
    for (let i = 0; i < 9; i += 1) await registry.register();
    expect((await swept(registry)).alerts).toMatchObject([
      { code: "quota_near", severity: "warning", id: "agents", count: 9 },
    ]);
    await registry.register();
    // A look that has nothing new to read says the same.
    for (const _ of [1, 2]) {
      expect((await swept(registry)).alerts).toMatchObject([
        { code: "quota_near", severity: "critical", id: "agents", count: 10 },
      ]);
    }
  });

  it("of a fleet too large to read are found where agents were lost, and in turns", async () => {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, 1100, (i) => ({
      heartbeat_interval_seconds: null,
      capabilities: [`skill-${String(i % 3)}`],
    }));
    await registry.register({
      id: "busy",
      status: "busy",
      capabilities: ["alone"],
      heartbeat_interval_seconds: null,
    });
    await registry.register({
      id: "brief",
      capabilities: ["zz-lost", "skill-1"],
      services: [{ service: "zz" }],
      ...BRIEF,
    });
    expect(named(await swept(registry))).toEqual(["capability_unavailable alone"]);
    await registry.pass(12_001);
    const found = ["service_unusable zz", "capability_unavailable alone", "capability_unavailable zz-lost"];
    expect(named(await swept(registry)).toSorted()).toEqual(found.toSorted());
    await registry.register({ id: "back", capabilities: ["zz-lost"] });
    expect(named(await swept(registry))).not.toContain("capability_unavailable zz-lost");
  });
});

describe("alerts that are too many to be looked at again at once", () => {
  it("stay, and end in their turn", async () => {
    const registry = new Registry();
    await populate(registry, 1001, () => ({ heartbeat_interval_seconds: null }));
    const busy = { status: "busy", heartbeat_interval_seconds: null };
    const capabilities = Array.from({ length: 30 }, (_, i) => `skill-${String(i).padStart(2, "0")}`);
    const { lease_token } = await registry.register({ id: "busy", ...busy, capabilities });
    // Five in each run, by their names.
    for (let run = 1; run <= 6; run += 1) expect((await swept(registry)).count).toBe(5 * run);
    await registry.pass(60_000);
    expect((await swept(registry)).count).toBe(30);
    await registry.heartbeat("busy", lease_token, { status: "available", current_load: 0 });
    let runs = 0;
    for (; (await swept(registry)).count > 0; runs += 1) await registry.pass(60_000);
    expect(runs).toBeGreaterThan(0);
    expect(runs).toBeLessThan(10);
  });
});

describe("what a look costs", () => {
  it("is two commands and no document while nothing has happened since", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await populate(registry, 300, () => ({ capabilities: ["spot"] }));
    await swept(registry);
    const { log } = await backend.bridge.cost(() => registry.post("/v1/sweep"));
    const own = log.map((line) => line.replace(/ .*?:default:/, " ")).slice(-3);
    expect(own).toEqual(["HGET usage", "EVALSHA directives", "SET sweep"]);
  });
});

describe("the history of a namespace", () => {
  it("has a point every 15 minutes, and those of 24 h", async () => {
    const registry = new Registry();
    await registry.register({ heartbeat_interval_seconds: null });
    const points = async () =>
      (
        await registry.get<{ points: { at: string; by_status: unknown; calls: number }[] }>(
          "/v1/stats/history",
        )
      ).body.points;
    expect(await points()).toEqual([]);
    const first = new Date(registry.now).toISOString();
    await swept(registry);
    expect(await points()).toEqual([{ at: first, by_status: { available: 1 }, calls: 0 }]);
    await registry.pass(899_999);
    await swept(registry);
    expect(await points()).toHaveLength(1);
    for (let i = 0; i < 100; i += 1) {
      await registry.pass(900_000);
      await swept(registry);
    }
    const kept = await points();
    expect(kept).toHaveLength(96);
    expect(Date.parse(kept[0]!.at)).toBeGreaterThan(registry.now - 86_400_000);
  });
});
