import { describe, expect, it } from "vitest";
import {
  COST,
  enlist,
  exchange,
  JSON_TYPE,
  type LegacyList,
  list,
  ok,
  show,
  UNREGISTERED,
  UUID_V4,
} from "../../support/legacy.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("source 2's agent API on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("answers an agent's whole life byte for byte [2-01, 2-05, 2-08, 2-14, 2-15, 2-16, 2-17, 2-28, 2-29]", async () => {
    const registry = open();
    expect(await exchange(registry, "GET", "/agents")).toEqual(ok(`{"agents":[],"count":0}`));

    const request = { ...COST, capabilities: ["spot_migration"], version: "2.1.0", metadata: { zone: "a" } };
    const admitted = await exchange(registry, "POST", "/agents/register", JSON.stringify(request));
    const { agent_id: id } = JSON.parse(admitted.text) as { agent_id: string };
    expect(id).toMatch(UUID_V4);
    expect(admitted).toEqual(
      ok(
        `{"agent_id":"${id}","registered_at":"2126-01-01T00:00:00.000Z",` +
          `"heartbeat_url":"/agents/${id}/heartbeat","heartbeat_interval_seconds":30}`,
        201,
      ),
    );
    expect((await show(registry, id)).last_seen).toBe("2126-01-01T00:00:00.000Z");

    await registry.pass(10_000);
    expect(
      await exchange(registry, "POST", `/agents/${id}/heartbeat`, `{"status":"healthy","metadata":{"n":1}}`),
    ).toEqual(ok(`{"received":true,"next_interval_seconds":30,"timestamp":"2126-01-01T00:00:10.000Z"}`));

    const agent =
      `{"id":"${id}","name":"cost-agent-1","type":"cost","host":"localhost","port":8001,` +
      `"capabilities":["spot_migration"],"status":"healthy","version":"2.1.0",` +
      `"registered_at":"2126-01-01T00:00:00.000Z","last_seen":"2126-01-01T00:00:10.000Z",` +
      `"metadata":{"zone":"a","n":1}}`;
    const listed = ok(`{"agents":[${agent}],"count":1}`);
    expect(await exchange(registry, "GET", "/agents")).toEqual(listed);
    expect(await exchange(registry, "GET", `/agents/${id}`)).toEqual(ok(agent));
    expect(await exchange(registry, "GET", "/agents/type/cost")).toEqual(listed);
    expect(await exchange(registry, "GET", "/agents/type/performance")).toEqual(
      ok(`{"agents":[],"count":0}`),
    );

    expect(await exchange(registry, "POST", `/agents/${id}/unregister`)).toEqual(ok(UNREGISTERED));
    expect(await exchange(registry, "GET", "/agents")).toEqual(ok(`{"agents":[],"count":0}`));
  });

  it("answers an id that nobody has in source 2's words [2-09, 2-14, 2-16]", async () => {
    const registry = open();
    expect(await exchange(registry, "POST", "/agents/nobody/heartbeat", `{"status":"healthy"}`)).toEqual(
      ok(`{"error":"agent not found: agent not found"}`, 404),
    );
    expect(await exchange(registry, "GET", "/agents/nobody")).toEqual(ok(`{"error":"Agent not found"}`, 404));
    expect(await exchange(registry, "POST", "/agents/nobody/unregister")).toEqual(ok(UNREGISTERED));
  });

  it.each([
    ...Object.entries({ name: "", type: "", host: "", port: 0 }).flatMap(([field, empty]) => [
      { field, what: "missing", value: undefined },
      { field, what: "empty", value: empty },
      { field, what: "null", value: null },
      { field, what: "of the wrong kind", value: true },
    ]),
    { field: "capabilities", what: "not a list", value: "spot" },
    { field: "metadata", what: "not an object", value: ["zone"] },
  ])("refuses a registration whose $field is $what with a bare error [2-02]", async ({ field, value }) => {
    const registry = open();
    const body = JSON.stringify({ ...COST, [field]: value });
    const { status, type, text } = await exchange(registry, "POST", "/agents/register", body);
    expect([status, type]).toEqual([400, JSON_TYPE]);
    expect(JSON.parse(text)).toEqual({ error: expect.stringContaining(field) as unknown });
    expect((await list(registry)).count).toBe(0);
  });

  it.each(["", "{", `{"name":"a"`, "nonsense", "[]", "null", `"cost"`])(
    "refuses the body %j on both routes that take one [2-10]",
    async (body) => {
      const registry = open();
      const id = await enlist(registry);
      for (const path of ["/agents/register", `/agents/${id}/heartbeat`]) {
        const { status, type, text } = await exchange(registry, "POST", path, body);
        expect([path, status, type]).toEqual([path, 400, JSON_TYPE]);
        expect(Object.keys(JSON.parse(text) as object)).toEqual(["error"]);
      }
      expect((await list(registry)).count).toBe(1);
    },
  );

  it("ignores fields and parameters that it does not know, a status at registration among them [2-03, 2-04, 2-05]", async () => {
    const registry = open();
    const id = await enlist(registry, { id: "mine", status: "degraded", type: "anything", zone: "a" });
    expect(id).not.toBe("mine");
    expect((await show(registry, id)).status).toBe("healthy");
    const beat = await registry.post(`/agents/${id}/heartbeat?debug=1`, { uptime: 7, current_load: 3 });
    expect(beat.status).toBe(200);
    expect((await list(registry, "/agents?status=degraded&page=2")).count).toBe(1);
    expect((await list(registry, "/agents/type/anything")).count).toBe(1);
  });

  it("takes a slash at the end of every path", async () => {
    const registry = open();
    const admitted = await registry.post<{ agent_id: string }>("/agents/register/", COST);
    expect(admitted.status).toBe(201);
    const id = admitted.body.agent_id;
    expect((await registry.post(`/agents/${id}/heartbeat/`, { status: "degraded" })).status).toBe(200);
    const agent = await show(registry, `${id}/`);
    expect(agent).toMatchObject({ id, status: "degraded" });
    for (const path of ["/agents/", "/agents/type/cost/", "/agents/?page=1"]) {
      expect(await list(registry, path)).toEqual({ agents: [agent], count: 1 });
    }
    expect(await exchange(registry, "POST", `/agents/${id}/unregister/`)).toEqual(ok(UNREGISTERED));
    expect((await list(registry)).count).toBe(0);
    for (const path of ["/v1/agents/", "/agents//", "/agents//register", "/docs/", "/ready/"]) {
      expect([path, (await registry.fetch(path)).status]).toEqual([path, 404]);
    }
  });

  it("tells a static agent that calls in all the same when to call in next", async () => {
    const registry = open();
    await registry.register({ id: "a", heartbeat_interval_seconds: null });
    expect((await registry.post("/agents/a/heartbeat", {})).body).toMatchObject({
      next_interval_seconds: 30,
    });
  });

  it("takes what a Go client marshals for fields that it left out [2-07, 2-11]", async () => {
    const registry = open();
    const id = await enlist(registry, { capabilities: null, version: "" });
    await registry.post(`/agents/${id}/heartbeat`, { status: "degraded" });
    expect((await registry.post(`/agents/${id}/heartbeat`, { status: "" })).status).toBe(200);
    expect(await show(registry, id)).toMatchObject({ capabilities: [], status: "degraded" });
  });

  it("shows capabilities as a list and leaves empty metadata out [2-07]", async () => {
    const registry = open();
    for (const fields of [{}, { capabilities: null, metadata: null }, { metadata: {} }]) {
      const agent = await show(registry, await enlist(registry, fields));
      expect(agent.capabilities).toEqual([]);
      expect(agent).not.toHaveProperty("metadata");
    }
  });

  it("merges a heartbeat's metadata key by key, one level deep, null deleting [2-12]", async () => {
    const registry = open();
    const id = await enlist(registry, { metadata: { zone: "a", limits: { cpu: 1, memory: 2 } } });
    const beat = (metadata: unknown) => registry.post(`/agents/${id}/heartbeat`, { metadata });

    await beat({ limits: { cpu: 4 }, rack: 9 });
    expect((await show(registry, id)).metadata).toEqual({ zone: "a", limits: { cpu: 4 }, rack: 9 });
    await beat({});
    await beat({ zone: null, limits: null });
    expect((await show(registry, id)).metadata).toEqual({ rack: 9 });
    await beat({ rack: null });
    expect(await show(registry, id)).not.toHaveProperty("metadata");
  });

  it.each([
    ["healthy", "healthy"],
    ["available", "healthy"],
    ["degraded", "degraded"],
    ["unhealthy", "unhealthy"],
    ["busy", "busy"],
    ["offline", "offline"],
  ])("shows an agent that reports %s as %s [2-05, 2-08]", async (reported, shown) => {
    const registry = open();
    const id = await enlist(registry);
    await registry.post(`/agents/${id}/heartbeat`, { status: reported });
    expect((await show(registry, id)).status).toBe(shown);
  });

  it("keeps the status of a heartbeat that says none [2-11]", async () => {
    const registry = open();
    const id = await enlist(registry);
    await registry.post(`/agents/${id}/heartbeat`, { status: "degraded" });
    for (const body of [{}, { status: null }, { metadata: { n: 1 } }]) {
      await registry.pass(1000);
      expect((await registry.post(`/agents/${id}/heartbeat`, body)).status).toBe(200);
      const seen = new Date(registry.now).toISOString();
      expect(await show(registry, id)).toMatchObject({ status: "degraded", last_seen: seen });
    }
  });

  it.each(["unreachable", "HEALTHY", "fine", 1, true])(
    "refuses a heartbeat with the status %j and leaves the agent as it was [2-11]",
    async (status) => {
      const registry = open();
      const id = await enlist(registry);
      await registry.pass(1000);
      const beat = await registry.post(`/agents/${id}/heartbeat`, { status });
      expect([beat.status, Object.keys(beat.body)]).toEqual([400, ["error"]]);
      expect(await show(registry, id)).toMatchObject({
        status: "healthy",
        last_seen: "2126-01-01T00:00:00.000Z",
      });
    },
  );

  it("tells the agent whose id is `type` from the list by type [2-18]", async () => {
    const registry = open();
    await registry.register({ id: "type", type: "type" });
    await registry.register({ id: "register", type: "heartbeat" });
    expect(await show(registry, "type")).toMatchObject({ id: "type", host: "", port: 0 });
    expect((await show(registry, "register")).id).toBe("register");
    expect((await list(registry, "/agents/type/type")).agents.map(({ id }) => id)).toEqual(["type"]);
    expect((await list(registry, "/agents/type/heartbeat")).agents.map(({ id }) => id)).toEqual(["register"]);
    expect((await registry.post("/agents/type/heartbeat", { status: "degraded" })).status).toBe(200);
    expect((await show(registry, "type")).status).toBe("degraded");
  });

  it("mints a new v4 UUID at every registration, one from the same host too [2-01, 2-06]", async () => {
    const registry = open();
    const ids = [await enlist(registry), await enlist(registry), await enlist(registry)];
    for (const id of ids) expect(id).toMatch(UUID_V4);
    expect((await list(registry)).agents.map(({ id }) => id)).toEqual([...new Set(ids)].toSorted());
  });

  it("lets a restarting agent that names itself replace its old entry [2-06]", async () => {
    const registry = open();
    await registry.register({ id: "cost-agent-1", type: "cost", version: "1.0.0" });
    await registry.pass(20_000);
    await registry.register({ id: "cost-agent-1", type: "cost", version: "1.0.1" });
    const { agents } = await list(registry, "/agents/type/cost");
    expect(agents.map(({ id, version, registered_at }) => [id, version, registered_at])).toEqual([
      ["cost-agent-1", "1.0.1", "2126-01-01T00:00:20.000Z"],
    ]);
  });

  it("answers the first of those who can, by load and then id, and only available ones [2-20, 2-21]", async () => {
    const registry = open();
    for (const [id, fields] of Object.entries({
      "cost-c": {},
      "cost-b": {},
      "cost-a": { status: "degraded" },
      "other-a": { type: "performance" },
      "cost-0": { capabilities: ["reserved_instances"] },
    })) {
      await registry.register({ id, type: "cost", capabilities: ["spot_migration"], ...fields });
    }
    const first = async (query: string) =>
      (await registry.get<LegacyList>(`/v1/discover?type=cost&limit=1&${query}`)).body.agents.map(
        ({ id }) => id,
      );
    expect(await first("capability=spot_migration&status=healthy")).toEqual(["cost-b"]);
    expect(await first("capability=teleport")).toEqual([]);
  });

  it("lists 5,000 agents whole, and says when there are more [2-15]", async () => {
    const registry = open();
    await populate(registry, 5000);
    const all = await list(registry);
    expect([all.count, all.agents.length, "truncated" in all]).toEqual([5000, 5000, false]);

    await registry.register({ id: "agent-05000" });
    for (const path of ["/agents", "/agents/type/worker"]) {
      const { count, agents, truncated } = await list(registry, path);
      expect([count, agents.length, truncated]).toEqual([5000, 5000, true]);
      expect(agents.at(-1)?.id).toBe("agent-04999");
    }
  });

  it("answers /health in source 2's shape [2-19]", async () => {
    const { text } = await exchange(open(), "GET", "/health");
    expect(text).toBe(`{"status":"healthy","service":"rollcall","timestamp":"2126-01-01T00:00:00.000Z"}`);
  });
});

describe.each(BREAKABLE)("source 2's agent API while $name is out", ({ openBreakable }) => {
  it("answers 503 and never 404, an empty list or success [2-09, 2-14]", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    const id = await enlist(registry);
    await fail();
    for (const [method, path, body] of [
      ["POST", "/agents/register", COST],
      ["POST", `/agents/${id}/heartbeat`, { status: "healthy" }],
      ["POST", `/agents/${id}/unregister`, undefined],
      ["GET", "/agents", undefined],
      ["GET", `/agents/${id}`, undefined],
      ["GET", "/agents/type/cost", undefined],
    ] as const) {
      const answer = await registry.call(method, path, body);
      expect([path, answer.status, answer.body["code"]]).toEqual([path, 503, "store_unavailable"]);
      expect(answer.headers.get("Retry-After")).toMatch(/^\d+$/);
    }
    await recover();
    expect((await list(registry)).agents.map((agent) => agent.id)).toEqual([id]);
  });
});
