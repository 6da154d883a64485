import { beforeAll, describe, expect, it } from "vitest";
import type { Counters } from "../../support/bridge-control-protocol.ts";
import { countingGateways } from "../../support/gateways.ts";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { redisBackend } from "../../support/stores.ts";
import { ECHO, META, openToolsets } from "../../support/toolsets.ts";

/** What Redis is asked per operation on toolsets: HTTP requests, and the commands in them; and the toolset's gateway. */
async function open() {
  const redis = redisBackend();
  const { backend, calls } = countingGateways(redis);
  const registry = openToolsets({ backend });
  const token = await registry.serve();
  // An isolate reads the key of its proofs once in five minutes.
  await registry.open("default").proofKey();
  return {
    registry,
    token,
    cost: async (work: () => Promise<{ status: number }>) => {
      calls.length = 0;
      let status = 0;
      const { requests, commands, log } = await redis.bridge.cost(async () => ({ status } = await work()));
      return { status, requests, commands, log, gateway: [...calls] };
    },
  };
}

const once: Partial<Counters> = { requests: 1, commands: 1 };
const none: Partial<Counters> = { requests: 0, commands: 0 };

// A script costs a second trip the first time that Redis is asked for it, and then no more.
beforeAll(async () => {
  const { registry } = await open();
  for (const path of ["/v1/toolsets", "/v1/toolsets/tools"]) await registry.get(path);
});

describe("a pong", () => {
  const pinged = async () => {
    const opened = await open();
    const { body } = await opened.registry.claim(opened.token, { consumer: "other" });
    const [ping] = body.messages as { ping_id: string }[];
    const pong = (token?: string) => opened.registry.pong(token, ping!.ping_id);
    await pong(opened.token);
    return { ...opened, pong };
  };

  it("with the token costs one command in one round trip", async () => {
    const { token, pong, cost } = await pinged();
    const spent = await cost(() => pong(token));
    expect(spent).toMatchObject({ ...once, status: 200, gateway: [] });
    expect(spent.log[0]).toMatch(/^SET .*:lease:toolset:tools:/);
  });

  it.each([
    { age: 5000, commands: 1 },
    { age: 5001, commands: 3 },
  ])(
    "looks up the directives along the way when the view is $age ms old: $commands",
    async ({ age, commands }) => {
      const { registry, token, pong, cost } = await pinged();
      await registry.pass(age);
      expect(await cost(() => pong(token))).toMatchObject({ requests: 1, commands, status: 200 });
    },
  );

  it("without the token, or for an earlier registration, costs two", async () => {
    const { registry, token, pong, cost } = await pinged();
    expect(await cost(() => pong())).toMatchObject({ requests: 2, commands: 2, status: 200 });
    await registry.offer();
    expect(await cost(() => pong(token))).toMatchObject({ requests: 2, commands: 2, status: 410 });
  });
});

describe("a call", () => {
  it("costs one round trip, and one call to the gateway, repeated or not", async () => {
    const { registry, cost } = await open();
    for (const meta of [{}, { tool_call_id: "t1" }, { tool_call_id: "t1" }]) {
      const spent = await cost(() => registry.callTool(undefined, meta));
      expect(spent).toMatchObject({ ...once, status: 202, gateway: ["call"] });
    }
  });

  it.each([
    { fault: "toolset", payload: {}, name: "none", tool: "none", status: 404 },
    { fault: "tool", payload: {}, name: "tools", tool: "none", status: 404 },
    { fault: "payload", payload: {}, name: "tools", tool: "echo", status: 400 },
  ])(
    "refused for its $fault costs one round trip, and no gateway",
    async ({ payload, name, tool, status }) => {
      const { registry, cost } = await open();
      const spent = await cost(() => registry.callTool(payload, {}, { name, tool }));
      expect(spent).toMatchObject({ ...once, status, gateway: [] });
    },
  );

  it("costs a provider one round trip to claim, and none to send a delta or the result", async () => {
    const { registry, cost } = await open();
    // One that this isolate has never seen: it asks the gateway for it, once.
    const result_schema = { title: crypto.randomUUID() };
    const token = await registry.serve({ tools: [{ ...ECHO, result_schema }] });
    for (const asked of [["resultSchema"], []]) {
      const { body: taken } = await registry.callTool();
      let calls: Awaited<ReturnType<typeof registry.calls>> = [];
      const claimed = await cost(async () => {
        calls = await registry.calls(token);
        return { status: 200 };
      });
      expect(claimed).toMatchObject({ ...once, gateway: ["claim"] });
      const [call] = calls;
      expect(await cost(() => registry.delta(token, call!, "x"))).toMatchObject({
        ...none,
        status: 200,
        gateway: ["delta"],
      });
      expect(await cost(() => registry.settle(token, call!, { result: { text: "x" } }))).toMatchObject({
        ...none,
        status: 200,
        gateway: [...asked, "settle"],
      });
      expect(await cost(() => registry.result(taken))).toMatchObject({
        ...none,
        status: 200,
        gateway: ["follow"],
      });
    }
  });

  it("is claimed by the hundred at the price of one", async () => {
    const { registry, token, cost } = await open();
    await mapConcurrently(10, Array.from({ length: 100 }), () => registry.callTool());
    const spent = await cost(() => registry.claim(token, { max: 100 }));
    expect(spent).toMatchObject({ ...once, status: 200, gateway: ["claim"] });
  });

  it("costs one round trip with its result, and one call more to the gateway", async () => {
    const { registry, cost } = await open();
    const call = () =>
      registry.post("/v1/toolsets/tools/tools/echo/calls?wait=30", { payload: { text: "a" }, meta: META });
    expect(await cost(call)).toMatchObject({ ...once, status: 202, gateway: ["call", "changed"] });
  });

  it("is waited for without Redis, however long", async () => {
    const { registry, token, cost } = await open();
    const { body: taken } = await registry.callTool();
    expect(await cost(() => registry.result(taken, "?wait=30"))).toMatchObject({ ...none, status: 200 });
    const [call] = await registry.calls(token);
    await registry.settle(token, call!, { result: { text: "x" } });
    const Accept = "text/event-stream";
    expect(await cost(() => registry.fetch(taken.result_url, { headers: { Accept } }))).toMatchObject(none);
  });

  it("that is long in coming costs the provider who waits one round trip", async () => {
    const { registry, token, cost } = await open();
    await registry.claim(token);
    expect(await cost(() => registry.claim(token, { wait: 30 }))).toMatchObject({ ...once, status: 200 });
  });
});

describe("a toolset", () => {
  it("is registered, replaced, amended and unregistered in two round trips, and in one where it is new", async () => {
    const { registry, cost } = await open();
    const two = { requests: 2, commands: 2 };
    // The time by the store's clock comes with what is read.
    const timed = { requests: 2, commands: 3 };
    const register = (fields = {}) =>
      cost(() => registry.post("/v1/toolsets", { name: "one", tools: [ECHO], ...fields }));
    expect(await register({ tags: ["a", "b"] })).toMatchObject({ ...once, status: 201, gateway: ["open"] });
    expect(await register({ tags: ["c"] })).toMatchObject({ ...two, status: 201, gateway: ["open"] });
    const token = await registry.offer({ name: "one" });
    const amend = () =>
      registry.post("/v1/toolsets", { name: "one", tools: [ECHO] }, { "Lease-Token": token });
    expect(await cost(amend)).toMatchObject({ ...timed, status: 200, gateway: [] });
    expect(await cost(() => registry.call("DELETE", "/v1/toolsets/one"))).toMatchObject({
      ...two,
      status: 204,
      gateway: ["close"],
    });
  });

  it("that may not be admitted costs nothing", async () => {
    const { registry, cost } = await open();
    const spent = await cost(() => registry.post("/v1/toolsets", { name: "one", tools: [] }));
    expect(spent).toMatchObject({ ...none, status: 400, gateway: [] });
  });

  it("is read in one round trip, and so is its load", async () => {
    const { registry, cost } = await open();
    const read = await cost(() => registry.get("/v1/toolsets/tools"));
    expect(read).toMatchObject({ ...once, status: 200, gateway: [] });
    const load = await cost(() => registry.get("/v1/toolsets/tools/calls"));
    expect(load).toMatchObject({ ...once, status: 200, gateway: ["load", "troubles"] });
  });

  it.each(["", "?tag=a", "?tag=a&tag=b", "?healthy=true", "/search?q=tool", "/search?q=none"])(
    "is found among 100 in at most two round trips, by %s",
    async (query) => {
      const { registry, cost } = await open();
      const names = Array.from({ length: 100 }, (_, i) => `tool-${i}`);
      await mapConcurrently(10, names, (name) => registry.offer({ name, tags: ["a", "b"] }));
      const { status, requests, commands, gateway } = await cost(() => registry.get(`/v1/toolsets${query}`));
      expect([status, gateway]).toEqual([200, []]);
      expect(requests).toBeLessThanOrEqual(2);
      expect(commands).toBe(requests);
    },
  );
});
