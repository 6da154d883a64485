import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { reachableGateways } from "../../support/gateways.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { START } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

describe.each(BACKENDS)("waiting for a result, $backend", ({ openBackend }) => {
  /** A toolset with one call claimed, and a registry whose pauses only end when they are told to. */
  async function open() {
    const held = new ManualPause();
    const registry = openToolsets({ backend: openBackend(), pause: held.pause });
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claim] = await registry.calls(token);
    return { held, registry, token, call, claim: claim! };
  }

  it("ends at once when it comes", async () => {
    const { held, registry, token, call, claim } = await open();
    const waiting = registry.result(call, "?wait=30");
    expect(await held.begun()).toEqual([30_000]);
    await registry.settle(token, claim, { result: { text: "x" } });
    expect((await waiting).body).toMatchObject({ status: "done", result: { text: "x" } });
  });

  it("ends at once for all who wait", async () => {
    const { held, registry, token, call, claim } = await open();
    const waiting = Array.from({ length: 10 }, () => registry.result(call, "?wait=30"));
    await held.begun(10);
    await registry.settle(token, claim, { error: { code: "c", message: "m" } });
    const replies = await Promise.all(waiting);
    expect(new Set(replies.map(({ body }) => body.status))).toEqual(new Set(["failed"]));
  });

  it("goes on through deltas, which it does not show and is not woken for", async () => {
    const { held, registry, token, call, claim } = await open();
    const waiting = registry.result(call, "?wait=30");
    await held.begun(1);
    await registry.pass(7000);
    await registry.delta(token, claim, "working");
    await registry.settle(token, claim, { result: { text: "x" } });
    expect((await waiting).body.status).toBe("done");
    expect(await held.begun(1)).toEqual([30_000]);
  });

  it.each([
    { asked: "?wait=30", lasts: 30_000 },
    { asked: "?wait=1", lasts: 1000 },
    { asked: "?wait=0", lasts: 0 },
    { asked: "", lasts: 0 },
  ])("for nothing ends after $lasts ms ($asked)", async ({ asked, lasts }) => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.serve();
    const { body: call } = await registry.callTool();
    expect((await registry.result(call, asked)).body.status).toBe("pending");
    expect(registry.now - START).toBe(lasts);
  });

  it.each(["?wait=31", "?wait=-1", "?wait=x", "?wait=1&wait=2"])("is not for %s", async (asked) => {
    const { registry, call } = await open();
    expect((await registry.result(call, asked)).body.code).toBe("invalid_request");
  });

  it("is over at once for one that is there", async () => {
    const { held, registry, token, call, claim } = await open();
    await registry.settle(token, claim, { result: { text: "x" } });
    expect((await registry.result(call, "?wait=30")).body.status).toBe("done");
    expect(held.count).toBe(0);
  });

  it("ends at once when the toolset is registered anew, or removed", async () => {
    for (const method of ["POST", "DELETE"]) {
      const { held, registry, call } = await open();
      const waiting = registry.result(call, "?wait=30");
      await held.begun();
      if (method === "POST") await registry.offer();
      else await registry.call("DELETE", "/v1/toolsets/tools");
      expect((await waiting).body).toMatchObject({
        status: "failed",
        error: { code: "stale_registration" },
      });
    }
  });

  it("is for the call's own caller: another is not kept waiting to be told so", async () => {
    const access = await keysAccess([
      { name: "alice", token: "token-of-alice", scopes: ["write"] },
      { name: "bob", token: "token-of-bob", scopes: ["write"] },
    ]);
    const held = new ManualPause();
    const registry = openToolsets({ backend: openBackend(), access, pause: held.pause });
    const mine = bearer("token-of-alice");
    const lease = { ...mine, "Lease-Token": await registry.offer({}, mine) };
    const { body } = await registry.post<{ messages: { ping_id: string }[] }>(
      "/v1/toolsets/tools/claims",
      { consumer: "c" },
      lease,
    );
    await registry.post("/v1/toolsets/tools/pong", { ping_id: body.messages[0]!.ping_id }, lease);
    const { body: call } = await registry.callTool(undefined, {}, { headers: mine });
    expect((await registry.result(call, "?wait=30", bearer("token-of-bob"))).status).toBe(403);
  });
});

describe.each(BACKENDS)("waiting for calls, $backend", ({ openBackend }) => {
  /** A toolset whose consumer c1 has had its ping, so that it waits when it asks again. */
  async function open() {
    const held = new ManualPause();
    const gateways = reachableGateways(openBackend());
    const registry = openToolsets({ backend: gateways.backend, pause: held.pause });
    const token = await registry.serve();
    for (const consumer of ["c1", "c2"]) await registry.claim(token, { consumer });
    const wait = (consumer = "c1", seconds = 30) =>
      registry.claim(token, { consumer, wait: seconds, max: 10 });
    return { held, registry, token, wait, tick: gateways.tick };
  }

  it("ends at once when one comes", async () => {
    const { held, registry, wait } = await open();
    const waiting = wait();
    await held.begun();
    await registry.callTool({ text: "x" });
    expect((await waiting).body.messages).toMatchObject([{ type: "call", payload: { text: "x" } }]);
  });

  it("gives a call to one of those who wait, and the others wait on", async () => {
    const { held, registry, wait } = await open();
    const waiting = [wait("c1"), wait("c2")];
    await held.begun(2);
    await registry.callTool({ text: "1" });
    await held.begun(3);
    await registry.callTool({ text: "2" });
    const replies = await Promise.all(waiting);
    const texts = replies.map(({ body }) =>
      body.messages.map((message) => (message.type === "call" ? message.payload : message.type)),
    );
    expect(texts.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      [{ text: "1" }],
      [{ text: "2" }],
    ]);
  });

  it("is over at once when there is one", async () => {
    const { registry, wait } = await open();
    await registry.callTool();
    expect((await wait()).body.messages).toHaveLength(1);
  });

  it("ends when the next ping is due, with that ping", async () => {
    const { held, registry, wait } = await open();
    await registry.pass(4000);
    const waiting = wait();
    expect(await held.begun()).toEqual([6000]);
    await registry.pass(6000);
    held.end();
    expect((await waiting).body.messages).toMatchObject([{ type: "ping" }]);
  });

  it("ends after as long as it was to last, with nothing", async () => {
    const { held, registry, wait } = await open();
    const waiting = wait("c1", 2.5);
    expect(await held.begun()).toEqual([2500]);
    await registry.pass(2500);
    held.end();
    expect((await waiting).body.messages).toEqual([]);
  });

  it.each([31, -1, "30"])("is not for %j seconds", async (seconds) => {
    const { registry, token } = await open();
    const { status, body } = await registry.claim(token, { wait: seconds });
    expect([status, body.code]).toEqual([400, "invalid_request"]);
  });

  it.each([
    { what: "registered anew", method: "POST" },
    { what: "removed", method: "DELETE" },
  ])("ends at once when the toolset is $what, and says so", async ({ method }) => {
    const { held, registry, wait } = await open();
    const waiting = wait();
    await held.begun();
    if (method === "POST") await registry.offer();
    else await registry.call("DELETE", "/v1/toolsets/tools");
    const reply = await waiting;
    expect([reply.status, reply.body.code, reply.body.action]).toEqual([409, "lease_lost", "stop"]);
  });

  it("ends when another's claim lapses and its call is back in the queue", async () => {
    const { held, registry, token, wait, tick } = await open();
    await registry.callTool();
    const [lost] = await registry.calls(token, { consumer: "dead" });
    await registry.pass(55_000);
    await registry.claim(token);
    const waiting = wait();
    await held.begun();
    await registry.pass(5001);
    await tick(registry.now);
    expect((await waiting).body.messages).toMatchObject([{ type: "call", call_id: lost!.call_id }]);
  });
});
