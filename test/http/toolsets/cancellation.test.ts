import { describe, expect, it } from "vitest";
import { ManualPause } from "../../support/manual-pause.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets, type CallResult, type Refusal } from "../../support/toolsets.ts";

const FAILED = { status: "failed", error: { code: "cancelled", message: expect.any(String) as string } };

describe.each(BACKENDS)("a call that its caller cancels, $backend", ({ openBackend }) => {
  async function open() {
    const held = new ManualPause();
    const registry = openToolsets({ backend: openBackend(), pause: held.pause });
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const cancel = (callId = call.call_id) =>
      registry.post<CallResult & Refusal>(`/v1/toolsets/tools/calls/${callId}/cancel`);
    return { registry, held, token, call, cancel };
  }

  it("fails at once, for whoever waits for it too, and no provider gets it", async () => {
    const { registry, held, token, call, cancel } = await open();
    const waiting = registry.result(call, "?wait=30");
    await held.begun();
    const { status, body } = await cancel();
    expect([status, body]).toEqual([200, { call_id: call.call_id, ...FAILED }]);
    expect((await waiting).body).toMatchObject(FAILED);
    expect(await registry.calls(token)).toEqual([]);
  });

  it("is told to the provider that works on it, though that waits for pings alone", async () => {
    const { registry, held, token, call, cancel } = await open();
    const [claimed] = await registry.calls(token);
    const waiting = registry.claim(token, { max: 0, wait: 30 });
    await held.begun();
    await cancel();
    const { messages } = (await waiting).body;
    expect(messages).toEqual([{ type: "cancel", call_id: call.call_id, claim_id: claimed!.claim_id }]);
    const late = await registry.settle(token, claimed!, { result: { text: "x" } });
    expect([late.status, late.body.code]).toEqual([409, "call_settled"]);
    expect((await registry.result(call)).body).toMatchObject(FAILED);
  });

  it("stays cancelled, and a call with a result keeps that", async () => {
    const { registry, token, cancel } = await open();
    const first = await cancel();
    expect((await cancel()).body).toEqual(first.body);
    const { body: other } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    await registry.settle(token, claimed!, { result: { text: "x" } });
    const { status, body } = await cancel(other.call_id);
    expect([status, body.code]).toEqual([409, "call_settled"]);
    expect((await cancel("none")).body.code).toBe("call_not_found");
  });
});
