import { describe, expect, it } from "vitest";
import { Registry } from "../../support/registry.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { sweep } from "../../../src/registry/sweep.ts";

interface Log {
  id: string;
  events: { type: string; at: string; cursor: string }[];
  count: number;
  uptime: { ratio: number | null; window_seconds: number; observed_seconds: number };
}

describe.each(BACKENDS)("an entry's own events on $backend", ({ openBackend }) => {
  const logOf = async (registry: Registry, path: string) => (await registry.get<Log>(path)).body;
  const typesIn = ({ events }: Log) => events.map(({ type }) => type);

  it("are the last ones, as the history has them, whatever happened to others, and after its end too", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "a/b" });
    await registry.post("/v1/agents/a%2Fb/drain");
    await registry.register({ id: "other" });
    await registry.call("DELETE", "/v1/agents/a%2Fb");
    const log = await logOf(registry, "/v1/agents/a%2Fb/events");
    const { events } = await logOf(registry, "/v1/events?id=a/b&order=desc");
    expect(log).toMatchObject({ id: "a/b", events, count: events.length });
    expect(typesIn(log)).toEqual(typesIn({ ...log, events }));
    expect(typesIn(await logOf(registry, "/v1/agents/a%2Fb/events?limit=1"))).toEqual([typesIn(log)[0]]);
  });

  it("say how much of the last day it was reachable, and how much of it they tell of", async () => {
    const registry = new Registry({ backend: openBackend() });
    const [hour, minute] = [3_600_000, 60_000];
    const uptime = async () => (await logOf(registry, "/v1/agents/a/events")).uptime;
    const { lease_token } = await registry.register({ id: "a", ttl_seconds: 86_400 });
    expect(await uptime()).toEqual({ ratio: null, window_seconds: 86_400, observed_seconds: 0 });
    await registry.pass(hour);
    await sweep(registry.open("default"), registry.now);
    await registry.pass(hour);
    await registry.post("/v1/agents/a/heartbeat", {}, { "Lease-Token": lease_token });
    await sweep(registry.open("default"), registry.now);
    await registry.pass(2 * hour);
    expect(await uptime()).toEqual({ ratio: 0.75, window_seconds: 86_400, observed_seconds: 4 * 3600 });
    await registry.pass(20 * hour + minute);
    // A minute of its first hour is more than a day ago.
    expect(await uptime()).toEqual({
      ratio: 23 / 24,
      window_seconds: 86_400,
      observed_seconds: 86_400,
    });
  });

  it("of a provider have its breakers among them", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("a", { circuit_breaker: { failure_threshold: 1 } });
    await services.report("a", false);
    expect(typesIn(await logOf(services, "/v1/agents/a/events"))).toEqual(["breaker_opened", "registered"]);
  });

  it("are 404 only of what nothing is known of, whichever kind it is", async () => {
    const backend = openBackend();
    const registry = new Registry({ backend });
    await registry.register({ id: "a" });
    const refused = async (path: string) => {
      const { status, body } = await registry.get<{ code?: string }>(path);
      return body.code ?? status;
    };
    expect(await refused("/v1/agents/b/events")).toBe("agent_not_found");
    expect(await refused("/v1/toolsets/a/events")).toBe("toolset_not_found");
    for (const limit of ["0", "201", "x"])
      expect(await refused(`/v1/agents/a/events?limit=${limit}`)).toBe("invalid_request");
    await registry.post("/v1/toolsets", { name: "a", tools: [{ name: "t", payload_schema: {} }] });
    const toolset = await logOf(registry, "/v1/toolsets/a/events");
    expect(toolset).toMatchObject({ id: "a", count: 1, events: [{ type: "registered", kind: "toolset" }] });
    expect(toolset).not.toHaveProperty("uptime");
  });
});

describe("an entry's log in Redis", () => {
  it("is read with one command, and one more where it is empty", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await registry.register({ id: "a" });
    const cost = async (path: string) => {
      const { requests, commands } = await backend.bridge.cost(() => registry.get(path));
      return [requests, commands];
    };
    expect(await cost("/v1/agents/a/events")).toEqual([1, 1]);
    await backend.bridge.raw("DEL", `${backend.prefix}:default:log:agent:a`);
    expect(await cost("/v1/agents/a/events")).toEqual([2, 2]);
    expect((await registry.get("/v1/agents/a/events")).status).toBe(200);
  });
});
