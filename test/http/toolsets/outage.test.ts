import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { reachableGateways } from "../../support/gateways.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { BREAKABLE } from "../../support/outage.ts";
import type { Reply } from "../../support/registry.ts";
import { BACKENDS, type Backend, redisBackend } from "../../support/stores.ts";
import { type ClaimedCall, ECHO, openToolsets, type Ping } from "../../support/toolsets.ts";

const OFFER = { tools: [ECHO] };
const DONE = { result: { text: "x" } };
const SSE = { headers: { Accept: "text/event-stream" } };

/** A healthy toolset with one call claimed and one queued, and every way to use it by name. */
async function openUsed(backend: Backend, pause?: (ms: number) => Promise<void>) {
  const registry = openToolsets({ backend, ...(pause && { pause }) });
  const token = await registry.serve({ tags: ["t"] });
  const { body: taken } = await registry.callTool({ text: "1" });
  const { body } = await registry.claim(token, { consumer: "c1" });
  const [ping, claim] = body.messages as [Ping, ClaimedCall];
  const { body: queued } = await registry.callTool({ text: "2" });
  const lease = { "Lease-Token": token };
  const path = "/v1/toolsets/tools";
  const uses: Record<string, () => Promise<Pick<Reply<unknown>, "status" | "headers">>> = {
    list: () => registry.get("/v1/toolsets"),
    "list by tag": () => registry.get("/v1/toolsets?tag=t"),
    search: () => registry.get("/v1/toolsets/search?q=tools"),
    get: () => registry.get(path),
    load: () => registry.get(`${path}/calls`),
    pong: () => registry.pong(token, ping.ping_id),
    "pong without token": () => registry.pong(undefined, ping.ping_id),
    call: () => registry.callTool({ text: "3" }, { tool_call_id: "t3" }),
    claim: () => registry.claim(token, { consumer: "c1" }),
    delta: () => registry.delta(token, claim, "working", { seq: 1 }),
    result: () => registry.result(taken),
    stream: () => registry.fetch(queued.result_url, SSE),
    settle: () => registry.settle(token, claim, DONE),
    "register another": () => registry.post("/v1/toolsets", { name: "another", ...OFFER }),
    unregister: () => registry.call("DELETE", path, undefined, lease),
    register: () => registry.post("/v1/toolsets", { name: "tools", ...OFFER }),
  };
  /** All that can be seen of it. */
  const seen = async () => {
    const looks = [path, "/v1/toolsets", `${path}/calls`, taken.result_url, queued.result_url];
    return Promise.all(looks.map((look) => registry.get(look).then((reply) => reply.body)));
  };
  return { registry, token, taken, queued, claim, uses, seen };
}

async function expectUnavailable(
  use: () => Promise<Pick<Reply<unknown>, "status" | "headers">>,
  what: string,
) {
  const { status, headers } = await use();
  expect([status, headers.get("Content-Type")], what).toEqual([503, "application/problem+json"]);
  expect(Number(headers.get("Retry-After")), what).toBeGreaterThan(0);
}

describe.each(BREAKABLE)("toolsets without their store, $name", ({ openBreakable }) => {
  const NEED_NONE = ["delta", "result", "stream", "settle"];
  const LAST = ["register another", "unregister"];

  it("say so at every route, and are as they were when it is back", async () => {
    const { backend, fail, recover } = openBreakable();
    const { uses, seen } = await openUsed(backend);
    const before = await seen();
    await fail();
    for (const [what, use] of Object.entries(uses)) {
      if (!NEED_NONE.includes(what)) await expectUnavailable(use, what);
    }
    await recover();
    expect(await seen()).toEqual(before);
    for (const what of [
      "list",
      "search",
      "get",
      "load",
      "pong",
      "call",
      "claim",
      "delta",
      "settle",
      ...LAST,
    ]) {
      expect((await uses[what]!()).status, what).toBeLessThan(300);
    }
  });

  it("still take their providers' output and answers, and refuse others'", async () => {
    const { backend, fail, recover } = openBreakable();
    const { registry, token, taken, claim, uses } = await openUsed(backend);
    const next = { ...claim, claim_id: "another" };
    await fail();
    expect((await registry.settle(token, next, DONE)).body.code).toBe("claim_lost");
    await expectUnavailable(() => registry.settle(undefined, claim, DONE), "no token");
    await expectUnavailable(() => registry.settle(token.replace(/^0/, "1"), claim, DONE), "another token");
    for (const what of ["delta", "settle"]) expect((await uses[what]!()).status, what).toBe(200);
    await recover();
    expect((await registry.result(taken)).body).toMatchObject({ status: "done", ...DONE });
  });

  it("still bring their results to those who wait for them", async () => {
    const held = new ManualPause();
    const { backend, fail, recover } = openBreakable();
    const { registry, token, taken, claim } = await openUsed(backend, held.pause);
    const waiting = registry.result(taken, "?wait=30");
    const stream = registry.stream(taken);
    await held.begun(2);
    await fail();
    expect((await registry.result(taken)).body.status).toBe("pending");
    await recover();
    await registry.settle(token, claim, DONE);
    expect((await waiting).body).toMatchObject({ status: "done", ...DONE });
    expect((await stream).at(-1)).toMatchObject({ event: "result" });
  });
});

describe("a registration of a toolset that breaks off on its way to redis", () => {
  it.each([
    { kind: "cut", happened: false },
    { kind: "cut-reply", happened: true },
  ] as const)("($kind) has happened whole: $happened", async ({ kind, happened }) => {
    const backend = redisBackend();
    const { registry, token } = await openUsed(backend);
    await backend.bridge.fail({ kind, after: 1, times: 1 });
    const { status } = await registry.post("/v1/toolsets", { name: "tools", tags: ["new"], ...OFFER });
    expect(status).toBe(503);
    const terms = async (tag: string) => (await registry.get(`/v1/toolsets?tag=${tag}`)).body["count"];
    expect([await terms("t"), await terms("new")]).toEqual(happened ? [0, 1] : [1, 0]);
    expect((await registry.claim(token)).status).toBe(happened ? 409 : 200);
    // Whoever registers again is on firm ground, whatever became of the last attempt.
    const again = await registry.serve();
    await registry.callTool({ text: "4" });
    expect(await registry.calls(again)).toMatchObject([{ payload: { text: "4" } }]);
  });
});

describe.each(BACKENDS)("a toolset without its gateway, $backend", ({ openBackend }) => {
  const NEED_NONE = ["list", "list by tag", "search", "get", "pong", "pong without token"];
  const NEED_IT = ["call", "claim", "delta", "settle", "result", "stream", "load"];
  const open = async (pause?: (ms: number) => Promise<void>) => {
    const gateways = reachableGateways(openBackend());
    return { ...gateways, ...(await openUsed(gateways.backend, pause)) };
  };

  it("says so where it is needed, is listed and healthy all the same, and as it was when it is back", async () => {
    const { uses, seen, fail, recover } = await open();
    const before = await seen();
    await fail();
    for (const what of NEED_NONE) expect((await uses[what]!()).status, what).toBe(200);
    for (const what of NEED_IT) await expectUnavailable(uses[what]!, what);
    await recover();
    expect(await seen()).toEqual(before);
    for (const what of NEED_IT.filter((use) => use !== "stream")) {
      expect((await uses[what]!()).status, what).toBeLessThan(300);
    }
  });

  it("takes all of a delta or nothing", async () => {
    const { registry, stubOf, token, claim, taken } = await open();
    const sql = (text: string) =>
      runInDurableObject(stubOf(), (_, { storage }) => void storage.sql.exec(text));
    await sql(
      "CREATE TRIGGER broken BEFORE UPDATE OF state ON call BEGIN SELECT RAISE(ABORT, 'broken'); END",
    );
    expect((await registry.delta(token, claim, "lost")).status).toBe(503);
    await sql("DROP TRIGGER broken");
    await registry.delta(token, claim, "kept");
    await registry.settle(token, claim, DONE);
    expect((await registry.stream(taken)).map(({ id, data }) => [id, data["delta"]])).toEqual([
      [0, undefined],
      [1, "kept"],
      [2, undefined],
    ]);
  });

  it("breaks off a stream, whose reader finds the rest when it is back", async () => {
    const held = new ManualPause();
    const { registry, fail, recover, token, claim, taken } = await open(held.pause);
    await registry.delta(token, claim, "one");
    const response = await registry.fetch(taken.result_url, SSE);
    const brokenOff = expect(response.text()).rejects.toThrow();
    await held.begun();
    await fail();
    held.end();
    await brokenOff;
    await recover();
    await registry.settle(token, claim, DONE);
    const rest = await registry.stream(taken, { "Last-Event-ID": "1" });
    expect(rest).toMatchObject([{ id: 2, event: "result" }]);
  });

  it("keeps nobody waiting for it", async () => {
    const held = new ManualPause();
    const { uses, registry, taken, token, fail } = await open(held.pause);
    await uses["claim"]!();
    const waits = [registry.result(taken, "?wait=30"), registry.claim(token, { consumer: "c1", wait: 30 })];
    await held.begun(2);
    await fail();
    held.end();
    for (const waiting of waits) await expectUnavailable(() => waiting, "a wait");
  });

  it("may be registered anew: what waited for the last registration fails once the gateway hears of it", async () => {
    const { registry, token, taken, queued, fail, recover } = await open();
    await fail();
    const current = await registry.offer();
    await recover();
    expect((await registry.claim(token)).body.code).toBe("lease_lost");
    expect((await registry.callTool()).body.code).toBe("toolset_unhealthy");
    await registry.attach(current);
    for (const call of [taken, queued]) {
      expect((await registry.result(call)).body.error?.code).toBe("stale_registration");
    }
    const { body: call } = await registry.callTool();
    expect(await registry.calls(current)).toMatchObject([{ call_id: call.call_id }]);
  });

  it("may be registered anew: an answer to the last registration counts until the gateway hears of it", async () => {
    const { registry, token, taken, queued, claim, fail, recover } = await open();
    await fail();
    const current = await registry.offer();
    await recover();
    expect((await registry.settle(token, claim, DONE)).body.status).toBe("done");
    await registry.attach(current);
    expect((await registry.result(taken)).body).toMatchObject(DONE);
    expect((await registry.settle(token, claim, DONE)).body.code).toBe("lease_lost");
    expect((await registry.result(queued)).body.error?.code).toBe("stale_registration");
  });

  it("may be unregistered: what waited for it ends in time", async () => {
    const { registry, taken, queued, uses, fail, recover, tick } = await open();
    await fail();
    expect((await uses["unregister"]!()).status).toBe(204);
    await recover();
    expect((await registry.callTool()).body.code).toBe("toolset_not_found");
    await registry.pass(60_000 + 300_000 + 2);
    await tick(registry.now);
    for (const call of [taken, queued]) {
      expect((await registry.result(call)).body).toMatchObject({
        status: "failed",
        error: { code: "timeout" },
      });
    }
    const token = await registry.serve();
    expect(await registry.calls(token)).toEqual([]);
  });
});
