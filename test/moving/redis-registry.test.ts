import { expect } from "vitest";
import { listAll } from "../support/agents.ts";
import { bearer } from "../support/keys.ts";
import { type AskedRegistry, itMoves, OPERATOR } from "../support/moving.ts";
import { redisBackend } from "../support/stores.ts";

/** As the library's own type has it, but for `type` and the time. */
const AGENT = { name: "agent", type: "worker", capabilities: ["go"], status: "available", current_load: 1 };
const put = (registry: AskedRegistry, id: string, fields: object = {}) =>
  registry.register({ id, ...AGENT, ...fields });
const record = async (registry: AskedRegistry, id: string) => (await registry.get(`/v1/agents/${id}`)).body;
const remove = (registry: AskedRegistry, id: string, token: string) =>
  registry.call("DELETE", `/v1/agents/${id}`, undefined, { "Lease-Token": token });
const reap = async (registry: AskedRegistry, seconds: number) =>
  (await registry.post(`/v1/sweep?older_than=${seconds}`, undefined, OPERATOR)).body["marked"];
const flush = (registry: AskedRegistry, query: string) =>
  registry.call("DELETE", `/v1/agents?${query}`, undefined, OPERATOR);
const REDIS = { UPSTASH_REDIS_REST_URL: "https://a.example", UPSTASH_REDIS_REST_TOKEN: "t" };
const ELIGIBLE = "status=accepting&max_load_ratio=1000000&min_health_score=0";
const pick = async (registry: AskedRegistry, query: string): Promise<string[]> => {
  const { body } = await registry.get<{ agents: { id: string }[] }>(`/v1/discover?${ELIGIBLE}&${query}`);
  return body.agents.map(({ id }) => id);
};
itMoves("The Redis registry", {
  async "`Register(agent)`"({ open }) {
    const registry = open();
    expect((await put(registry, "a")).outcome).toBe("created");
    const { status, body } = await registry.post("/v1/agents", { ...AGENT, type: undefined });
    expect([status, body["errors"]]).toEqual([400, [{ pointer: "/type", detail: "is required" }]]);
  },
  async "`Deregister(id)`"({ open }) {
    const registry = open();
    const { lease_token } = await put(registry, "a");
    expect((await remove(registry, "a", lease_token)).status).toBe(204);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  },
  async "`Get(id)`"({ open }) {
    const registry = open();
    await put(registry, "a");
    expect(await record(registry, "a")).toMatchObject({ id: "a", status: "available", current_load: 1 });
  },
  async "`List()`"({ open }) {
    const registry = open();
    expect((await registry.get("/v1/agents")).body).toMatchObject({ agents: [], next_cursor: null });
    for (const id of ["c", "a", "b"]) await put(registry, id);
    expect(await listAll(registry, 2)).toEqual(["a", "b", "c"]);
  },
  async "`Heartbeat(id)`"({ open }) {
    const registry = open();
    const { lease_token } = await put(registry, "a", { status: "busy" });
    await registry.pass(1000);
    const headers = { "Lease-Token": lease_token };
    expect((await registry.post("/v1/agents/a/heartbeat", undefined, headers)).status).toBe(200);
    const last_seen = "2126-01-01T00:00:01.000Z";
    expect(await record(registry, "a")).toMatchObject({ status: "busy", current_load: 1, last_seen });
  },
  async "`Reap(ttl)`"({ open, withKeys }) {
    const registry = open();
    await put(registry, "a");
    await registry.pass(60_001);
    await put(registry, "b");
    expect(await reap(registry, 60)).toEqual(["a"]);
    expect((await registry.post("/v1/sweep?older_than=60")).status).toBe(withKeys ? 403 : 200);
  },
  async "`FlushPrefix()`"({ open, withKeys }) {
    const registry = open();
    for (const id of ["test/a", "test/b", "kept"]) await put(registry, id);
    const ids = ["test/a", "test/b"];
    expect((await flush(registry, "prefix=test/")).body).toMatchObject({ dry_run: true, ids });
    expect((await flush(registry, "prefix=test/&dry_run=false")).body).toMatchObject({ ids });
    expect(await listAll(registry, 10)).toEqual(["kept"]);
    const asMover = await registry.call("DELETE", "/v1/agents?prefix=kept");
    expect(asMover.status).toBe(withKeys ? 403 : 200);
  },
  async "`NewRedisRegistry(addr)`, which pings"({ open }) {
    const registry = open();
    const { status, body } = await registry.get("/ready");
    expect([status, body["status"]]).toEqual([200, "ready"]);
  },
  async "the router's pick: available, or busy below its maximum, with all labels, the freest first"({
    open,
  }) {
    const registry = open();
    const both = { capabilities: ["go", "review"], max_load: 10 };
    await put(registry, "half", { ...both, current_load: 5 });
    await put(registry, "free", { ...both, current_load: 0, health_score: 0.1 });
    await put(registry, "busy", { ...both, status: "busy", current_load: 9 });
    await put(registry, "full", { ...both, status: "busy", current_load: 10 });
    await put(registry, "over", { ...both, current_load: 11 });
    await put(registry, "away", { ...both, status: "offline" });
    await put(registry, "unlimited", { ...both, current_load: 50, max_load: 0 });
    await put(registry, "unskilled", { current_load: 0 });
    const picked = await pick(registry, "capability=go&capability=review");
    expect(picked).toEqual(["free", "unlimited", "half", "busy", "over"]);
    expect(await pick(registry, "capability=paint")).toEqual([]);
  },
  async "the router's pick for a critical task: the fewest in hand first"({ open }) {
    const registry = open();
    await put(registry, "many", { current_load: 3, max_load: 0 });
    for (const id of ["b", "a"]) await put(registry, id, { current_load: 2, max_load: 2 });
    expect(await pick(registry, "sort=current_load&capability=go")).toEqual(["a", "b", "many"]);
  },

  async "`id`, `name`, `status`, `current_load`"({ open }) {
    const registry = open();
    await put(registry, "a", { name: "one", status: "busy", current_load: 7 });
    const same = { id: "a", name: "one", status: "busy", current_load: 7 };
    expect(await record(registry, "a")).toMatchObject(same);
  },
  async "`capabilities`, texts"({ open }) {
    const registry = open();
    await put(registry, "a", { capabilities: ["go"] });
    expect((await record(registry, "a"))["capabilities"]).toEqual([expect.objectContaining({ name: "go" })]);
  },
  async "`max_load`, 0 for no limit"({ open }) {
    const registry = open();
    await put(registry, "a", { max_load: 5 });
    await put(registry, "b", { max_load: 0 });
    expect(await record(registry, "a")).toMatchObject({ max_concurrency: 5, load_ratio: 0.2 });
    expect(await record(registry, "b")).toMatchObject({ max_concurrency: null, load_ratio: 0 });
  },
  async "`last_heartbeat`"({ open }) {
    const registry = open();
    await put(registry, "a");
    expect((await record(registry, "a"))["last_seen"]).toBe("2126-01-01T00:00:00.000Z");
    const sent = { ...AGENT, last_heartbeat: "0001-01-01T00:00:00Z" };
    const { status, body } = await registry.post("/v1/agents", sent);
    const detail = 'is called "last_seen" here, and the registry notes it itself';
    expect([status, body["errors"]]).toEqual([400, [{ pointer: "/last_heartbeat", detail }]]);
  },
  async "`Code`, `Message` of an error"({ open }) {
    const registry = open();
    const { status, body } = await registry.get("/v1/agents/nobody");
    expect([status, body]).toEqual([
      404,
      expect.objectContaining({ code: "agent_not_found", error: 'No live agent has the id "nobody".' }),
    ]);
  },
  async "`WithRegistryTTL`"({ open }) {
    const registry = open({ env: { AGENT_TTL_SECONDS: "120" } });
    expect((await put(registry, "a")).ttl_seconds).toBe(120);
    expect((await put(registry, "b", { ttl_seconds: 60 })).ttl_seconds).toBe(60);
    expect((await put(open(), "c")).ttl_seconds).toBe(300);
  },
  async "`WithRegistryRedisPrefix`"({ open }) {
    expect(open({ env: { ...REDIS, REDIS_PREFIX: "agentic" } }).config.redis?.prefix).toBe("agentic");
    const backend = redisBackend();
    const registry = open({ backend });
    await put(registry, "a");
    expect(await backend.bridge.raw("EXISTS", `${backend.prefix}:default:doc:agent:a`)).toBe(1);
    const elsewhere = { ...bearer("key-of-stranger"), "Rollcall-Namespace": "elsewhere" };
    expect((await registry.get("/v1/agents/a", elsewhere)).status).toBe(404);
  },
  async "`registry_backend`"({ open }) {
    const registry = open();
    const { body } = await registry.get("/v1/stats");
    expect(body["backend"]).toBe(registry.backend.open("default").backend);
    expect(open({ env: REDIS }).config.redis?.url).toBe(REDIS.UPSTASH_REDIS_REST_URL);
    expect(registry.config.redis).toBeNull();
  },

  async "registering again overwrites all that was registered"({ open }) {
    const registry = open();
    const { lease_token } = await put(registry, "a", { metadata: { zone: 1 }, current_load: 5 });
    expect((await put(registry, "a")).outcome).toBe("replaced");
    expect(await record(registry, "a")).toMatchObject({ metadata: {}, current_load: 1 });
    const older = await registry.heartbeat("a", lease_token);
    expect([older.status, older.body["code"]]).toEqual([409, "lease_lost"]);
  },
  async "gone five minutes after the last heartbeat"({ open }) {
    const registry = open();
    const { lease_token } = await put(registry, "a");
    await registry.pass(200_000);
    await registry.heartbeat("a", lease_token);
    await registry.pass(300_000);
    expect((await registry.get("/v1/agents/a")).status).toBe(200);
    await registry.pass(1);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  },
  async "a heartbeat makes `offline` `available`, and leaves `busy`"({ open }) {
    const registry = open();
    for (const [before, after] of [
      ["offline", "available"],
      ["busy", "busy"],
    ] as const) {
      const { lease_token } = await put(registry, before, { status: before });
      await registry.heartbeat(before, lease_token);
      expect((await record(registry, before))["status"]).toBe(after);
    }
  },
  async "an id that nobody has: 404"({ open }) {
    const registry = open();
    const { lease_token } = await put(registry, "a");
    await remove(registry, "a", lease_token);
    const answers = [
      await registry.get("/v1/agents/nobody"),
      await registry.call("DELETE", "/v1/agents/nobody"),
      await registry.heartbeat("nobody", lease_token),
    ];
    expect(answers.map(({ status, body }) => [status, body["action"]])).toEqual([
      [404, undefined],
      [404, undefined],
      [404, "register"],
    ]);
  },
  async "an agent without an id: 400"({ open }) {
    const registry = open();
    const { agent_id } = await registry.register(AGENT);
    expect(agent_id).toMatch(/^[0-9a-f-]{36}$/);
  },
  async "`Reap` marks as `offline` who was last heard before the cutoff, and returns them once"({ open }) {
    const registry = open();
    await put(registry, "offline", { status: "offline" });
    const { lease_token } = await put(registry, "a", { status: "busy" });
    await registry.pass(60_000);
    expect(await reap(registry, 60)).toEqual([]);
    await registry.pass(1);
    expect([await reap(registry, 60), await reap(registry, 60)]).toEqual([["a"], []]);
    expect(await record(registry, "a")).toMatchObject({ status: "busy", effective_status: "unreachable" });
    await registry.heartbeat("a", lease_token);
    await registry.pass(60_001);
    expect(await reap(registry, 60)).toEqual(["a"]);
  },
  async "`Reap` leaves the time to live as it was"({ open }) {
    const registry = open();
    await put(registry, "a");
    await registry.pass(100_000);
    const { expires_at } = await record(registry, "a");
    await reap(registry, 60);
    expect((await record(registry, "a"))["expires_at"]).toBe(expires_at);
  },
  async "a heartbeat at the time of a `Reap` may be lost, and an agent that left come back"({ open }) {
    const registry = open();
    const ids = Array.from({ length: 6 }, (_, i) => `a${i}`);
    const tokens = await Promise.all(ids.map(async (id) => (await put(registry, id)).lease_token));
    await registry.pass(60_001);
    const reaping = reap(registry, 60);
    const [beat, left] = [ids.slice(0, 3), ids.slice(3)];
    const heard = await Promise.all(beat.map((id, i) => registry.heartbeat(id, tokens[i])));
    const gone = await Promise.all(left.map((id, i) => remove(registry, id, tokens[i + 3]!)));
    await reaping;
    expect([...heard, ...gone].map(({ status }) => status)).toEqual([200, 200, 200, 204, 204, 204]);
    expect(await listAll(registry, 10)).toEqual(beat);
    expect((await record(registry, "a0"))["age_ms"]).toBe(0);
  },
  async "a list leaves out what it cannot read, and ends early where Redis fails"({ open, openBreakable }) {
    const { backend, fail } = openBreakable();
    const registry = open({ backend });
    await put(registry, "a");
    await fail();
    const { status, headers } = await registry.get("/v1/agents");
    expect([status, headers.has("Retry-After")]).toEqual([503, true]);
  },
  async "an agent may be listed twice"({ open }) {
    const registry = open();
    const ids = ["a", "b", "c", "d"];
    for (const id of ids) await put(registry, id);
    const seen = await listAll(registry, 1, async () => void (await put(registry, "b")));
    expect(seen).toEqual(ids);
  },
  async "an agent that was registered without `last_heartbeat` is reaped at once"({ open }) {
    const registry = open();
    await put(registry, "a");
    await registry.pass(1000);
    expect(await reap(registry, 1)).toEqual([]);
  },
  async "twenty processes at once lose nothing"({ open }) {
    const registry = open();
    const ids = Array.from({ length: 20 }, (_, i) => `a${i + 10}`);
    const live = async (id: string) => {
      const { lease_token } = await put(registry, id);
      expect((await registry.heartbeat(id, lease_token, { status: "busy", current_load: 3 })).status).toBe(
        200,
      );
      expect(await record(registry, id)).toMatchObject({ id, status: "busy", current_load: 3 });
    };
    await Promise.all(ids.map(live));
    expect(await listAll(registry, 50)).toEqual(ids);
  },
});
