import { describe, expect, it } from "vitest";
import { heldLease } from "../../../src/core/holding.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

const WHOLE = { status: "available", current_load: 0 };
const TERMS = { heartbeat_interval_seconds: 2, ttl_seconds: 60 };

/** Three agents that send 1.5 heartbeats a second, of which 1 is admitted: so each is to wait 3 s. */
async function fleet(max = "1", backend: ReturnType<typeof redisBackend> = redisBackend()) {
  const registry = new Registry({ backend, env: { HEARTBEATS_PER_SECOND_MAX: max } });
  const tokens: Record<string, string> = {};
  for (const id of ["a", "b", "c"]) tokens[id] = (await registry.register({ id, ...TERMS })).lease_token;
  const beat = async (id = "a", body: object = WHOLE) =>
    (await registry.heartbeat(id, tokens[id], body)).body;
  /** After a sweep, an isolate hears of it with the first heartbeat that looks. */
  const sweep = async () => {
    await registry.post("/v1/sweep");
    await registry.pass(5001);
    await beat("c");
  };
  return { registry, backend, tokens, beat, sweep };
}

describe("where more heartbeats are sent than the store should take", () => {
  it("agents are told to wait longer, and why, still with one command", async () => {
    const { backend, beat, sweep } = await fleet();
    expect(await beat()).not.toHaveProperty("interval_reason");
    await sweep();
    const stretched = { next_interval_seconds: 3, interval_reason: "store_near_limit" };
    const { requests, commands } = await backend.bridge.cost(async () =>
      expect(await beat()).toMatchObject(stretched),
    );
    expect({ requests, commands }).toEqual({ requests: 1, commands: 1 });
    expect(await beat("b", { metadata: { a: 1 } })).toMatchObject(stretched);
  });

  it("one in a batch and one of the older API are told so too", async () => {
    const { registry, tokens, sweep } = await fleet();
    // 1.5 heartbeats a second and one each 30 s: 1.54 times as long.
    const legacy = await registry.post<{ agent_id: string }>("/agents/register", {
      name: "old",
      type: "worker",
      host: "h",
      port: 1,
    });
    await sweep();
    const batch = { heartbeats: [{ id: "a", lease_token: tokens["a"], ...WHOLE }] };
    expect((await registry.post("/v1/heartbeats", batch)).body).toMatchObject({
      results: [{ status: 200, next_interval_seconds: 4, interval_reason: "store_near_limit" }],
    });
    const { body } = await registry.post(`/agents/${legacy.body.agent_id}/heartbeat`, {});
    expect(body).toMatchObject({ next_interval_seconds: 47 });
  });

  it("nobody is unreachable who waits as told, and who was told nothing is judged as registered", async () => {
    const { registry, beat, sweep } = await fleet();
    await sweep();
    await beat();
    const states = async () => {
      const { body } = await registry.get<{ agents: { effective_status: string }[] }>("/v1/agents");
      return body.agents.map(({ effective_status }) => effective_status);
    };
    await registry.pass(4500);
    expect(await states()).toEqual(["available", "unreachable", "unreachable"]);
    await registry.pass(1);
    expect(await states()).toEqual(["unreachable", "unreachable", "unreachable"]);
  });

  it("an interval is stretched to half the TTL at most, and back once fewer are sent", async () => {
    const { registry, tokens, beat, sweep } = await fleet();
    const { lease_token } = await registry.register({
      id: "d",
      heartbeat_interval_seconds: 25,
      ttl_seconds: 60,
    });
    await sweep();
    expect((await registry.heartbeat("d", lease_token, WHOLE)).body["next_interval_seconds"]).toBe(30);

    for (const id of ["a", "b"])
      await registry.call("DELETE", `/v1/agents/${id}`, undefined, { "Lease-Token": tokens[id]! });
    await sweep();
    expect(await beat("c")).toMatchObject({ next_interval_seconds: 2 });
    expect(await beat("c")).not.toHaveProperty("interval_reason");
  });

  it("those that a socket holds send none", async () => {
    const { registry, beat, sweep } = await fleet();
    const { store } = registry.open("default");
    const [held] = await store.read([{ kind: "agent", id: "b" }], registry.now);
    const terms = { ttlSeconds: 60, intervalSeconds: 2 };
    const lease = heldLease(terms, { status: "available", currentLoad: 0 }, "h1.1", registry.now);
    await store.attach([{ ref: held!.ref, fence: held!.entry!.document.fence, lease }], registry.now);
    await sweep();
    expect(await beat()).toMatchObject({ next_interval_seconds: 2 });
  });

  it("HEARTBEATS_PER_SECOND_MAX=0 lets them", async () => {
    const { beat, sweep } = await fleet("0");
    await sweep();
    expect(await beat()).toMatchObject({ next_interval_seconds: 2 });
  });

  it("the embedded store lets them: its bound is not one of commands", async () => {
    const registry = new Registry({
      backend: BACKENDS[1].openBackend(),
      env: { HEARTBEATS_PER_SECOND_MAX: "1" },
    });
    const tokens = await Promise.all(
      ["a", "b", "c"].map(async (id) => (await registry.register({ id, ...TERMS })).lease_token),
    );
    await registry.post("/v1/sweep");
    expect((await registry.heartbeat("a", tokens[0], WHOLE)).body["next_interval_seconds"]).toBe(2);
  });
});
