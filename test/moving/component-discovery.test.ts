import { expect } from "vitest";
import { discoverIds, listAll, listedIds } from "../support/agents.ts";
import { active, idle, importFile, outcomes } from "../support/imports.ts";
import { type AskedRegistry, itMoves, OPERATOR } from "../support/moving.ts";

/** As the library writes it, without the times. */
const COMPONENT = {
  id: "agent/orchestrator",
  name: "orchestrator",
  component_type: "agent",
  capabilities: [
    {
      name: "task_coordination",
      description: "Hands out tasks",
      input_schema: { type: "object" },
      output_schema: {},
      required_tools: ["queue"],
      cost_estimate: 0.5,
      avg_duration_seconds: 2,
      tags: ["core"],
    },
  ],
  status: "available",
  current_load: 2,
  max_concurrency: 10,
  health_score: 0.9,
  metadata: { team: "a" },
  version: "1.2.0",
  path: "agents/orchestrator.md",
};
const PATH = "/v1/agents/agent%2Forchestrator";
const START = "2126-01-01T00:00:00.000Z";

interface Found {
  agents: { id: string }[];
  total_matches: number;
  filtered_count: number;
  source: string;
  query: object;
  query_time_ms: number;
  excluded?: { id: string; stage: string }[];
}

/** Registers as its own process would. Resolves to its token. */
async function put(registry: AskedRegistry, fields: object = {}): Promise<string> {
  const { status, body } = await registry.post<{ lease_token: string }>("/v1/agents", {
    ...COMPONENT,
    ...fields,
  });
  expect(status).toBeLessThan(300);
  return body.lease_token;
}
const record = async (registry: AskedRegistry, path = PATH) => (await registry.get(path)).body;
const find = async (registry: AskedRegistry, query = "capability=task_coordination") =>
  (await registry.get<Found>(`/v1/discover?${query}`)).body;
const remove = (registry: AskedRegistry, token: string) =>
  registry.call("DELETE", PATH, undefined, { "Lease-Token": token });
const refusals = async (registry: AskedRegistry, fields: object) => {
  const { status, body } = await registry.post("/v1/agents", { ...COMPONENT, ...fields });
  expect(status).toBe(400);
  return (body["errors"] as { pointer: string }[]).map(({ pointer }) => pointer);
};

itMoves("The component discovery service", {
  async "`register(component)`"({ open }) {
    const registry = open();
    await put(registry);
    const { component_type: type, ...same } = COMPONENT;
    expect(await record(registry)).toMatchObject({ ...same, type });
  },
  async "`unregister(id)`"({ open }) {
    const registry = open();
    expect((await remove(registry, await put(registry))).status).toBe(204);
    expect(await listedIds(registry)).toEqual([]);
  },
  async "`get(id)`"({ open }) {
    const registry = open();
    await put(registry);
    expect((await record(registry))["id"]).toBe("agent/orchestrator");
    expect((await registry.get("/v1/agents/agent%2Fnobody")).status).toBe(404);
  },
  async "`find_by_capability(name)`"({ open }) {
    const registry = open();
    await put(registry);
    expect(await discoverIds(registry, "capability=task_coordination")).toEqual(["agent/orchestrator"]);
  },
  async "`find_by_capability(name, min_health_score, max_load_ratio, status_filter)`"({ open }) {
    const registry = open();
    await put(registry, { id: "ill", health_score: 0.2 });
    await put(registry, { id: "full", current_load: 10 });
    await put(registry, { id: "busy", status: "busy", current_load: 5 });
    await put(registry, { id: "offline", status: "offline" });
    const wide = "min_health_score=0.2&max_load_ratio=1&status=available&status=busy";
    const all = `capability=task_coordination&${wide}`;
    expect(await discoverIds(registry, all)).toEqual(["ill", "busy", "full"]);
    expect(await discoverIds(registry, `${all}&limit=1&exact=true`)).toEqual(["ill"]);
  },
  async "`find_by_type(type)`"({ open }) {
    const registry = open();
    await put(registry);
    await put(registry, { id: "skill/a", component_type: "skill" });
    const { body } = await registry.get<Found>("/v1/agents?type=skill");
    expect(body.agents.map(({ id }) => id)).toEqual(["skill/a"]);
  },
  async "`list_all()`"({ open }) {
    const registry = open();
    for (const id of ["skill/b", "agent/a", "command/c"]) await put(registry, { id });
    expect(await listAll(registry, 2)).toEqual(["agent/a", "command/c", "skill/b"]);
  },
  async "`heartbeat(id, status, load)`"({ open }) {
    const registry = open();
    const token = await put(registry);
    const { status } = await registry.heartbeat(COMPONENT.id, token, { status: "busy", load: 7 });
    expect(status).toBe(200);
    expect(await record(registry)).toMatchObject({ status: "busy", current_load: 7 });
  },
  async "`get_stats()`"({ open }) {
    const registry = open();
    await put(registry);
    expect((await registry.get("/v1/stats")).body["total_components"]).toBe(1);
  },
  async "`register_from_activation_status(file)`"({ open }) {
    const registry = open();
    const query = "?static=true&source=config/component-activation-status.json";
    const file = [active("a"), idle("b")];
    const said = { "skill/a": "created", "skill/b": "skipped" };
    expect(await outcomes(registry, file, `${query}&dry_run=true`)).toEqual(said);
    expect(await listedIds(registry)).toEqual([]);
    expect(await outcomes(registry, file, query)).toEqual(said);
    expect(await listedIds(registry)).toEqual(["skill/a"]);
  },

  async "`id`, `name`, `version`, `path`, `metadata`, `status`, `current_load`, `max_concurrency`, `health_score`"({
    open,
  }) {
    const registry = open();
    const { id, name, component_type } = COMPONENT;
    expect((await registry.post("/v1/agents", { id, name, component_type })).status).toBe(201);
    const shown = await record(registry);
    expect(shown).toMatchObject({
      capabilities: [],
      version: "1.0.0",
      metadata: {},
      status: "available",
      current_load: 0,
      max_concurrency: 10,
      health_score: 1,
    });
    expect(shown).not.toHaveProperty("path");
  },
  async "`component_type`"({ open }) {
    const registry = open();
    await put(registry, { component_type: "hook" });
    expect((await record(registry))["type"]).toBe("hook");
    await put(registry, { component_type: undefined, type: "anything" });
    expect((await record(registry))["type"]).toBe("anything");
  },
  async "a capability's `name`, `description`, `input_schema`, `output_schema`, `required_tools`, `cost_estimate`, `avg_duration_seconds`, `tags`"({
    open,
  }) {
    const registry = open();
    await put(registry);
    expect((await record(registry))["capabilities"]).toEqual(COMPONENT.capabilities);
    await put(registry, { capabilities: [{ name: "bare" }] });
    const empty = { description: "", input_schema: {}, output_schema: {}, required_tools: [], tags: [] };
    expect((await record(registry))["capabilities"]).toEqual([
      { name: "bare", ...empty, cost_estimate: 0, avg_duration_seconds: 0 },
    ]);
  },
  async "`last_seen`, `registered_at`"({ open }) {
    const registry = open();
    const time = "2026-11-26T20:00:00+00:00";
    await put(registry, { last_seen: time, registered_at: time });
    expect(await record(registry)).toMatchObject({ last_seen: START, registered_at: START });
  },
  async "`load` of a heartbeat"({ open }) {
    const registry = open();
    const token = await put(registry);
    for (const [body, load] of [
      [{ load: 3 }, 3],
      [{ current_load: 4 }, 4],
    ] as const) {
      await registry.heartbeat(COMPONENT.id, token, body);
      expect((await record(registry))["current_load"]).toBe(load);
    }
  },
  async "`load_ratio`"({ open }) {
    const registry = open();
    await put(registry);
    expect((await record(registry))["load_ratio"]).toBe(0.2);
    await put(registry, { current_load: 0, max_concurrency: 0 });
    expect((await record(registry))["load_ratio"]).toBe(1);
  },
  async "`components`, `total_matches`, `filtered_count`, `query_time_ms`, `source` of a result"({ open }) {
    const registry = open();
    await put(registry);
    await put(registry, { id: "busy", status: "busy" });
    const { backend } = registry.backend.open("default");
    expect(await find(registry)).toMatchObject({
      agents: [{ id: COMPONENT.id }],
      total_matches: 2,
      filtered_count: 1,
      query_time_ms: 0,
      source: backend,
    });
    expect(["redis", "embedded"]).toContain(backend);
  },
  async "`query_capability`"({ open }) {
    const { query } = await find(open());
    expect(query).toMatchObject({ capability: ["task_coordination"] });
  },
  async "`total_components`, `total_capabilities`, `by_type`, `by_status`, `backend`"({ open }) {
    const registry = open();
    await put(registry);
    await put(registry, { id: "skill/a", component_type: "skill", status: "busy" });
    await registry.post("/v1/sweep", undefined, OPERATOR);
    const { body } = await registry.get("/v1/stats");
    expect(body).toMatchObject({
      total_components: 2,
      total_capabilities: 1,
      by_type: { agent: 1, skill: 1 },
      other_types: 0,
      by_status: { available: 1, busy: 1 },
      backend: registry.backend.open("default").backend,
    });
    expect(body).not.toHaveProperty("redis_url");
  },
  async "`type`, `name`, `activated`, `version`, `path` in the file"({ open }) {
    const registry = open();
    await importFile(registry, [active("a"), active("b", { version: "2.0.0", path: "skills/b" }), idle("c")]);
    expect(await record(registry, "/v1/agents/skill%2Fa")).toMatchObject({
      id: "skill/a",
      name: "a",
      type: "skill",
      version: "1.0.0",
      path: "",
    });
    const b = await record(registry, "/v1/agents/skill%2Fb");
    expect(b).toMatchObject({ version: "2.0.0", path: "skills/b" });
    expect(await listedIds(registry)).toEqual(["skill/a", "skill/b"]);
  },
  async "`activated_at`, `reason` in the file"({ open }) {
    const registry = open();
    const said = { activated_at: "2026-01-01", reason: "core" };
    await importFile(registry, [active("a", { ...said, owner: "b" }), active("c")]);
    const a = await record(registry, "/v1/agents/skill%2Fa");
    expect(a["metadata"]).toEqual(said);
    expect(a["owner"]).not.toBe("b");
    const c = await record(registry, "/v1/agents/skill%2Fc");
    expect(c["metadata"]).toEqual({ activated_at: null, reason: null });
  },
  async "the number of components registered"({ open }) {
    const registry = open();
    const { results } = await importFile(registry, [active("a"), idle("b"), active("c")]);
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(2);
  },

  async "found are those `available`, with a health score of 0.7 and more and a load ratio of 0.8 and less, the least loaded first"({
    open,
  }) {
    const registry = open();
    await put(registry, { id: "b", current_load: 8, health_score: 0.7 });
    await put(registry, { id: "c", current_load: 0 });
    await put(registry, { id: "a", current_load: 8, health_score: 0.7 });
    await put(registry, { id: "ill", health_score: 0.69 });
    await put(registry, { id: "full", max_concurrency: 100, current_load: 81 });
    for (const status of ["busy", "offline", "maintenance", "degraded"])
      await put(registry, { id: status, status });
    expect(await discoverIds(registry, "capability=task_coordination")).toEqual(["c", "a", "b"]);
  },
  async "a capability is matched whole, in its case"({ open }) {
    const registry = open();
    await put(registry);
    for (const name of ["Task_coordination", "task", "core", "Hands"]) {
      expect(await discoverIds(registry, `capability=${name}`)).toEqual([]);
    }
  },
  async "of a type, or of all, everybody is listed, whatever their health, load and status"({ open }) {
    const registry = open();
    await put(registry, { id: "full", current_load: 10 });
    await put(registry, { id: "ill", health_score: 0, status: "maintenance" });
    await put(registry, { id: "offline", status: "offline" });
    const { body } = await registry.get<Found>("/v1/agents?type=agent");
    expect(body.agents.map(({ id }) => id)).toEqual(["full", "ill", "offline"]);
    expect(await listedIds(registry)).toEqual(["full", "ill", "offline"]);
  },
  async "nobody has the capability: an empty list"({ open }) {
    const registry = open();
    await put(registry, { status: "busy" });
    const none = await find(registry, "capability=flying");
    expect(none).toMatchObject({ agents: [], total_matches: 0, filtered_count: 0 });
    const { excluded } = await find(registry, "capability=task_coordination&explain=true");
    expect(excluded).toMatchObject([{ id: COMPONENT.id, stage: "status" }]);
  },
  async "gone 300 s after the last heartbeat"({ open }) {
    const registry = open();
    const token = await put(registry);
    await registry.pass(200_000);
    await registry.heartbeat(COMPONENT.id, token);
    await registry.pass(45_000);
    expect(await discoverIds(registry, "capability=task_coordination")).toEqual([COMPONENT.id]);
    await registry.pass(1);
    expect(await discoverIds(registry, "capability=task_coordination")).toEqual([]);
    await registry.pass(254_999);
    expect((await record(registry))["effective_status"]).toBe("unreachable");
    await registry.pass(1);
    expect((await registry.get(PATH)).status).toBe(404);
  },
  async "a heartbeat without arguments makes a busy component available with no load"({ open }) {
    const registry = open();
    const token = await put(registry, { status: "busy" });
    await registry.heartbeat(COMPONENT.id, token);
    expect(await record(registry)).toMatchObject({ status: "busy", current_load: 2 });
  },
  async "no heartbeat changes a health score"({ open }) {
    const registry = open();
    await registry.heartbeat(COMPONENT.id, await put(registry), { health_score: 0.3 });
    expect((await record(registry))["health_score"]).toBe(0.3);
  },
  async "a heartbeat of an id that nobody has: `False`"({ open }) {
    const registry = open();
    const token = await put(registry);
    const nobody = await registry.heartbeat("agent/nobody", token);
    expect([nobody.status, nobody.body["action"]]).toEqual([404, "register"]);
    await registry.pass(300_001);
    expect((await registry.heartbeat(COMPONENT.id, token)).body["restored"]).toBe(true);
  },
  async "unregistering an id that nobody has: `False`"({ open }) {
    const registry = open();
    const token = await put(registry);
    await remove(registry, token);
    expect((await remove(registry, token)).status).toBe(404);
  },
  async "an unknown status or an unknown field of a capability raises, an unknown field of a component is ignored"({
    open,
  }) {
    const registry = open();
    const sent = { status: "sleepy", capabilities: [{ name: "a", price: 1 }], colour: "red" };
    const pointers = await refusals(registry, sent);
    expect(pointers.toSorted()).toEqual(["/capabilities/0/price", "/colour", "/status"]);
  },
  async "any number is a load"({ open }) {
    const registry = open();
    const token = await put(registry);
    expect((await registry.heartbeat(COMPONENT.id, token, { load: -1 })).status).toBe(400);
    expect((await registry.heartbeat(COMPONENT.id, token, { load: 11 })).status).toBe(200);
    expect((await record(registry))["load_ratio"]).toBe(1.1);
  },
  async "registering again overwrites, and what it no longer can is still found"({ open }) {
    const registry = open();
    await put(registry);
    await put(registry, { capabilities: ["review"], component_type: "skill" });
    expect(await discoverIds(registry, "capability=task_coordination")).toEqual([]);
    expect(await discoverIds(registry, "capability=review")).toEqual([COMPONENT.id]);
    expect((await registry.get<Found>("/v1/agents?type=agent")).body.agents).toEqual([]);
  },
  async "registering again resets `registered_at`"({ open }) {
    const registry = open();
    const token = await put(registry);
    await registry.pass(1000);
    await registry.post("/v1/agents", COMPONENT, { "Lease-Token": token });
    expect(await record(registry)).toMatchObject({ registered_at: START, age_ms: 0 });
    await put(registry);
    expect((await record(registry))["registered_at"]).toBe("2126-01-01T00:00:01.000Z");
  },
  async "while Redis is out: `False`, `None`, or an empty list"({ open, openBreakable }) {
    const { backend, fail } = openBreakable();
    const registry = open({ backend });
    await put(registry);
    await fail();
    const answers = [
      await registry.post("/v1/agents", COMPONENT),
      await registry.get(PATH),
      await registry.get("/v1/discover?capability=task_coordination"),
    ];
    for (const { status, headers } of answers) {
      expect([status, headers.has("Retry-After")]).toEqual([503, true]);
    }
  },
  async "a process that finds no Redis goes on alone, in memory"({ open }) {
    const env = { UPSTASH_REDIS_REST_URL: "https://a.example", UPSTASH_REDIS_REST_TOKEN: "t" };
    expect(open({ env }).config.redis?.url).toBe(env.UPSTASH_REDIS_REST_URL);
    expect(open().config.redis).toBeNull();
  },
  async "whoever reaches Redis may do everything"({ open, withKeys }) {
    const registry = open();
    const importAs = (key: string) =>
      registry.post("/v1/agents/import", { components: [] }, { Authorization: `Bearer ${key}` });
    expect((await importAs("key-of-mover")).status).toBe(200);
    expect((await importAs("key-of-stranger")).status).toBe(withKeys ? 403 : 200);
    expect((await importAs("key-of-nobody")).status).toBe(withKeys ? 401 : 200);
  },
  async "importing a file registers what is activated, without capabilities"({ open }) {
    const registry = open();
    await importFile(registry, [active("a", { capabilities: ["fly"] }), idle("b")]);
    const a = await record(registry, "/v1/agents/skill%2Fa");
    expect(a).toMatchObject({ capabilities: [], effective_status: "available" });
    expect(await listedIds(registry)).toEqual(["skill/a"]);
  },
  async "what was imported is gone after 300 s"({ open }) {
    const registry = open();
    await importFile(registry, [active("stays")], "?static=true&source=a");
    await importFile(registry, [active("goes")], "?source=b");
    await registry.pass(300_000);
    expect(await listedIds(registry)).toEqual(["skill/goes", "skill/stays"]);
    await registry.pass(1);
    expect(await listedIds(registry)).toEqual(["skill/stays"]);
  },
  async "importing it again overwrites, whoever has the id"({ open }) {
    const registry = open();
    await importFile(registry, [active("a"), active("b"), active("c")]);
    const token = await put(registry, { id: "skill/c" });
    const again = [active("a"), active("b", { version: "2.0.0" }), active("c")];
    expect(await outcomes(registry, again)).toEqual({
      "skill/a": "unchanged",
      "skill/b": "changed",
      "skill/c": "held",
    });
    expect((await registry.heartbeat("skill/c", token)).status).toBe(200);
    expect(await outcomes(registry, [active("a")], "?source=other")).toEqual({ "skill/a": "held" });
  },
  async "what a file no longer activates stays until it lapses"({ open }) {
    const registry = open();
    await importFile(registry, [active("a"), active("b"), active("c")]);
    await importFile(registry, [active("d")], "?static=true&source=other");
    expect(await outcomes(registry, [active("a"), idle("b")])).toEqual({
      "skill/a": "unchanged",
      "skill/b": "removed",
      "skill/c": "removed",
    });
    expect(await listedIds(registry)).toEqual(["skill/a", "skill/d"]);
  },
  async "one activated component without a type or a name ends the import there"({ open }) {
    const registry = open();
    const { results } = await importFile(registry, [
      { activated: true, name: "x" },
      { activated: false },
      active("a"),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "created"]);
  },
  async "of two components with the same id the last counts"({ open }) {
    const registry = open();
    const file = [active("a", { version: "1.1.0" }), active("a", { version: "2.0.0" })];
    const { results } = await importFile(registry, file);
    expect(results.map(({ outcome }) => outcome)).toEqual(["created", "failed"]);
    expect((await record(registry, "/v1/agents/skill%2Fa"))["version"]).toBe("1.1.0");
  },
  async "anything may be a name, and any value be `activated`"({ open }) {
    const registry = open();
    await importFile(registry, [active("a")]);
    const file = [active("two words"), active("x".repeat(256)), { ...active("a"), activated: 1 }];
    const { results } = await importFile(registry, file);
    expect(results.map(({ status, outcome }) => [status, outcome])).toEqual(file.map(() => [400, "failed"]));
    expect(await listedIds(registry)).toEqual(["skill/a"]);
  },
  async "a file without `components` registers nothing"({ open }) {
    const registry = open();
    await importFile(registry, [active("a")]);
    expect((await registry.post("/v1/agents/import?static=true", {})).status).toBe(400);
    expect(await listedIds(registry)).toEqual(["skill/a"]);
    expect(await outcomes(registry, [])).toEqual({ "skill/a": "removed" });
  },
});
