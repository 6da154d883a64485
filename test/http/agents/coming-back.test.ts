import { describe, expect, it } from "vitest";
import { sweep, sweepUntilReaped } from "../../support/agents.ts";
import { KEYS } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

const WHOLE = { status: "busy", current_load: 4 };
const BRIEF = { ttl_seconds: 16, heartbeat_interval_seconds: 8 };

interface Events {
  events: { type: string; id: string }[];
}
const eventsOf = async (registry: Registry): Promise<string[]> =>
  (await registry.get<Events>("/v1/events")).body.events.map(({ type }) => type);

describe.each(BACKENDS)("a registration that has lapsed on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each([
    ["says everything", WHOLE, { status: "busy", current_load: 4 }],
    ["says nothing", {}, { status: "degraded", current_load: 2 }],
    ["says one thing", { current_load: 1, metadata: { b: 2 } }, { status: "degraded", current_load: 1 }],
  ])(
    "comes back with a heartbeat that %s, swept or not, at any time within its grace",
    async (_, said, is) => {
      for (const sweeps of [0, 1, 6]) {
        const registry = open();
        const fields = { id: "a", status: "degraded", current_load: 2, metadata: { a: 1 }, ...BRIEF };
        const { lease_token } = await registry.register(fields);
        await registry.heartbeat("a", lease_token, { status: "available", current_load: 0 });
        await registry.pass(16_001);
        for (let run = 0; run < sweeps; run += 1) {
          await sweep(registry);
          await registry.pass(run < sweeps - 1 ? 60_000 : 0);
        }
        expect((await registry.get("/v1/agents/a")).status).toBe(404);
        const { status, body } = await registry.heartbeat("a", lease_token, said);
        expect(status).toBe(200);
        expect(body).toMatchObject({ received: true, restored: true, next_interval_seconds: 8 });
        const { metadata } = said as { metadata?: Record<string, unknown> };
        expect((await registry.get("/v1/agents/a")).body).toMatchObject({
          ...is,
          effective_status: is.status,
          metadata: { a: 1, ...metadata },
        });
        expect(await eventsOf(registry)).toEqual([
          "registered",
          "status_changed",
          ...(sweeps > 0 ? ["lapsed"] : []),
          "recovered",
        ]);
        expect((await registry.heartbeat("a", lease_token, said)).body["restored"]).toBeUndefined();
        expect(await sweep(registry)).toMatchObject({
          unreachable: [],
          recovered: [],
          lapsed: [],
          reaped: [],
        });
      }
    },
  );

  it("comes back in bulk, each item saying so", async () => {
    const registry = open();
    const agents = await populate(registry, 3, (i) => (i === 2 ? {} : BRIEF));
    await registry.pass(16_001);
    await sweep(registry);
    const heartbeats = agents.map(({ id, leaseToken }, i) => ({
      id,
      lease_token: leaseToken,
      ...(i === 1 ? {} : WHOLE),
    }));
    const { body } = await registry.post<{ results: Record<string, unknown>[] }>("/v1/heartbeats", {
      heartbeats,
    });
    expect(body.results.map(({ status, restored }) => [status, restored])).toEqual([
      [200, true],
      [200, true],
      [200, undefined],
    ]);
  });

  it("is gone once its grace is over, told as lapsed once and then as reaped", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    await registry.pass(300_001);
    expect(await sweepUntilReaped(registry)).toEqual(["a"]);
    expect((await registry.heartbeat("a", lease_token, WHOLE)).status).toBe(404);
    expect(await eventsOf(registry)).toEqual(["registered", "lapsed", "reaped"]);
  });

  it("is kept longer by the time in which no sweep reached the store", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", ...BRIEF });
    await registry.pass(16_001);
    expect((await sweep(registry)).lapsed).toEqual(["a"]);
    await registry.pass(7_200_000);
    expect((await sweep(registry)).reaped).toEqual([]);
    expect((await registry.heartbeat("a", lease_token)).body["restored"]).toBe(true);
  });

  it("keeps its id for its owner until it is reaped", async () => {
    const registry = new Registry({ backend: openBackend(), access: await keysAccess(KEYS) });
    const [owner, other, admin] = ["key-owner", "key-other", "key-admin"].map(bearer) as [
      Record<string, string>,
      Record<string, string>,
      Record<string, string>,
    ];
    const fields = { id: "a", name: "agent", type: "worker", ...BRIEF };
    const register = async (headers: Record<string, string>) =>
      (await registry.post("/v1/agents", fields, headers)).status;
    for (const who of [owner, admin]) {
      expect(await register(owner)).toBe(201);
      await registry.pass(16_001);
      await registry.post("/v1/sweep", undefined, admin);
      expect(await register(other)).toBe(403);
      expect(await register(who)).toBe(201);
      await registry.call("DELETE", "/v1/agents/a", undefined, admin);
    }
    expect(await register(owner)).toBe(201);
    await registry.pass(16_001);
    for (let run = 0; run <= 6; run += 1) {
      await registry.post("/v1/sweep", undefined, admin);
      await registry.pass(60_000);
    }
    expect(await register(other)).toBe(201);
  });

  it("comes back on the older API with its owner's key, and with no other", async () => {
    const registry = new Registry({ backend: openBackend(), access: await keysAccess(KEYS) });
    const register = { name: "a", type: "t", host: "h", port: 1 };
    const { body } = await registry.post<{ agent_id: string }>(
      "/agents/register",
      register,
      bearer("key-owner"),
    );
    const beat = async (key: string) =>
      (await registry.post(`/agents/${body.agent_id}/heartbeat`, { status: "healthy" }, bearer(key))).status;
    await registry.pass(300_001);
    await registry.post("/v1/sweep", undefined, bearer("key-admin"));
    expect((await registry.get(`/agents/${body.agent_id}`, bearer("key-read"))).status).toBe(404);
    expect([await beat("key-other"), await beat("key-owner")]).toEqual([404, 200]);
    expect((await registry.get(`/agents/${body.agent_id}`, bearer("key-read"))).body).toMatchObject({
      status: "healthy",
    });
  });

  it("can be unregistered by its holder, and then stays gone", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", ...BRIEF });
    await registry.pass(16_001);
    const headers = { "Lease-Token": lease_token };
    expect((await registry.call("DELETE", "/v1/agents/a", undefined, headers)).status).toBe(204);
    expect((await registry.heartbeat("a", lease_token)).status).toBe(409);
  });
});

describe("what coming back costs on redis", () => {
  it("is two round trips more than a heartbeat of its kind, and nothing once it is back", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["warm", "a"]) {
      const { lease_token } = await registry.register({ id, ...BRIEF });
      await registry.pass(16_001);
      const beat = () => registry.heartbeat(id, lease_token, WHOLE);
      const back = await backend.bridge.cost(beat);
      if (id === "warm") continue;
      expect(back.requests).toBe(3);
      expect((await backend.bridge.cost(beat)).requests).toBe(1);
    }
  });
});
