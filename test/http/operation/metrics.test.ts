import { describe, expect, it } from "vitest";
import type { Fault } from "../../support/bridge-control-protocol.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { scrape } from "../../support/scrape.ts";
import { breakablePools, openServices, type Runtime } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { ECHO, openToolsets } from "../../support/toolsets.ts";

interface Stats {
  total_components: number;
  by_status: Record<string, number>;
  by_type: Record<string, number>;
  lapsed: number;
  last_sweep: { scanned: number; reaped: number; duration_ms: number };
}

const BRIEF = { ttl_seconds: 16, heartbeat_interval_seconds: 8 };
/** A name with everything that the format has to escape, and that a name may have. */
const ODD = 'back\\slash "quoted" {braced="x"} größe';

const withoutZeros = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

describe.each(BACKENDS)("the metrics on $backend", ({ openBackend }) => {
  it("agree with what the API says of agents and of the last sweep", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ type: ODD, capabilities: [ODD, "all"], heartbeat_interval_seconds: null });
    await registry.register({ status: "busy", capabilities: ["busy", "all"] });
    await registry.register({ type: "brief", capabilities: ["gone"], ...BRIEF });
    await registry.register({ capabilities: ["silent"], heartbeat_interval_seconds: 8 });
    await registry.pass(16_001);
    await registry.post("/v1/sweep");
    await registry.pass(1);

    const metrics = await scrape(registry);
    const { body: stats } = await registry.get<Stats>("/v1/stats");
    expect(metrics.of("store_up")).toEqual({ "": 1 });
    expect(stats.by_status).toEqual({ available: 1, busy: 1, unreachable: 1 });
    expect(withoutZeros(metrics.of("agents"))).toEqual(stats.by_status);
    expect(Object.keys(metrics.of("agents"))).toHaveLength(8);
    expect(metrics.of("agents_known")).toEqual({ "": stats.total_components });
    expect(metrics.of("agents_by_type")).toEqual({ ...stats.by_type, "": 0 });
    expect(metrics.of("agents_by_type")).toHaveProperty([ODD], 1);
    expect([stats.lapsed, metrics.of("agents_lapsed")]).toEqual([1, { "": 1 }]);
    expect(metrics.of("agents_as_of_timestamp_seconds")).toEqual({ "": registry.now / 1000 });
    expect(metrics.of("sweep_timestamp_seconds")).toEqual({ "": (registry.now - 1) / 1000 });
    expect(metrics.of("sweep_scanned")).toEqual({ "": stats.last_sweep.scanned });
    expect(metrics.of("sweep_reaped")).toEqual({ "": stats.last_sweep.reaped });
    expect(metrics.of("sweep_complete")).toEqual({ "": 1 });

    const missing = metrics.of("capability_without_available_agent");
    expect(missing).toEqual({ busy: 1, gone: 1, silent: 1 });
    expect(metrics.of("capabilities_without_available_agent")).toEqual({ "": 3 });
    for (const capability of ["busy", "gone", "silent", "all", ODD]) {
      const asked = `/v1/discover?capability=${encodeURIComponent(capability)}`;
      const { body } = await registry.get<{ agents: unknown[] }>(asked);
      expect([capability, body.agents.length === 0]).toEqual([capability, capability in missing]);
    }
  });

  it("agree with what the API says of services: their breakers, and who can be chosen", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("a", [{ handler: "chat" }, {}]);
    await services.offer("b");
    await services.offer("c", {}, { status: "busy" });
    await services.offer("d", { service: "stt" }, { ...BRIEF });
    await services.reports("b", false, 5);
    await services.pass(16_001);

    const metrics = await scrape(services);
    expect(metrics.of("services")).toEqual({ "": 2 });
    expect(metrics.of("usable_providers")).toEqual({ llm: 1, stt: 0 });
    const { body } = await services.resolve("?limit=10");
    expect(body.providers).toHaveLength(1);
    const breakers = metrics.of("breakers");
    expect(breakers).toMatchObject({ "llm closed": 2, "llm open": 1, "llm half_open": 0, "stt closed": 0 });
    const { circuit_breaker_stats: stats } = (await services.get<Runtime>("/v1/runtime/services")).body;
    const states = Object.groupBy(Object.values(stats), ({ state }) => state);
    expect(states["open"]).toHaveLength(breakers["llm open"]!);
    expect(states["closed"]).toHaveLength(breakers["llm closed"]!);
  });

  it("agree with what the API says of toolsets and their calls", async () => {
    const toolsets = openToolsets({ backend: openBackend() });
    await toolsets.offer({ name: "idle" });
    const token = await toolsets.serve();
    for (let i = 0; i < 3; i += 1) await toolsets.callTool();
    await toolsets.claim(token, { max: 1 });

    const metrics = await scrape(toolsets);
    expect(metrics.of("toolsets")).toEqual({ "": 2 });
    expect(metrics.of("toolset_healthy")).toEqual({ idle: 0, tools: 1 });
    const { body } = await toolsets.get<{ queued: number; claimed: number }>("/v1/toolsets/tools/calls");
    expect(body).toMatchObject({ queued: 2, claimed: 1 });
    expect(metrics.of("calls")).toEqual({
      "idle queued": 0,
      "idle claimed": 0,
      "tools queued": body.queued,
      "tools claimed": body.claimed,
    });
  });

  it("name 50 of each at most, and count the others", async () => {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, 120, (i) => ({
      type: `type-${i % 60}`,
      status: "busy",
      capabilities: [`capability-${i % 60}`],
      services: [{ service: `service-${i % 60}` }],
    }));
    for (let i = 0; i < 51; i += 1)
      await registry.post("/v1/toolsets", { name: `tools-${i}`, tools: [ECHO] });
    const metrics = await scrape(registry);
    expect(metrics.of("agents_by_type")).toHaveProperty([""], 20);
    expect(metrics.of("capabilities_without_available_agent")).toEqual({ "": 60 });
    expect(metrics.of("services")).toEqual({ "": 60 });
    expect(metrics.of("toolsets")).toEqual({ "": 51 });
    const named = (name: string) => Object.keys(metrics.of(name)).length;
    expect([named("agents_by_type"), named("capability_without_available_agent")]).toEqual([51, 50]);
    expect([named("usable_providers"), named("breakers")]).toEqual([50, 150]);
    expect([named("toolset_healthy"), named("calls")]).toEqual([50, 100]);
  });

  it("are those of the last sweep of a large fleet, and say nothing of what it does not count", async () => {
    const registry = new Registry({ backend: openBackend() });
    for (let from = 0; from < 5001; from += 1667) {
      await populate(registry, 1667, (i) => ({ id: `a-${from + i}`, capabilities: ["spot"] }));
    }
    await registry.register({ id: "a-0", services: [{ service: "llm" }] });
    await registry.register({ id: "a-1", status: "busy", capabilities: ["alone"] });
    const before = await scrape(registry);
    expect(before.of("agents_known")).toEqual({ "": 5001 });
    expect(before.names).not.toContain("agents");
    expect(before.names).not.toContain("sweep_scanned");
    await registry.post("/v1/sweep");
    const sweptAt = registry.now;
    await registry.pass(1000);
    const { of } = await scrape(registry);
    expect(withoutZeros(of("agents"))).toEqual({ available: 5000, busy: 1 });
    expect(of("agents_by_type")).toEqual({ worker: 5001, "": 0 });
    expect(of("agents_as_of_timestamp_seconds")).toEqual({ "": sweptAt / 1000 });
    expect(of("usable_providers")).toEqual({ llm: 1 });
    expect(of("capability_without_available_agent")).toEqual({ alone: 1 });
    expect(before.names.filter((name) => name.startsWith("capabilit"))).toEqual([]);
  });
});

describe("the text", () => {
  it("has every series once, and HELP and TYPE of each family before it", async () => {
    const toolsets = openToolsets();
    await toolsets.register({ capabilities: [ODD, "spot"], services: [{ service: ODD }], status: "busy" });
    await toolsets.serve();
    await toolsets.post("/v1/sweep");
    const { status, headers, text, families } = await scrape(toolsets);
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const ofSeries = series.map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(new Set(ofSeries).size).toBe(ofSeries.length);
    expect(families.map(({ metrics }) => metrics.length).reduce((sum, size) => sum + size)).toBe(
      series.length,
    );
    for (const { name, help, type } of families) {
      expect(name).toMatch(/^rollcall_[a-z_]+$/);
      expect(help.length, name).toBeGreaterThan(10);
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type.toLowerCase()}\n${name}`);
    }
  });

  it("is the same whatever a scraper accepts", async () => {
    const registry = new Registry();
    const accepted = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    // Each scrape is a request that the next one counts.
    const uncounted = (text: string) => text.split("\n").filter((line) => !/_total\b/.test(line));
    await scrape(registry);
    const { headers, text } = await scrape(registry, { Accept: accepted });
    expect(headers.get("Content-Type")).toMatch(/^text\/plain/);
    expect(uncounted(text)).toEqual(uncounted((await scrape(registry)).text));
  });
});

describe("a scrape", () => {
  it("costs so many round trips, and of a large fleet no more of one ten times as large", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await populate(registry, 100, () => ({ services: [{ service: "llm" }] }));
    await scrape(registry);
    expect(await backend.bridge.cost(() => scrape(registry))).toMatchObject({ requests: 6 });

    for (let from = 0; from < 5001; from += 1667) {
      await populate(registry, 1667, (i) => ({ id: `a-${from + i}` }));
    }
    await registry.post("/v1/sweep");
    await scrape(registry);
    const { requests, commands } = await backend.bridge.cost(() => scrape(registry));
    expect({ requests, commands }).toEqual({ requests: 7, commands: 8 });
    // Whoever is not read need not be there.
    for (let from = 0; from < 50_000; from += 5000) {
      const members = Array.from({ length: 5000 }, (_, i) => [0, `b-${from + i}\x1ffence`]).flat();
      await backend.bridge.raw("ZADD", `${backend.prefix}:default:ix:agent`, ...members);
    }
    expect(await backend.bridge.cost(() => scrape(registry))).toMatchObject({ requests, commands });
  });

  const faults: Fault[] = [{ kind: "status", status: 500 }, { kind: "cut" }, { kind: "garbage" }];
  it.each(faults.flatMap((fault) => [0, 1, 2, 3, 4].map((after) => ({ ...fault, after }))))(
    "during an outage says that there is one, and gives no number of what it did not read: $kind after $after",
    async (fault) => {
      const backend = redisBackend();
      const registry = new Registry({ backend });
      await registry.register({ services: [{ service: "llm" }] });
      await scrape(registry);
      await backend.bridge.fail(fault);
      const { status, names, of } = await scrape(registry);
      expect([status, of("store_up")]).toEqual([200, { "": 0 }]);
      expect(names.filter((name) => /agents|services|toolsets|sweep/.test(name))).toEqual([]);
      await backend.bridge.heal();
      expect((await scrape(registry)).of("agents_known")).toEqual({ "": 1 });
    },
  );

  it("counts the pools that do not answer, and gives no number of what they know", async () => {
    const { backend, fail } = breakablePools(BACKENDS[1].openBackend());
    const services = openServices({ backend });
    await services.offer("a");
    await fail();
    const { of, names } = await scrape(services);
    expect([of("services"), of("pools_unanswered")]).toEqual([{ "": 1 }, { "": 1 }]);
    expect(names).not.toContain("usable_providers");
    expect(names).not.toContain("breakers");
  });
});
