import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { START } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { ECHO, NEVER_HEARD, openToolsets, type Refusal, type Toolsets } from "../../support/toolsets.ts";

const AT_START = new Date(START).toISOString();

/** A ping that nobody else has had. */
async function pingOf(registry: Toolsets, token: string, name?: string): Promise<string> {
  const { body } = await registry.claim(token, { consumer: crypto.randomUUID(), max: 1 }, name);
  const ping = body.messages.find((message) => message.type === "ping");
  return ping!.ping_id;
}

describe.each(BACKENDS)("a toolset's health, $backend", ({ openBackend }) => {
  const open = (env: Record<string, string> = {}) => openToolsets({ backend: openBackend(), env });

  it.each([
    { age: 0, healthy: true },
    { age: 39_999, healthy: true },
    { age: 40_000, healthy: true },
    { age: 40_001, healthy: false },
    { age: 86_400_000, healthy: false },
  ])("$age ms after the last pong is $healthy, wherever it is read", async ({ age, healthy }) => {
    const registry = open();
    await registry.serve({ tags: ["t"] });
    await registry.pass(age);
    const health = { healthy, last_pong: AT_START, age_ms: age, staleness_threshold_ms: 40_000 };
    expect(await registry.health()).toStrictEqual(health);
    for (const query of ["?tag=t", "/search?q=tool"]) {
      const { body } = await registry.get(`/v1/toolsets${query}`);
      expect(body).toMatchObject({ count: 1, toolsets: [{ health }] });
      const only = await registry.get(`/v1/toolsets${query}&healthy=true`);
      expect(only.body).toMatchObject({ count: healthy ? 1 : 0 });
    }
    expect((await registry.callTool()).status).toBe(healthy ? 202 : 503);
  });

  it("is said by how often it is pinged, and how many pings may be missed", async () => {
    const registry = open({ PING_INTERVAL_SECONDS: "5", MISSED_PING_THRESHOLD: "1" });
    await registry.serve();
    await registry.pass(10_000);
    expect(await registry.health()).toMatchObject({ healthy: true, staleness_threshold_ms: 10_000 });
    await registry.pass(1);
    expect(await registry.health()).toMatchObject({ healthy: false, age_ms: 10_001 });
  });

  it("is none until its first pong, however often its provider polls", async () => {
    const registry = open();
    const token = await registry.offer();
    expect(await registry.health()).toStrictEqual(NEVER_HEARD);
    for (let i = 0; i < 5; i += 1) {
      await registry.claim(token);
      await registry.pass(10_000);
    }
    expect(await registry.health()).toStrictEqual(NEVER_HEARD);
  });

  it("is back with one pong, however long it was away", async () => {
    const registry = open();
    const token = await registry.serve();
    await registry.pass(3_600_000);
    expect(await registry.health()).toMatchObject({ healthy: false, age_ms: 3_600_000 });
    const { status, body } = await registry.pong(token, await pingOf(registry, token));
    expect([status, body]).toEqual([
      200,
      { received: true, timestamp: new Date(registry.now).toISOString() },
    ]);
    expect(await registry.health()).toMatchObject({ healthy: true, age_ms: 0 });
  });

  it("takes an earlier ping of the same registration for a sign of life", async () => {
    const registry = open();
    const token = await registry.offer();
    const early = await pingOf(registry, token);
    await pingOf(registry, token);
    await registry.pass(60_000);
    expect((await registry.pong(token, early)).status).toBe(200);
    expect(await registry.health()).toMatchObject({ healthy: true, age_ms: 0 });
  });

  it("is each toolset's own: a ping of another heals neither", async () => {
    const registry = open();
    const one = await registry.offer({ name: "one" });
    const two = await registry.offer({ name: "two" });
    const ping = await pingOf(registry, one, "one");
    for (const token of [one, two]) {
      expect((await registry.pong(token, ping, "two")).status).toBe(410);
    }
    expect([await registry.health("one"), await registry.health("two")]).toEqual([NEVER_HEARD, NEVER_HEARD]);
  });
});

describe.each(BACKENDS)("a registration of a toolset, $backend", ({ openBackend }) => {
  const open = () => openToolsets({ backend: openBackend() });

  it("is unhealthy until its own first pong, though what it replaced was healthy", async () => {
    const registry = open();
    await registry.serve();
    const token = await registry.offer();
    expect(await registry.health()).toStrictEqual(NEVER_HEARD);
    expect((await registry.callTool()).body.code).toBe("toolset_unhealthy");
    await registry.pong(token, await pingOf(registry, token));
    expect(await registry.health()).toMatchObject({ healthy: true, age_ms: 0 });
  });

  it.each([
    { whose: "the previous token", speaks: "previous" },
    { whose: "the current token", speaks: "current" },
    { whose: "no token", speaks: "none" },
  ] as const)("is not healed by a pong to the previous one's ping, with $whose: 410", async ({ speaks }) => {
    const registry = open();
    const previous = await registry.serve();
    const ping = await pingOf(registry, previous);
    const current = await registry.offer();
    const token = { previous, current, none: undefined }[speaks];
    const { status, body } = await registry.pong(token, ping);
    expect([status, body.code]).toEqual([410, "stale_registration"]);
    expect(await registry.health()).toStrictEqual(NEVER_HEARD);
  });

  it("is not healed by whoever has the previous one's token: 409, and told to stop", async () => {
    const registry = open();
    const previous = await registry.serve();
    const current = await registry.offer();
    const ping = await pingOf(registry, current);
    const { status, body } = await registry.pong(previous, ping);
    expect([status, body.code, body.action]).toEqual([409, "lease_lost", "stop"]);
    expect(await registry.health()).toStrictEqual(NEVER_HEARD);
    expect((await registry.pong(current, ping)).status).toBe(200);
  });

  it("may be ponged for by its owner's key without a token, and by no other key", async () => {
    const access = await keysAccess([
      { name: "owner", token: "token-of-owner", scopes: ["write"] },
      { name: "other", token: "token-of-other", scopes: ["write"] },
    ]);
    const registry = openToolsets({ backend: openBackend(), access });
    await registry.offer({}, bearer("token-of-owner"));
    const attach = await registry.post<{ messages: { ping_id: string }[] }>(
      "/v1/toolsets/tools/claims",
      { consumer: "c" },
      bearer("token-of-owner"),
    );
    const body = { ping_id: attach.body.messages[0]!.ping_id };
    const pong = (who: string) => registry.post("/v1/toolsets/tools/pong", body, bearer(`token-of-${who}`));
    expect((await pong("other")).status).toBe(403);
    expect((await pong("owner")).status).toBe(200);
  });

  it.each(["", "none", "/", "a/", "/b", "a/b/c", "a b/c", 7])("takes no %j for a ping", async (ping_id) => {
    const registry = open();
    const token = await registry.offer();
    const { status, body } = await registry.post(
      "/v1/toolsets/tools/pong",
      { ping_id },
      { "Lease-Token": token },
    );
    expect([status, body["code"]]).toEqual([400, "invalid_request"]);
  });

  it("fails what was queued for, and what was claimed under, the one it replaces", async () => {
    const registry = open();
    const previous = await registry.serve();
    const { body: claimed } = await registry.callTool({ text: "1" });
    const [claim] = await registry.calls(previous);
    const { body: settled } = await registry.callTool({ text: "2" });
    const [answered] = await registry.calls(previous);
    await registry.settle(previous, answered!, { result: { text: "2" } });
    const { body: queued } = await registry.callTool({ text: "3" });

    const current = await registry.serve();
    const results = await Promise.all([claimed, queued, settled].map((call) => registry.result(call)));
    expect(results.map(({ body }) => [body.status, body.error?.code])).toEqual([
      ["failed", "stale_registration"],
      ["failed", "stale_registration"],
      ["done", undefined],
    ]);
    // A caller has to know whether it may be safe to call again.
    const told = results.map(({ body }) => body.error?.message.includes("may have been carried out"));
    expect(told).toEqual([true, false, undefined]);

    expect(await registry.calls(current)).toEqual([]);
    expect((await registry.settle(current, claim!, { result: { text: "1" } })).body.code).toBe(
      "call_settled",
    );
  });

  it("shuts out whoever has the previous one's token: 409 lease_lost, whatever they do", async () => {
    const registry = open();
    const previous = await registry.serve();
    await registry.callTool();
    const [claim] = await registry.calls(previous);
    const current = await registry.offer();
    const lease = { "Lease-Token": previous };
    const replies = [
      await registry.claim(previous),
      await registry.delta(previous, claim!, "x"),
      await registry.settle(previous, claim!, { result: { text: "x" } }),
      await registry.call<Refusal>("DELETE", "/v1/toolsets/tools", undefined, lease),
      await registry.post<Refusal>("/v1/toolsets", { name: "tools", tools: [ECHO] }, lease),
    ];
    for (const { status, body } of replies) expect([status, body.code]).toEqual([409, "lease_lost"]);
    await registry.pong(current, await pingOf(registry, current));
    expect(await registry.health()).toMatchObject({ healthy: true });
  });

  it("is what the queue is for from then on", async () => {
    const registry = open();
    const previous = await registry.serve();
    const { body: claimed } = await registry.callTool(undefined, { tool_call_id: "t1" });
    await registry.calls(previous);
    const { body: queued } = await registry.callTool(undefined, { tool_call_id: "t3" });
    const current = await registry.serve();
    // The same call is the same call: somebody had it, and it is not carried out twice by surprise.
    const again = await registry.callTool(undefined, { tool_call_id: "t1" });
    expect([again.status, again.body.call_id]).toEqual([200, claimed.call_id]);
    // Nobody ever had this one, so it may be called by its name again.
    const anew = await registry.callTool(undefined, { tool_call_id: "t3" });
    expect(anew.status).toBe(202);
    expect(anew.body.call_id).not.toBe(queued.call_id);
    expect(await registry.calls(current)).toMatchObject([{ call_id: anew.body.call_id }]);
    const { body: after } = await registry.callTool(undefined, { tool_call_id: "t2" });
    expect((await registry.claim(previous)).status).toBe(409);
    expect(await registry.calls(current)).toMatchObject([{ call_id: after.call_id }]);
  });

  it("by one of many at once is the only one that counts", async () => {
    const registry = open();
    const tokens = await Promise.all(Array.from({ length: 8 }, () => registry.offer()));
    const replies = await Promise.all(tokens.map((token) => registry.claim(token)));
    const current = tokens.filter((_, i) => replies[i]!.status === 200);
    expect(current).toHaveLength(1);
    await registry.attach(current[0]!);
    await registry.callTool();
    expect(await registry.calls(current[0])).toHaveLength(1);
  });
});

describe.each(BACKENDS)("a toolset that is unregistered, $backend", ({ openBackend }) => {
  const open = () => openToolsets({ backend: openBackend() });

  it("fails what was queued for it, and is not found", async () => {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claim] = await registry.calls(token);
    const { body: queued } = await registry.callTool();
    const lease = { "Lease-Token": token };
    expect((await registry.call("DELETE", "/v1/toolsets/tools", undefined, lease)).status).toBe(204);
    for (const one of [call, queued]) {
      expect((await registry.result(one)).body.error?.code).toBe("stale_registration");
    }
    const replies = [
      await registry.callTool(),
      await registry.call<{ code: string }>("DELETE", "/v1/toolsets/tools", undefined, lease),
    ];
    for (const { status, body } of replies) expect([status, body.code]).toEqual([404, "toolset_not_found"]);
    const ended = [
      await registry.claim(token),
      await registry.settle(token, claim!, { result: { text: "x" } }),
      await registry.pong(token, "a/b"),
    ];
    for (const { status, body } of ended) expect([status, body.code]).toEqual([409, "lease_lost"]);
  });

  it.each([0, 1, 86_400_000])(
    "may be registered again %i ms later, and has no health then",
    async (later) => {
      const registry = open();
      const before = await registry.serve();
      const ping = await pingOf(registry, before);
      await registry.call("DELETE", "/v1/toolsets/tools");
      await registry.pass(later);
      const token = await registry.offer();
      expect(await registry.health()).toStrictEqual(NEVER_HEARD);
      expect((await registry.pong(before, ping)).status).toBe(410);
      expect((await registry.claim(before)).status).toBe(409);
      await registry.attach(token);
      const { body: call } = await registry.callTool();
      expect(await registry.calls(token)).toMatchObject([{ call_id: call.call_id }]);
    },
  );
});

describe.each(BACKENDS)(
  "a toolset that is registered where the clock is behind, $backend",
  ({ openBackend }) => {
    it.each([true, false])(
      "after it was registered elsewhere, and removed: %s, is the one that counts",
      async (removed) => {
        const backend = openBackend();
        const [ahead, behind] = [openToolsets({ backend }), openToolsets({ backend })];
        await ahead.pass(5000);
        const before = await ahead.serve();
        const { body: waiting } = await ahead.callTool();
        if (removed) await ahead.call("DELETE", "/v1/toolsets/tools");

        const token = await behind.offer();
        expect((await behind.result(waiting)).body.error?.code).toBe("stale_registration");
        expect((await ahead.claim(before)).body.code).toBe("lease_lost");
        await behind.attach(token);
        const { body: call } = await behind.callTool();
        const [claim] = await behind.calls(token);
        expect(claim).toMatchObject({ call_id: call.call_id });
        expect((await behind.settle(token, claim!, { result: { text: "x" } })).status).toBe(200);
      },
    );
  },
);

describe("a toolset whose lease redis has lost", () => {
  async function bereft() {
    const backend = redisBackend();
    const registry = openToolsets({ backend });
    const token = await registry.serve();
    const ping = await pingOf(registry, token);
    const keys = await backend.bridge.raw<string[]>("KEYS", `${backend.prefix}:*:lease:toolset:*`);
    expect(keys).toHaveLength(1);
    await backend.bridge.raw("DEL", ...keys);
    return { backend, registry, token, ping, lease: keys[0]! };
  }

  it("is in the catalogue, unhealthy", async () => {
    const { registry } = await bereft();
    expect(await registry.health()).toStrictEqual(NEVER_HEARD);
    expect((await registry.get("/v1/toolsets")).body).toMatchObject({
      count: 1,
      toolsets: [{ health: NEVER_HEARD }],
    });
    expect((await registry.callTool()).body.code).toBe("toolset_unhealthy");
  });

  it.each(["with", "without"])("is mended by a pong, %s its token", async (how) => {
    const { backend, registry, token, ping, lease } = await bereft();
    expect((await registry.pong(how === "with" ? token : undefined, ping)).status).toBe(200);
    expect(await registry.health()).toMatchObject({ healthy: true, age_ms: 0 });
    expect(await backend.bridge.raw("PTTL", lease)).toBe(-1);
    expect((await registry.callTool()).status).toBe(202);
  });

  it("never lapses by itself otherwise, and no sweep takes it", async () => {
    const backend = redisBackend();
    const registry = openToolsets({ backend });
    await registry.serve();
    await registry.pass(86_400_000);
    expect((await registry.post("/v1/sweep")).body).toMatchObject({ reaped: [] });
    expect((await registry.get("/v1/toolsets")).body).toMatchObject({ count: 1 });
    const [lease] = await backend.bridge.raw<string[]>("KEYS", `${backend.prefix}:*:lease:toolset:*`);
    expect(await backend.bridge.raw("PTTL", lease!)).toBe(-1);
  });
});
