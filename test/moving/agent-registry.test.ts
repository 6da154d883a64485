import { expect } from "vitest";
import { bearer } from "../support/keys.ts";
import { COST, enlist, list, show } from "../support/legacy.ts";
import { type AskedRegistry, itMoves, OPERATOR } from "../support/moving.ts";
import type { Registered } from "../support/registry.ts";

interface Agents {
  agents: { id: string }[];
  count: number;
  next_cursor: string | null;
}

const register = (registry: AskedRegistry, fields: Record<string, unknown> = {}): Promise<Registered> =>
  registry.register({ ...COST, ...fields });
const record = async (registry: AskedRegistry, id: string) => (await registry.get(`/v1/agents/${id}`)).body;
const page = async (registry: AskedRegistry, query = "") =>
  (await registry.get<Agents>(`/v1/agents${query}`)).body;
const discover = async (registry: AskedRegistry, query: string) =>
  (await registry.get<Agents & { excluded?: unknown[] }>(`/v1/discover?${query}`)).body;
const idsOf = ({ agents }: { agents: { id: string }[] }) => agents.map(({ id }) => id);
const beat = (registry: AskedRegistry, id: string, body: object = { status: "healthy" }) =>
  registry.post(`/agents/${id}/heartbeat`, body);

const BRIEF = { env: { LEGACY_TTL_SECONDS: "60" } };

itMoves("The agent registry", {
  async "`POST /agents/register`"({ open }) {
    const registry = open();
    const old = await enlist(registry);
    const { agent_id } = await register(registry, { id: "cost-agent-1" });
    expect(agent_id).toBe("cost-agent-1");
    expect(idsOf(await page(registry)).toSorted()).toEqual([old, agent_id].toSorted());
  },
  async "`POST /agents/{id}/heartbeat`"({ open, withKeys }) {
    const registry = open();
    const { agent_id: id, lease_token } = await register(registry, { id: "a" });
    await registry.pass(10_000);
    expect((await beat(registry, id)).status).toBe(200);
    expect((await registry.heartbeat(id, lease_token, { status: "degraded" })).status).toBe(200);
    expect((await record(registry, id))["status"]).toBe("degraded");
    expect((await registry.heartbeat(id, undefined)).status).toBe(withKeys ? 403 : 200);
  },
  async "`POST /agents/{id}/unregister`"({ open }) {
    const registry = open();
    await registry.post(`/agents/${await enlist(registry)}/unregister`);
    const { agent_id: id, lease_token } = await register(registry);
    const left = await registry.call("DELETE", `/v1/agents/${id}`, undefined, { "Lease-Token": lease_token });
    expect(left.status).toBe(204);
    expect(await list(registry)).toEqual({ agents: [], count: 0 });
  },
  async "`GET /agents`"({ open }) {
    const registry = open();
    const ids = [await enlist(registry), await enlist(registry), await enlist(registry)].toSorted();
    expect(idsOf(await list(registry))).toEqual(ids);
    const first = await page(registry, "?limit=2");
    const second = await page(registry, `?limit=2&cursor=${first.next_cursor}`);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(second.next_cursor).toBeNull();
  },
  async "`GET /agents/{id}`"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    expect(await show(registry, id)).toMatchObject({ ...COST, id, status: "healthy" });
    expect(await record(registry, id)).toMatchObject({ ...COST, id, effective_status: "available" });
  },
  async "`GET /agents/type/{type}`"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    await enlist(registry, { type: "performance" });
    expect(idsOf(await list(registry, "/agents/type/cost"))).toEqual([id]);
    expect(idsOf(await page(registry, "?type=cost"))).toEqual([id]);
  },
  async "`GET /health`"({ open }) {
    const registry = open();
    expect((await registry.get("/health")).body).toMatchObject({ status: "healthy" });
    expect((await registry.get("/ready")).status).toBe(200);
  },
  async "`GetAgentWithCapability(type, capability)`"({ open }) {
    const registry = open();
    const id = await enlist(registry, { capabilities: ["spot_migration"] });
    await beat(registry, await enlist(registry, { capabilities: ["spot_migration"] }), {
      status: "unhealthy",
    });
    const find = (capability: string) => discover(registry, `type=cost&capability=${capability}&limit=1`);
    expect(idsOf(await find("spot_migration"))).toEqual([id]);
    expect(idsOf(await find("teleport"))).toEqual([]);
    await beat(registry, id, { status: "degraded" });
    const nobody = await discover(registry, "type=cost&capability=spot_migration&limit=1&explain=true");
    expect(nobody.excluded).toHaveLength(2);
  },
  async "`GetHealthyAgents()`"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    await beat(registry, await enlist(registry), { status: "degraded" });
    expect(idsOf(await page(registry, "?status=healthy"))).toEqual([id]);
  },

  async "`name`, `type`, `version`, `metadata`, `host`, `port`"({ open }) {
    const registry = open();
    const fields = { ...COST, version: "2.1.0", metadata: { zone: "a" } };
    for (const id of [await enlist(registry, fields), (await registry.register(fields)).agent_id]) {
      expect(await show(registry, id)).toMatchObject(fields);
      expect(await record(registry, id)).toMatchObject(fields);
    }
  },
  async '`"host": "cost-agent:8001"` without a `port`'({ open }) {
    const registry = open();
    const split = { host: "cost-agent", port: 8001 };
    const old = await enlist(registry, { host: "cost-agent:8001", port: undefined });
    expect(await record(registry, old)).toMatchObject(split);
    await registry.register({ id: "newer", endpoint: "https://cost-agent:8001/task" });
    expect(await show(registry, "newer")).toMatchObject(split);
  },
  async "`capabilities`, texts"({ open }) {
    const registry = open();
    const capabilities = ["spot_migration", "reserved_instances"];
    for (const id of [
      await enlist(registry, { capabilities }),
      (await register(registry, { capabilities })).agent_id,
    ]) {
      expect((await show(registry, id)).capabilities).toEqual(capabilities);
      const shown = (await record(registry, id))["capabilities"] as { name: string }[];
      expect(shown.map(({ name }) => name)).toEqual(capabilities);
    }
  },
  async "`status`"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    await beat(registry, id, { status: "healthy" });
    expect(await record(registry, id)).toMatchObject({ status: "available", effective_status: "available" });
    await registry.pass(45_001);
    expect(await record(registry, id)).toMatchObject({
      status: "available",
      effective_status: "unreachable",
    });
    expect((await show(registry, id)).status).toBe("unreachable");
  },
  async "`status` at registration"({ open }) {
    const registry = open();
    const old = await enlist(registry, { status: "degraded" });
    expect((await show(registry, old)).status).toBe("healthy");
    const { agent_id } = await register(registry, { status: "degraded" });
    expect((await show(registry, agent_id)).status).toBe("degraded");
  },
  async "`agent_id`, `registered_at`, `heartbeat_url`, `heartbeat_interval_seconds`"({ open }) {
    const registry = open();
    const registered_at = "2126-01-01T00:00:00.000Z";
    const old = await registry.post<Registered>("/agents/register", COST);
    expect(old.body).toEqual({
      agent_id: expect.any(String) as string,
      registered_at,
      heartbeat_url: `/agents/${old.body.agent_id}/heartbeat`,
      heartbeat_interval_seconds: 30,
    });
    const { agent_id, lease_token, ...times } = await register(registry);
    expect(lease_token).not.toBe("");
    expect(times).toMatchObject({
      registered_at,
      heartbeat_url: `/v1/agents/${agent_id}/heartbeat`,
      heartbeat_interval_seconds: 30,
      ttl_seconds: 300,
      expires_at: "2126-01-01T00:05:00.000Z",
    });
  },
  async "`received`, `next_interval_seconds`, `timestamp`"({ open }) {
    const registry = open();
    const { agent_id: id, lease_token } = await register(registry);
    await registry.pass(1000);
    const heard = { received: true, next_interval_seconds: 30, timestamp: "2126-01-01T00:00:01.000Z" };
    expect((await beat(registry, id)).body).toEqual(heard);
    expect((await registry.heartbeat(id, lease_token)).body).toMatchObject(heard);
  },
  async "`id`, `last_seen`"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    await registry.pass(1000);
    await beat(registry, id);
    const shown = { id, last_seen: "2126-01-01T00:00:01.000Z" };
    expect(await show(registry, id)).toMatchObject(shown);
    expect(await record(registry, id)).toMatchObject(shown);
  },
  // What is `truncated` beyond 5,000 is in test/http/legacy/agents.test.ts.
  async "`agents`, `count`"({ open }) {
    const registry = open();
    const ids = [await enlist(registry), await enlist(registry)].toSorted();
    const old = await list(registry);
    expect([idsOf(old), old.count, old.truncated]).toEqual([ids, 2, undefined]);
    const newer = await page(registry, "?limit=1");
    expect([idsOf(newer), newer.count]).toEqual([[ids[0]], 1]);
    expect(newer.next_cursor).toEqual(expect.any(String));
  },
  async "`message`"({ open }) {
    const registry = open();
    const old = await registry.post(`/agents/${await enlist(registry)}/unregister`);
    expect(old.body).toEqual({ message: "Agent unregistered successfully" });
    const { agent_id, lease_token } = await register(registry);
    const headers = { "Lease-Token": lease_token };
    const left = await registry.call("DELETE", `/v1/agents/${agent_id}`, undefined, headers);
    expect([left.status, left.body]).toEqual([204, undefined]);
  },
  async "`error`"({ open }) {
    const registry = open();
    expect((await registry.get("/agents/nobody")).body).toEqual({ error: "Agent not found" });
    expect((await registry.get("/v1/agents/nobody")).body).toMatchObject({
      error: expect.stringContaining("nobody") as string,
      code: "agent_not_found",
    });
  },

  async "every registration has a new id, and the one before stays until it lapses"({ open }) {
    const registry = open();
    expect(await enlist(registry)).not.toBe(await enlist(registry));
    expect((await list(registry)).count).toBe(2);
    await register(registry, { id: "mine" });
    expect((await register(registry, { id: "mine" })).outcome).toBe("replaced");
    expect((await list(registry)).count).toBe(3);
  },
  async "call in every 30 seconds"({ open }) {
    const registry = open({ env: { HEARTBEAT_INTERVAL_SECONDS: "20" } });
    const { body } = await registry.post<Registered>("/agents/register", COST);
    expect(body.heartbeat_interval_seconds).toBe(20);
    expect((await beat(registry, body.agent_id)).body["next_interval_seconds"]).toBe(20);
  },
  async "silent for more than 45 seconds: `unreachable`, noticed within 30 seconds more"({ open }) {
    const registry = open(BRIEF);
    const id = await enlist(registry);
    await registry.pass(45_000);
    expect((await show(registry, id)).status).toBe("healthy");
    await registry.pass(1);
    expect((await show(registry, id)).status).toBe("unreachable");
  },
  async "gone 60 seconds after the last heartbeat, or up to a minute later"({ open }) {
    for (const [options, seconds] of [
      [BRIEF, 60],
      [{}, 300],
    ] as const) {
      const registry = open(options);
      const id = await enlist(registry);
      await registry.pass(46_000);
      await registry.post("/v1/sweep", undefined, OPERATOR);
      await registry.pass(seconds * 1000 - 46_000);
      expect(idsOf(await list(registry))).toEqual([id]);
      await registry.pass(1);
      expect(await list(registry)).toMatchObject({ agents: [] });
    }
  },
  async "an agent that is gone registers again"({ open }) {
    const registry = open(BRIEF);
    const id = await enlist(registry);
    await registry.pass(60_001);
    const again = await enlist(registry);
    expect(idsOf(await list(registry))).toEqual([again]);
    await registry.post("/v1/sweep", undefined, OPERATOR);
    await registry.pass(1000);
    expect((await beat(registry, id)).status).toBe(200);
    expect(idsOf(await list(registry)).toSorted()).toEqual([id, again].toSorted());
  },
  async "a heartbeat brings an unreachable agent back"({ open }) {
    const registry = open(BRIEF);
    const id = await enlist(registry);
    await registry.pass(46_000);
    await beat(registry, id);
    expect((await show(registry, id)).status).toBe("healthy");
  },
  async "a heartbeat without a status leaves the agent with none"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    await beat(registry, id, { status: "degraded" });
    await beat(registry, id, {});
    expect((await show(registry, id)).status).toBe("degraded");
  },
  async "any text is a status"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    for (const status of ["fine", "unreachable"])
      expect((await beat(registry, id, { status })).status).toBe(400);
    expect((await show(registry, id)).status).toBe("healthy");
  },
  async "any text is a type"({ open }) {
    const registry = open();
    const id = await enlist(registry, { type: "anything at all" });
    expect(idsOf(await list(registry, "/agents/type/anything%20at%20all"))).toEqual([id]);
  },
  async "metadata is merged key by key, and no key goes away"({ open }) {
    const registry = open();
    const id = await enlist(registry, { metadata: { zone: "a", rack: 1 } });
    await beat(registry, id, { status: "healthy", metadata: { rack: 2, uptime: 7 } });
    expect((await show(registry, id)).metadata).toEqual({ zone: "a", rack: 2, uptime: 7 });
    await beat(registry, id, { status: "healthy", metadata: { zone: null } });
    expect((await show(registry, id)).metadata).toEqual({ rack: 2, uptime: 7 });
  },
  async "unregistering an id that nobody has: 200"({ open }) {
    const registry = open();
    expect((await registry.post("/agents/nobody/unregister")).status).toBe(200);
    expect((await registry.call("DELETE", "/v1/agents/nobody")).status).toBe(404);
  },
  async "while the store is out: 404 or 500"({ open, openBreakable }) {
    const { backend, fail } = openBreakable();
    const registry = open({ backend });
    const id = await enlist(registry);
    await fail();
    for (const answer of [
      await registry.get("/agents"),
      await beat(registry, id),
      await registry.get("/v1/agents"),
    ]) {
      expect([answer.status, answer.headers.has("Retry-After")]).toEqual([503, true]);
      expect(answer.body["error"]).toEqual(expect.any(String));
    }
  },
  async "the first of those who have a capability, in no order"({ open }) {
    const registry = open();
    const capabilities = ["spot_migration"];
    await register(registry, { id: "a", capabilities, current_load: 5 });
    for (const id of ["c", "b"]) await register(registry, { id, capabilities });
    expect(idsOf(await discover(registry, "capability=spot_migration"))).toEqual(["b", "c", "a"]);
  },
  async "whoever reaches the port may do everything"({ open, withKeys }) {
    const registry = open();
    const id = await enlist(registry);
    const unregister = (headers: Record<string, string>) =>
      registry.post(`/agents/${id}/unregister`, undefined, headers);
    expect((await registry.get("/agents", bearer("nobodys"))).status).toBe(withKeys ? 401 : 200);
    expect((await unregister(bearer("key-of-neighbour"))).status).toBe(withKeys ? 403 : 200);
    expect((await unregister(OPERATOR)).status).toBe(200);
    expect((await list(registry)).count).toBe(0);
    const elsewhere = await registry.get("/agents", { Host: "rollcall.example" });
    expect(elsewhere.status).toBe(withKeys ? 200 : 403);
  },
  async "a path may end in a slash"({ open }) {
    const registry = open();
    const id = await enlist(registry);
    expect(idsOf(await list(registry, "/agents/"))).toEqual([id]);
    expect((await registry.post(`/agents/${id}/heartbeat/`, {})).status).toBe(200);
    expect((await registry.get("/v1/agents/")).status).toBe(404);
  },
});
