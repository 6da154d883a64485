import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { reachableGateways } from "../../support/gateways.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { START } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { type CallTaken, openToolsets } from "../../support/toolsets.ts";

const CLAIM_MS = 60_000;
const DONE = { result: { text: "x" } };

describe.each(BACKENDS)("a call whose provider dies, $backend", ({ openBackend }) => {
  async function claimed() {
    const { backend, tick, stubOf } = reachableGateways(openBackend());
    const registry = openToolsets({ backend });
    const token = await registry.serve();
    const { body: call } = await registry.callTool({ text: "hello" }, { tool_call_id: "t1" });
    const [claim] = await registry.calls(token, { consumer: "dead" });
    return { registry, token, call, claim: claim!, tick, stubOf };
  }

  it("stays its own for 60 s, and goes to another consumer then", async () => {
    const { registry, token, call, claim } = await claimed();
    expect(claim.deadline).toBe(new Date(START + CLAIM_MS).toISOString());
    await registry.pass(CLAIM_MS);
    expect(await registry.calls(token, { consumer: "other" })).toEqual([]);
    await registry.pass(1);
    const [again] = await registry.calls(token, { consumer: "other" });
    expect(again).toMatchObject({ call_id: call.call_id, tool_use_id: "t1", payload: { text: "hello" } });
    expect(again!.claim_id).not.toBe(claim.claim_id);
    expect(again!.deadline).toBe(new Date(registry.now + CLAIM_MS).toISOString());
    expect((await registry.settle(token, again!, DONE)).status).toBe(200);
    expect((await registry.result(call)).body).toMatchObject({ status: "done", ...DONE });
  });

  it("is not answered by who comes back too late, before or after another has it", async () => {
    const { registry, token, call, claim } = await claimed();
    await registry.pass(CLAIM_MS + 1);
    const late = async () => [
      (await registry.delta(token, claim, "late")).body.code,
      (await registry.settle(token, claim, DONE)).body.code,
    ];
    expect(await late()).toEqual(["claim_lost", "claim_lost"]);
    const [again] = await registry.calls(token, { consumer: "other" });
    expect(await late()).toEqual(["claim_lost", "claim_lost"]);
    await registry.settle(token, again!, { result: { text: "in time" } });
    expect(await late()).toEqual(["call_settled", "call_settled"]);
    expect((await registry.result(call)).body.result).toEqual({ text: "in time" });
    expect(await registry.stream(call)).toHaveLength(2);
  });

  it("is answered in time at its deadline", async () => {
    const { registry, token, claim } = await claimed();
    await registry.pass(CLAIM_MS);
    expect((await registry.settle(token, claim, DONE)).status).toBe(200);
  });

  it("stays with who sends deltas, 60 s from each, and the deltas of both reach the caller", async () => {
    const { registry, token, call, claim } = await claimed();
    for (const text of ["1", "2", "3"]) {
      await registry.pass(CLAIM_MS);
      const { body } = await registry.delta(token, claim, text);
      expect(body.deadline).toBe(new Date(registry.now + CLAIM_MS).toISOString());
      expect(await registry.calls(token, { consumer: "other" })).toEqual([]);
    }
    await registry.pass(CLAIM_MS + 1);
    const [again] = await registry.calls(token, { consumer: "other" });
    await registry.delta(token, again!, "4", { seq: 1 });
    await registry.settle(token, again!, DONE);
    const events = await registry.stream(call);
    expect(events.map(({ id, event, data }) => [id, event, data["delta"]])).toEqual([
      [0, "init", undefined],
      ...["1", "2", "3", "4"].map((text, i) => [i + 1, "output_delta", text]),
      [5, "result", undefined],
    ]);
  });

  it("is not held by a delta that was sent again", async () => {
    const { registry, token, claim } = await claimed();
    await registry.delta(token, claim, "1", { seq: 1 });
    await registry.pass(CLAIM_MS);
    const { status, body } = await registry.delta(token, claim, "1", { seq: 1 });
    expect([status, body.deadline]).toEqual([200, new Date(START + CLAIM_MS).toISOString()]);
    await registry.pass(1);
    expect(await registry.calls(token, { consumer: "other" })).toHaveLength(1);
  });

  it("is given to three, and fails as timeout when the third has let it lapse", async () => {
    const { registry, token, call } = await claimed();
    for (const consumer of ["second", "third"]) {
      await registry.pass(CLAIM_MS + 1);
      expect(await registry.calls(token, { consumer })).toHaveLength(1);
    }
    await registry.pass(CLAIM_MS);
    expect((await registry.result(call)).body.status).toBe("pending");
    await registry.pass(1);
    expect(await registry.calls(token, { consumer: "fourth" })).toEqual([]);
    expect((await registry.result(call)).body).toMatchObject({
      status: "failed",
      error: { code: "timeout" },
    });
  });

  it("fails as timeout when nobody claims it again within 5 minutes", async () => {
    const { registry, token, call } = await claimed();
    await registry.pass(CLAIM_MS + 300_000);
    expect((await registry.result(call)).body.status).toBe("pending");
    await registry.pass(1);
    expect((await registry.result(call)).body).toMatchObject({
      status: "failed",
      error: { code: "timeout" },
    });
    expect(await registry.calls(token)).toEqual([]);
  });

  it("ends when its time is up though nobody looks: the caller who waits is told by the alarm", async () => {
    const held = new ManualPause();
    const { backend, tick } = reachableGateways(openBackend());
    const registry = openToolsets({ backend, pause: held.pause });
    await registry.serve();
    const { body: call } = await registry.callTool();
    await registry.pass(280_000);
    const waiting = registry.result(call, "?wait=30");
    await held.begun();
    await registry.pass(20_001);
    await tick(registry.now);
    expect((await waiting).body).toMatchObject({ status: "failed", error: { code: "timeout" } });
  });
});

describe.each(BACKENDS)("many calls, $backend", ({ openBackend }) => {
  it("are all carried out by others when the consumer that had half of them dies", async () => {
    const { backend } = reachableGateways(openBackend());
    const registry = openToolsets({ backend });
    const token = await registry.serve();
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    const taken = await mapConcurrently(
      10,
      numbers,
      async (n) => (await registry.callTool({ text: `${n}` })).body,
    );
    const dead = await registry.calls(token, { consumer: "dead", max: 30 });
    const alive = await registry.calls(token, { consumer: "alive", max: 100 });
    expect([dead.length, alive.length]).toEqual([30, 30]);
    const answer = (calls: typeof dead) =>
      mapConcurrently(10, calls, async (call) => {
        await registry.delta(token, call, "working");
        return (await registry.settle(token, call, { result: call.payload })).status;
      });
    await answer(dead.slice(0, 10));
    await answer(alive);
    await registry.pass(CLAIM_MS + 1);
    const consumers = ["b", "c", "d"].map((consumer) => registry.calls(token, { consumer, max: 7 }));
    const redelivered = (await Promise.all(consumers)).flat();
    expect(redelivered.map(({ call_id }) => call_id).toSorted()).toEqual(
      dead
        .slice(10)
        .map(({ call_id }) => call_id)
        .toSorted(),
    );
    expect(new Set(await answer(redelivered))).toEqual(new Set([200]));
    for (const [n, call] of taken.entries()) {
      expect((await registry.result(call)).body).toMatchObject({ status: "done", result: { text: `${n}` } });
      expect((await registry.stream(call)).map(({ event }) => event)).toEqual([
        "init",
        "output_delta",
        "result",
      ]);
    }
  });
});

describe.each(BACKENDS)("a gateway, $backend", ({ openBackend }) => {
  /** The registry, with every step of a call's life by name; each can be done with the gateway evicted before it. */
  async function life(
    before: (step: string) => Promise<void>,
    stub: (own: ReturnType<typeof reachableGateways>) => void,
  ) {
    const gateways = reachableGateways(openBackend());
    stub(gateways);
    const registry = openToolsets({ backend: gateways.backend });
    const token = await registry.serve();
    const seen: unknown[] = [];
    const step = async (name: string, work: () => Promise<unknown>) => {
      await before(name);
      const result = await work();
      seen.push([name, result]);
      return result;
    };
    const status = async (reply: Promise<{ status: number }>) => (await reply).status;
    let call: CallTaken | undefined;
    let claim: { call_id: string; claim_id: string } | undefined;
    await step("call", async () => {
      const reply = await registry.callTool(undefined, { tool_call_id: "t1" });
      call = reply.body;
      return reply.status;
    });
    await step("repeat", () => status(registry.callTool(undefined, { tool_call_id: "t1" })));
    await step("claim", async () => {
      [claim] = await registry.calls(token, { consumer: "dead" });
      return claim !== undefined;
    });
    await step("delta", () => status(registry.delta(token, claim!, "one", { seq: 1 })));
    await step("delta again", () => status(registry.delta(token, claim!, "one", { seq: 1 })));
    await registry.pass(CLAIM_MS);
    await step("not yet redelivered", () => registry.calls(token, { consumer: "other" }));
    await registry.pass(1);
    await step("redelivered", async () => {
      [claim] = await registry.calls(token, { consumer: "other" });
      return claim !== undefined;
    });
    await step("second delta", () => status(registry.delta(token, claim!, "two", { seq: 1 })));
    await step("settle", () => status(registry.settle(token, claim!, DONE)));
    await step("settle again", () => status(registry.settle(token, claim!, DONE)));
    await step("result", async () => {
      const { call_id: _, ...rest } = (await registry.result(call!)).body;
      return rest;
    });
    await step("stream", () => registry.stream(call!));
    await registry.attach(token);
    await step("repeat", () => status(registry.callTool(undefined, { tool_call_id: "t1" })));
    await step("load", async () => (await registry.get("/v1/toolsets/tools/calls")).body["queued"]);
    return seen;
  }

  it("evicted before every step of a call's life loses nothing of it", async () => {
    const whole = await life(
      async () => {},
      () => {},
    );
    expect(whole).toMatchObject([
      ["call", 202],
      ["repeat", 202],
      ["claim", true],
      ["delta", 200],
      ["delta again", 200],
      ["not yet redelivered", []],
      ["redelivered", true],
      ["second delta", 200],
      ["settle", 200],
      ["settle again", 409],
      ["result", { status: "done", tool_use_id: "t1", ...DONE }],
      ["stream", [{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3, event: "result" }]],
      ["repeat", 200],
      ["load", 0],
    ]);
    let gateways: ReturnType<typeof reachableGateways>;
    const evicted = await life(
      () => evictDurableObject(gateways.stubOf()),
      (own) => (gateways = own),
    );
    expect(evicted).toEqual(whole);
  });

  it("that breaks off leaves who waits waiting: for a result, for calls, for events", async () => {
    const held = new ManualPause();
    const { backend, stubOf } = reachableGateways(openBackend());
    const registry = openToolsets({ backend, pause: held.pause });
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claim] = await registry.calls(token, { consumer: "c1" });
    const result = registry.result(call, "?wait=30");
    const stream = registry.stream(call);
    await held.begun(2);
    await runInDurableObject(stubOf(), (_, ctx) => ctx.abort()).catch(() => undefined);
    await held.begun(4);
    await registry.delta(token, claim!, "after");
    await registry.settle(token, claim!, DONE);
    expect((await result).body.status).toBe("done");
    expect((await stream).map(({ event }) => event)).toEqual(["init", "output_delta", "result"]);

    await registry.claim(token, { consumer: "c1" });
    const calls = registry.claim(token, { consumer: "c1", wait: 30 });
    await held.begun(5);
    await runInDurableObject(stubOf(), (_, ctx) => ctx.abort()).catch(() => undefined);
    // Nobody remembers this consumer's last ping: it is given another.
    expect((await calls).body.messages).toMatchObject([{ type: "ping" }]);
  });
});
