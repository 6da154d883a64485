import { describe, expect, it } from "vitest";
import type { AgentRecord } from "../../../src/core/agents/record.ts";
import type { SweepSummary } from "../../../src/client/shapes.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

interface List {
  agents: AgentRecord[];
  next_cursor: string | null;
}

const read = async (registry: Registry, id: string): Promise<AgentRecord> =>
  (await registry.get<AgentRecord>(`/v1/agents/${id}`)).body;
const sweep = async (registry: Registry): Promise<SweepSummary> =>
  (await registry.post<SweepSummary>("/v1/sweep")).body;
const found = async (registry: Registry, query: string): Promise<string[]> =>
  (await registry.get<List>(`/v1/discover?${query}`)).body.agents.map(({ id }) => id);

/** Every id that paging through the list shows, in the order shown; `onPage` is given each page as it comes. */
async function listed(
  registry: Registry,
  limit: number,
  onPage: (page: AgentRecord[]) => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ""; ;) {
    const { body } = await registry.get<List>(`/v1/agents?limit=${limit}${cursor}`);
    ids.push(...body.agents.map(({ id }) => id));
    await onPage(body.agents);
    if (body.next_cursor === null) return ids;
    cursor = `&cursor=${body.next_cursor}`;
  }
}

describe.each(BACKENDS)("source 4's registry on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each([
    ["offline", "available"],
    ["busy", "busy"],
    ["available", "available"],
    ["draining", "draining"],
  ])("turns %s into %s at a bare heartbeat [4-02, 4-14]", async (status, after) => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", status, current_load: 2 });
    await registry.pass(1000);
    expect((await registry.heartbeat("a", lease_token)).status).toBe(200);
    expect(await read(registry, "a")).toMatchObject({
      status: after,
      current_load: 2,
      last_seen: "2126-01-01T00:00:01.000Z",
      expires_at: "2126-01-01T00:05:01.000Z",
    });
  });

  it("keeps an agent offline that says so, and ends it at any other sign of life [4-14, 4-15]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", status: "offline" });
    await registry.heartbeat("a", lease_token, { status: "offline", current_load: 1 });
    expect((await read(registry, "a")).status).toBe("offline");
    await registry.heartbeat("a", lease_token, { current_load: 4 });
    expect(await read(registry, "a")).toMatchObject({ status: "available", current_load: 4 });
  });

  it.each([
    [0, 0, 1, []],
    [null, 0, 0, ["a"]],
    [null, 1_000_000, 0, ["a"]],
    [2, 1, 0.5, ["a"]],
    [2, 2, 1, []],
  ])(
    "treats a maximum of %j under load %i as a ratio of %d [4-01, 4-26]",
    async (max_concurrency, current_load, load_ratio, who) => {
      const registry = open();
      await registry.register({ id: "a", max_concurrency, current_load });
      expect(await read(registry, "a")).toMatchObject({ max_concurrency, current_load, load_ratio });
      expect(await found(registry, "max_load_ratio=0.99")).toEqual(who);
    },
  );

  it("stamps the server's time at registration and starts a whole lease at every one [4-05, 4-06, 4-07, 4-08]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    await registry.pass(40_000);
    for (const [headers, registeredAt] of [
      [{ "Lease-Token": lease_token }, "2126-01-01T00:00:00.000Z"],
      [undefined, "2126-01-01T00:00:40.000Z"],
    ] as const) {
      await registry.register({ id: "a" }, headers);
      expect(await read(registry, "a")).toMatchObject({
        status: "available",
        registered_at: registeredAt,
        last_seen: "2126-01-01T00:00:40.000Z",
        expires_at: "2126-01-01T00:05:40.000Z",
      });
    }
    expect(await sweep(registry)).toMatchObject({ unreachable: [], reaped: [] });
  });

  it("returns the newly unreachable once, busy ones too but not who is offline, and none at the second sweep [4-03, 4-16, 4-17]", async () => {
    const registry = open();
    for (const status of ["available", "busy", "offline", "maintenance"]) {
      await registry.register({ id: status, status });
    }
    await registry.pass(45_000);
    await registry.register({ id: "late" });
    expect(await sweep(registry)).toMatchObject({ scanned: 5, unreachable: [] });
    await registry.pass(1);
    expect((await sweep(registry)).unreachable).toEqual(["available", "busy", "maintenance"]);
    expect(await sweep(registry)).toMatchObject({ scanned: 5, unreachable: [], recovered: [], reaped: [] });
  });

  it("returns who came back once, and who went again [4-16]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const story: [number, boolean, Partial<SweepSummary>][] = [
      [46_000, false, { unreachable: ["a"], recovered: [] }],
      [1000, true, { unreachable: [], recovered: ["a"] }],
      [1000, true, { unreachable: [], recovered: [] }],
      [46_000, false, { unreachable: ["a"], recovered: [] }],
      [254_001, false, { unreachable: [], recovered: [], reaped: ["a"] }],
      [1000, false, { scanned: 0, unreachable: [], recovered: [], reaped: [] }],
    ];
    for (const [ms, calls, told] of story) {
      await registry.pass(ms);
      if (calls) await registry.heartbeat("a", lease_token);
      expect(await sweep(registry)).toMatchObject(told);
    }
  });

  it("leaves the lease's end and all that the agent said as it was when it sweeps [4-16, 4-19]", async () => {
    const registry = open();
    await registry.register({ id: "a", status: "busy", current_load: 3, metadata: { zone: "a" } });
    await registry.pass(100_000);
    const before = await read(registry, "a");
    expect(before).toMatchObject({ status: "busy", effective_status: "unreachable" });
    expect((await sweep(registry)).unreachable).toEqual(["a"]);
    expect(await read(registry, "a")).toEqual(before);
    await registry.pass(200_000);
    expect((await read(registry, "a")).effective_status).toBe("unreachable");
    await registry.pass(1);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("tells each change once though three sweeps run at once [4-16, 4-18]", async () => {
    const registry = open();
    await Promise.all(Array.from({ length: 20 }, (_, n) => registry.register({ id: `a${n}` })));
    await registry.pass(45_001);
    const told = await Promise.all([sweep(registry), sweep(registry), sweep(registry)]);
    const ids = told.flatMap(({ unreachable }) => unreachable);
    expect(ids.toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`).toSorted());
  });

  it("lists nobody twice and nobody not at all while agents come, go and register anew [4-11, 4-13]", async () => {
    const registry = open();
    expect((await registry.get<List>("/v1/agents")).body).toEqual({
      agents: [],
      count: 0,
      next_cursor: null,
    });
    const steady = Array.from({ length: 25 }, (_, n) => `steady-${String(n).padStart(2, "0")}`);
    for (const id of steady) await registry.register({ id });
    let turn = 0;
    const shown = await listed(registry, 4, async () => {
      turn += 1;
      await registry.register({ id: `aaa-${turn}` });
      await registry.register({ id: steady[turn] });
      await registry.register({ id: steady[24 - turn] });
    });
    expect(shown).toEqual([...new Set(shown)].toSorted());
    expect(shown.filter((id) => id.startsWith("steady"))).toEqual(steady);
  });

  it.each([
    [4, 5, [4]],
    [5, 5, [5]],
    [6, 5, [5, 1]],
    [10, 5, [5, 5]],
  ])(
    "shows %i agents in pages of %i as %j, with no empty page at the end [4-11]",
    async (agents, limit, sizes) => {
      const registry = open();
      for (let n = 0; n < agents; n += 1) await registry.register({ id: `one${n}` });
      const shown: number[] = [];
      await listed(registry, limit, async (page) => void shown.push(page.length));
      expect(shown).toEqual(sizes);
    },
  );

  it("answers 404 for an id that nobody has, naming it [4-04, 4-09, 4-10, 4-14]", async () => {
    const registry = open();
    for (const [method, path] of [
      ["GET", "/v1/agents/nobody"],
      ["DELETE", "/v1/agents/nobody"],
      ["POST", "/v1/agents/nobody/heartbeat"],
      ["POST", "/v1/agents/nobody/drain"],
      ["DELETE", "/v1/agents/nobody/drain"],
    ] as const) {
      const { status, body } = await registry.call(method, path);
      expect([path, status, body["code"]]).toEqual([path, 404, "agent_not_found"]);
      expect(body["error"]).toContain(`"nobody"`);
    }
  });

  it("finds who is eligible: available, or busy with room, with every label required [4-26]", async () => {
    const registry = open();
    const both = { capabilities: ["go", "review"] };
    for (const [id, fields] of Object.entries({
      "a-idle": both,
      "b-busy-with-room": { ...both, status: "busy", current_load: 9 },
      "c-busy-and-full": { ...both, status: "busy", current_load: 10 },
      "d-busy-unlimited": { ...both, status: "busy", current_load: 500, max_concurrency: null },
      "e-offline": { ...both, status: "offline" },
      "f-one-label": { capabilities: ["go"] },
    })) {
      await registry.register({ id, ...fields });
    }
    const eligible = "status=available&status=busy&max_load_ratio=0.999";
    expect(await found(registry, `${eligible}&capability=go&capability=review`)).toEqual([
      "a-idle",
      "d-busy-unlimited",
      "b-busy-with-room",
    ]);
    expect(await found(registry, eligible)).toHaveLength(4);
  });

  it("puts the least loaded first, ties by id, and nobody eligible is an empty list [4-27]", async () => {
    const registry = open();
    expect(await found(registry, "limit=1")).toEqual([]);
    for (const [id, current_load, max_concurrency] of [
      ["c", 1, 10],
      ["b", 1, 10],
      ["d", 0, 10],
      ["a", 2, 10],
      ["e", 10, 1000],
    ] as const) {
      await registry.register({ id, current_load, max_concurrency });
    }
    expect(await found(registry, "")).toEqual(["d", "e", "b", "c", "a"]);
    expect(await found(registry, "limit=1")).toEqual(["d"]);
  });

  it("loses nothing when twenty clients register, call in and read at once [4-25]", async () => {
    const registry = open();
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const id = `client-${String(n).padStart(2, "0")}`;
        const { lease_token } = await registry.register({ id, capabilities: ["shared", `own-${n}`] });
        for (let load = 1; load <= 5; load += 1) {
          await registry.heartbeat(id, lease_token, { status: "available", current_load: load });
          await registry.heartbeat(id, lease_token, { metadata: { [`k${load}`]: n } });
          expect((await read(registry, id)).current_load).toBe(load);
        }
      }),
    );
    const { agents } = (await registry.get<List>("/v1/agents?capability=shared")).body;
    expect(agents.map(({ id, current_load, metadata }) => [id, current_load, metadata])).toEqual(
      Array.from({ length: 20 }, (_, n) => [
        `client-${String(n).padStart(2, "0")}`,
        5,
        { k1: n, k2: n, k3: n, k4: n, k5: n },
      ]),
    );
  });

  it("loses no key when one agent's heartbeats arrive all at once [4-18, 4-25]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const keys = Array.from({ length: 12 }, (_, n) => `k${n}`);
    const beats = await Promise.all(
      keys.map((key) => registry.heartbeat("a", lease_token, { metadata: { [key]: true } })),
    );
    expect(beats.map(({ status }) => status)).toEqual(keys.map(() => 200));
    expect(Object.keys((await read(registry, "a")).metadata).toSorted()).toEqual(keys.toSorted());
  });
});

describe("an unreadable document on redis", () => {
  it("fails the read of that agent and is left out of every list [4-10, 4-11]", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    await backend.bridge.raw("SET", `${backend.prefix}:default:doc:agent:b`, "{not json");
    expect((await registry.get("/v1/agents/b")).status).toBe(500);
    expect(await listed(registry, 10)).toEqual(["a", "c"]);
    expect(await found(registry, "")).toEqual(["a", "c"]);
  });

  it.each([
    ["a document that lacks what it must have", "doc:agent:b", '{"fence":"f"}'],
    ["a document that is a list", "doc:agent:b", "[]"],
    ["a lease that is no JSON", "lease:agent:b:*", "{broken"],
  ])("hides no other agent when it is %s", async (_, pattern, value) => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    const [key = ""] = await backend.bridge.raw<string[]>("KEYS", `${backend.prefix}:default:${pattern}`);
    await backend.bridge.raw("SET", key, value);
    expect(await listed(registry, 10)).toEqual(["a", "c"]);
    expect(await found(registry, "")).toEqual(["a", "c"]);
    expect((await registry.post("/v1/sweep")).status).toBe(200);
    await registry.register({ id: "b" });
    expect(await listed(registry, 10)).toEqual(["a", "b", "c"]);
  });

  it("stops neither the sweep nor a registration, which replaces it", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    await backend.bridge.raw("SET", `${backend.prefix}:default:doc:agent:b`, "{not json");
    await registry.pass(300_001);
    const swept = await registry.post<{ reaped: string[]; complete: boolean }>("/v1/sweep");
    expect([swept.status, swept.body.reaped, swept.body.complete]).toEqual([200, ["a", "c"], true]);
    await registry.register({ id: "b" });
    expect((await registry.get("/v1/agents/b")).status).toBe(200);
    expect(await listed(registry, 10)).toEqual(["b"]);
    await registry.post("/v1/sweep");
    const index = await backend.bridge.raw<string[]>(
      "ZRANGE",
      `${backend.prefix}:default:ix:type:worker`,
      0,
      -1,
    );
    expect(index).toHaveLength(1);
  });
});

describe.each(BREAKABLE)("source 4's registry while $name is out", ({ openBreakable }) => {
  it("is not ready, and shows no part of a list for the whole [4-12, 4-21]", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    const first = (await registry.get<List>("/v1/agents?limit=2")).body;
    await fail();
    const next = await registry.get(`/v1/agents?limit=2&cursor=${first.next_cursor}`);
    expect([next.status, next.body["code"]]).toEqual([503, "store_unavailable"]);
    expect(next.body).not.toHaveProperty("agents");
    expect((await registry.post("/v1/sweep")).status).toBe(503);
    await recover();
    expect((await registry.get("/ready")).status).toBe(200);
    expect(await listed(registry, 2)).toEqual(["a", "b", "c"]);
  });
});
