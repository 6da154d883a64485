import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createClient, type ServedTool } from "../../../src/client/index.ts";
import { localRegistry } from "../../../src/local/index.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const AGENT = { id: "a", name: "a", type: "b", capabilities: ["x"] };
const META = { run_id: "run", session_id: "session" };
const upper: ServedTool = {
  payload_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  result_schema: {},
  handle: ({ text }: { text: string }) => text.toUpperCase(),
};

describe("a registry in this process", () => {
  it("takes an agent, and finds it until it leaves", async () => {
    await using local = localRegistry();
    const registry = createClient(local);
    const found = async () => (await registry.discover({ capability: "x" })).agents.map(({ id }) => id);
    const agent = await registry.join(AGENT);
    expect(await found()).toEqual(["a"]);
    await agent.leave();
    expect(await found()).toEqual([]);
  });

  it("shares nothing with another", async () => {
    await using one = localRegistry();
    await using other = localRegistry();
    await using agent = await createClient(one).join(AGENT);
    expect(await createClient(other).discover()).toMatchObject({ agents: [] });
    expect((await createClient(one).discover()).agents.map(({ id }) => id)).toEqual([agent.id]);
  });

  it("resolves a service to its providers in turn, but to none that fails", async () => {
    await using local = localRegistry();
    const registry = createClient(local);
    const service = { service: "llm", strategy: "round_robin" } as const;
    for (const id of ["a", "b"]) await registry.agents.register({ ...AGENT, id, services: [service] });
    const resolved = async () => (await registry.services.resolve("llm")).provider.id;
    expect([await resolved(), await resolved(), await resolved()]).toEqual(["a", "b", "a"]);
    const failure = { service: "llm", provider_id: "b", success: false };
    await registry.services.reportAll(Array.from({ length: 5 }, () => failure));
    expect([await resolved(), await resolved()]).toEqual(["a", "a"]);
  });

  it("has tools served and called, by long polls", async () => {
    await using local = localRegistry();
    const registry = createClient(local);
    await using served = await registry.serveToolset({ name: "text", tools: { upper } });
    const call = { toolset: served.name, tool: "upper", payload: { text: "hi" }, meta: META };
    expect(await registry.callTool(call)).toMatchObject({ result: "HI" });
    await expect(registry.callTool({ ...call, payload: {} })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("takes the variables of a deployment, and asks for keys where it has some", async () => {
    const token = "a-token";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
    const sha256 = Buffer.from(digest).toString("hex");
    const env = { API_KEYS: JSON.stringify([{ name: "k", sha256, scopes: ["read"] }]) };
    await using local = localRegistry({ env });
    await expect(createClient(local).stats()).rejects.toMatchObject({ code: "unauthorized" });
    await expect(createClient({ ...local, key: token }).stats()).resolves.toMatchObject({
      total_components: 0,
    });
  });

  it.each([
    [{ AGENT_TTL_SECONDS: "never" }, /AGENT_TTL_SECONDS/],
    [{ UPSTASH_REDIS_REST_URL: "https://redis.example", UPSTASH_REDIS_REST_TOKEN: "t" }, /not in Redis/],
  ])("does not start with %o", (env, why) => {
    expect(() => localRegistry({ env })).toThrow(why);
  });

  it("answers no request that is aborted, and opens no WebSocket", async () => {
    await using local = localRegistry();
    const url = `${local.url}/health`;
    await expect(local.fetch(url, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    const controller = new AbortController();
    const asked = local.fetch(`${local.url}/v1/services/ready?service=llm`, { signal: controller.signal });
    controller.abort("enough");
    await expect(asked).rejects.toBe("enough");
    await expect(local.fetch(url, { headers: { Upgrade: "websocket" } })).rejects.toThrow("WebSocket");
  });

  it("ends what waits when it is closed, and answers nothing from then on", async () => {
    const local = localRegistry();
    const waiting = local.fetch(`${local.url}/v1/services/ready?service=llm&timeout=60`);
    const asked = local.fetch(`${local.url}/v1/stats`);
    await local.close();
    expect([(await waiting).status, (await asked).status]).toEqual([503, 200]);
    await expect(local.fetch(local.url)).rejects.toThrow("closed");
    await local.close();
  });

  it("sweeps once a minute", async () => {
    const clock = new FakeClock();
    await using local = localRegistry({ clock });
    const registry = createClient(local);
    await registry.agents.register({ ...AGENT, ttl_seconds: 60, heartbeat_interval_seconds: 10 });
    const types = async () => (await registry.events()).events.map(({ type }) => type);
    clock.step(60_000);
    await expect.poll(types).toEqual(["registered", "became_unreachable", "capability_unavailable"]);
    const aMinuteLater = () => (clock.step(60_000), types());
    await expect.poll(aMinuteLater).toContain("lapsed");
  });
});

describe("a registry in a directory", () => {
  const places: string[] = [];
  const place = () => {
    const path = mkdtempSync(join(tmpdir(), "rollcall-local-"));
    places.push(path);
    return join(path, "registry");
  };
  afterAll(() => {
    for (const path of places) rmSync(path, { recursive: true });
  });

  it("goes on where it was: with its agents, their tokens and its events", async () => {
    const directory = place();
    const before = localRegistry({ directory });
    const registered = await createClient(before).agents.register(AGENT);
    await before.close();
    await using local = localRegistry({ directory });
    const registry = createClient(local);
    const { lease_token: leaseToken } = registered;
    expect(await registry.agents.heartbeat("a", {}, { leaseToken })).toMatchObject({ received: true });
    expect((await registry.events()).events).toMatchObject([{ type: "registered", id: "a" }]);
  });

  it("is open once at a time", async () => {
    const directory = place();
    const first = localRegistry({ directory });
    expect(() => localRegistry({ directory })).toThrow(`The registry in ${directory} cannot be opened`);
    await first.close();
    await using second = localRegistry({ directory });
    expect((await second.fetch(`${second.url}/ready`)).status).toBe(200);
  });
});
