import { describe, expect, it } from "vitest";
import type { Excluded } from "../../../src/core/agents/discovery.ts";
import type { AgentRecord } from "../../../src/core/agents/record.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Discovered {
  agents: AgentRecord[];
  total_matches: number;
  filtered_count: number;
  source: string;
  excluded?: Excluded[];
}
interface Stats {
  total_components: number;
  total_capabilities: number;
  by_type: Record<string, number>;
  by_status: Record<string, number>;
}
interface Refused {
  errors: { pointer: string; detail: string }[];
}

const discover = async (registry: Registry, query: string): Promise<Discovered> => {
  const { status, body } = await registry.get<Discovered>(`/v1/discover?${query}`);
  expect(status).toBe(200);
  return body;
};
const found = async (registry: Registry, query: string): Promise<string[]> =>
  (await discover(registry, query)).agents.map(({ id }) => id);
const listed = async (registry: Registry, query: string): Promise<string[]> =>
  (await registry.get<Discovered>(`/v1/agents?${query}`)).body.agents.map(({ id }) => id);
const stats = async (registry: Registry): Promise<Stats> => (await registry.get<Stats>("/v1/stats")).body;

async function enlist(registry: Registry, agents: Record<string, Record<string, unknown>>): Promise<void> {
  for (const [id, fields] of Object.entries(agents)) {
    await registry.register({ id, capabilities: ["spot"], ...fields });
  }
}

describe.each(BACKENDS)("discovery on $backend", ({ backend, openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("answers in the source's terms: what was asked, how many matched, how many passed [0-11, 0-14, 0-15]", async () => {
    const registry = open();
    await enlist(registry, {
      fit: {},
      weak: { health_score: 0.69 },
      full: { current_load: 9 },
      busy: { status: "busy" },
      other: { capabilities: ["chart"] },
    });
    const { agents, ...answer } = await discover(registry, "capability=spot");
    expect(agents.map(({ id }) => id)).toEqual(["fit"]);
    expect(answer).toEqual({
      query: {
        capability: ["spot"],
        type: null,
        tag: [],
        status: ["available"],
        min_health_score: 0.7,
        max_load_ratio: 0.8,
        sort: "load_ratio",
        limit: 100,
        exact: false,
        fail_open: false,
      },
      total_matches: 4,
      filtered_count: 1,
      examined: 4,
      sampled: false,
      lapsed: 0,
      query_time_ms: 0,
      source: backend,
      as_of: "2126-01-01T00:00:00.000Z",
    });
  });

  it.each([
    ["health at the default limit", { health_score: 0.7 }, "", true],
    ["health just below it", { health_score: 0.699_999 }, "", false],
    ["health at a limit of its own", { health_score: 0.25 }, "&min_health_score=0.25", true],
    ["health just below that", { health_score: 0.249_999 }, "&min_health_score=0.25", false],
    ["any health", { health_score: 0 }, "&min_health_score=0", true],
    ["load at the default limit", { current_load: 8, max_concurrency: 10 }, "", true],
    ["load just above it", { current_load: 8.000_01, max_concurrency: 10 }, "", false],
    ["load at a limit of its own", { current_load: 1, max_concurrency: 2 }, "&max_load_ratio=0.5", true],
    ["load just above that", { current_load: 501, max_concurrency: 1000 }, "&max_load_ratio=0.5", false],
    ["a full one", { current_load: 0, max_concurrency: 0 }, "", false],
    ["a full one, if full will do", { current_load: 0, max_concurrency: 0 }, "&max_load_ratio=1", true],
    ["an unlimited one under load", { current_load: 9999, max_concurrency: null }, "", true],
    ["another status", { status: "busy" }, "", false],
    ["a status that was asked for", { status: "busy" }, "&status=degraded&status=busy", true],
    ["a status that was not", { status: "available" }, "&status=degraded&status=busy", false],
  ])("finds, or not, %s: %j with '%s' [0-09, 0-11, 0-12]", async (_, fields, query, is) => {
    const registry = open();
    await enlist(registry, { a: fields });
    const { agents, total_matches, filtered_count } = await discover(registry, `capability=spot${query}`);
    expect([agents.length, total_matches, filtered_count]).toEqual(is ? [1, 1, 1] : [0, 1, 0]);
  });

  it("puts a newcomer first who is the least loaded, however often was asked before", async () => {
    const registry = open();
    const working = { max_concurrency: 4, current_load: 1 };
    await enlist(registry, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`a${i}`, working])));
    for (let time = 0; time < 3; time += 1) await found(registry, "capability=spot&limit=5");
    await enlist(registry, { newcomer: { max_concurrency: 4 } });
    const { agents, total_matches } = await discover(registry, "capability=spot&limit=5");
    expect(agents[0]?.id).toBe("newcomer");
    expect(total_matches).toBe(13);
  });

  it("orders by load ratio, not load, and then by id in code units [0-13]", async () => {
    const registry = open();
    await enlist(registry, {
      half: { current_load: 1, max_concurrency: 2 },
      tenth: { current_load: 10, max_concurrency: 100 },
      b: {},
      B: {},
      "a/2": {},
      "a/10": {},
      unlimited: { current_load: 50, max_concurrency: null },
    });
    const order = ["B", "a/10", "a/2", "b", "unlimited", "tenth", "half"];
    expect(await found(registry, "capability=spot")).toEqual(order);
    expect(await found(registry, "capability=spot&limit=3")).toEqual(order.slice(0, 3));
    expect((await discover(registry, "capability=spot&limit=3")).filtered_count).toBe(7);
  });

  it("answers an unknown capability, type or tag with an empty list [0-16]", async () => {
    const registry = open();
    await enlist(registry, { a: {} });
    for (const query of ["capability=teleport", "type=teleport", "tag=teleport", "capability="]) {
      expect(await discover(registry, query)).toMatchObject({
        agents: [],
        total_matches: 0,
        filtered_count: 0,
      });
    }
  });

  it("matches names exactly: no case folding, no part, no pattern, no tag or description [0-17]", async () => {
    const registry = open();
    const review = { name: "code_review", description: "audits", tags: ["quality"] };
    await enlist(registry, { a: { capabilities: [review, "Größe"] } });
    expect(await found(registry, "capability=code_review")).toEqual(["a"]);
    expect(await found(registry, `capability=${encodeURIComponent("Größe")}`)).toEqual(["a"]);
    for (const name of ["Code_Review", "code", "code_review ", "code*", "code_revie_", "quality", "audits"]) {
      expect(await found(registry, `capability=${encodeURIComponent(name)}`)).toEqual([]);
    }
  });

  it("lists by type whatever the status, health and load [0-18]", async () => {
    const registry = open();
    await enlist(registry, {
      busy: { type: "cost", status: "busy", current_load: 10 },
      ill: { type: "cost", health_score: 0 },
      silent: { type: "cost", heartbeat_interval_seconds: 1 },
      other: { type: "costs" },
    });
    await registry.pass(2000);
    expect(await listed(registry, "type=cost")).toEqual(["busy", "ill", "silent"]);
  });

  it("drops what a component no longer offers when it registers anew [0-23, 0-24]", async () => {
    const registry = open();
    const first = { id: "a", type: "old", capabilities: ["spot", "chart"], tags: ["eu"] };
    const second = { id: "a", type: "new", capabilities: ["chart", "draw"], tags: [] };
    const { lease_token } = await registry.register(first);
    for (const headers of [undefined, { "Lease-Token": lease_token }]) {
      await registry.call("DELETE", "/v1/agents/a");
      const { lease_token: own } = await registry.register(first);
      await registry.register(second, headers && { "Lease-Token": own });
      for (const query of ["capability=spot", "type=old", "tag=eu"]) {
        expect(await found(registry, query)).toEqual([]);
        expect(await listed(registry, query)).toEqual([]);
        expect((await discover(registry, query)).total_matches).toBe(0);
      }
      for (const query of ["capability=chart", "capability=draw", "type=new"]) {
        expect(await found(registry, query)).toEqual(["a"]);
      }
      expect((await stats(registry)).total_capabilities).toBe(2);
    }
  });

  it("holds a registration for 300 s from its last heartbeat, and forgets it whole [0-21, 0-22]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", capabilities: ["spot"] });
    await registry.pass(299_000);
    await registry.heartbeat("a", lease_token, { status: "available", current_load: 0 });
    await registry.pass(300_000);
    expect(await listed(registry, "capability=spot")).toEqual(["a"]);
    expect((await discover(registry, "capability=spot")).total_matches).toBe(1);
    await registry.pass(1);
    expect(await listed(registry, "capability=spot")).toEqual([]);
    expect(await discover(registry, "capability=spot")).toMatchObject({ agents: [], total_matches: 0 });
    await registry.post("/v1/sweep");
    expect(await stats(registry)).toMatchObject({ total_components: 0, total_capabilities: 0 });
    const { outcome } = await registry.register({ id: "a" });
    expect(outcome).toBe("created");
  });

  it("counts live components, the lapsed apart, swept or not, and shows no address [0-34, 0-35]", async () => {
    const registry = open();
    const brief = { ttl_seconds: 2, heartbeat_interval_seconds: 1 };
    await enlist(registry, {
      a: { type: "cost", capabilities: ["spot", "chart", "spot"] },
      b: { type: "cost", status: "busy" },
      c: { type: "skill", capabilities: [] },
      silent: { type: "skill", capabilities: ["chart"], ttl_seconds: 300, heartbeat_interval_seconds: 1 },
      brief: { type: "brief", capabilities: ["vanishing", "spot"], ...brief },
    });
    await registry.pass(2001);
    const expected = {
      total_components: 4,
      total_capabilities: 2,
      by_type: { cost: 2, skill: 2 },
      other_types: 0,
      by_status: { available: 2, busy: 1, unreachable: 1 },
      lapsed: 1,
      backend,
      as_of: "2126-01-01T00:00:02.001Z",
      last_sweep: null,
    };
    const { body } = await registry.get<Stats>("/v1/stats");
    expect(body).toEqual(expected);
    expect(Object.keys(body)).toEqual(Object.keys(expected));
    expect((await registry.get("/v1/capabilities")).body).toEqual({
      capabilities: [
        { name: "chart", agents: 2 },
        { name: "spot", agents: 2 },
      ],
      count: 2,
      next_cursor: null,
    });
    expect(JSON.stringify(body)).not.toContain("http");

    await registry.post("/v1/sweep");
    const { as_of: _, last_sweep: __, ...counted } = expected;
    const swept = await registry.get<Stats & { last_sweep: { lapsed: number; reaped: number } }>("/v1/stats");
    expect(swept.body).toMatchObject(counted);
    expect(swept.body.last_sweep).toMatchObject({ lapsed: 1, reaped: 0 });
  });

  it("counts components whose type or capability is called like a property of every object [0-34]", async () => {
    const registry = open();
    for (const type of ["__proto__", "constructor", "toString"]) {
      await registry.register({ type, capabilities: [type] });
    }
    const { body } = await registry.get<Stats>("/v1/stats");
    expect(Object.entries(body.by_type)).toEqual([
      ["__proto__", 1],
      ["constructor", 1],
      ["toString", 1],
    ]);
    expect(body.total_capabilities).toBe(3);
  });

  it.each([
    ["discover?capability=spot&min_health=0.5", "/min_health", "min_health_score"],
    ["discover?max_load_ratio=0.5&max_load_ratio=0.6", "/max_load_ratio", "more than once"],
    ["discover?min_health_score=1.1", "/min_health_score", ""],
    ["discover?min_health_score=-0.1", "/min_health_score", ""],
    ["discover?min_health_score=", "/min_health_score", ""],
    ["discover?max_load_ratio=1e3", "/max_load_ratio", ""],
    ["discover?limit=0", "/limit", ""],
    ["discover?limit=1001", "/limit", ""],
    ["discover?status=fine", "/status/0", ""],
    ["discover?exact=yes", "/exact", ""],
    ["discover?type=a&type=b", "/type", "more than once"],
    ["agents?page=2", "/page", "cursor"],
    ["agents?limit=201", "/limit", ""],
    ["agents?cursor=%21", "/cursor", ""],
    ["stats?type=cost", "/type", "takes none"],
    ["capabilities?a~b=1", "/a~0b", "unknown"],
    ["capabilities?limit=1001", "/limit", ""],
    ["capabilities?cursor=%21", "/cursor", ""],
  ])("refuses %s, pointing at %s [0-08]", async (query, pointer, detail) => {
    const { status, body } = await open().get<Refused>(`/v1/${query}`);
    expect(status).toBe(400);
    expect(body.errors.map((error) => error.pointer)).toEqual([pointer]);
    expect(body.errors[0]?.detail).toContain(detail);
  });
});

describe.each(BREAKABLE)("discovery while $name is out", ({ openBreakable }) => {
  it("answers 503, which no list and no false can be mistaken for [0-33, 0-36]", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a" });
    await fail();
    const answers = [
      await registry.post("/v1/agents", { id: "b", name: "b", type: "worker" }),
      await registry.heartbeat("a", lease_token),
      await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": lease_token }),
      await registry.get("/v1/agents/a"),
      await registry.get("/v1/agents"),
      await registry.get("/v1/discover"),
      await registry.get("/v1/stats"),
    ];
    expect(answers.map(({ status, body }) => [status, body["code"]])).toEqual(
      answers.map(() => [503, "store_unavailable"]),
    );
    await recover();
    expect(await listed(registry, "")).toEqual(["a"]);
  });
});
