import { describe, expect, it } from "vitest";
import type { Asker } from "../../../src/core/authority.ts";
import { orThrow, Problem } from "../../../src/core/problem.ts";
import { toolsetInput } from "../../../src/core/toolsets/toolset.ts";
import { settleCall, sendDelta } from "../../../src/registry/toolsets/answer.ts";
import { claimCalls, takePong } from "../../../src/registry/toolsets/attach.ts";
import { callTool } from "../../../src/registry/toolsets/call.ts";
import { registerToolset } from "../../../src/registry/toolsets/register.ts";
import { callAndWait, callEvents, callResult } from "../../../src/registry/toolsets/result.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, META } from "../../support/toolsets.ts";

const OWNER: Asker = { name: "robin", scopes: ["write"], namespace: "default" };
const OTHER: Asker = { ...OWNER, name: "wren" };
const PROVIDER = { name: "tools", fence: undefined };

describe.each(BACKENDS)("calling a tool on $backend", ({ openBackend }) => {
  /** A toolset whose provider has not answered a ping yet. */
  async function open() {
    const held = new ManualPause();
    const registry = new Registry({ backend: openBackend(), pause: held.pause });
    const namespace = registry.open("default");
    const input = toolsetInput.parse({ name: "tools", tools: [ECHO] });
    await registerToolset(
      namespace,
      OWNER,
      { input, partial: false, region: null, token: undefined, idempotencyKey: undefined },
      registry.now,
    );
    const claim = async (waitMs = 0) =>
      orThrow(
        await claimCalls(namespace, OWNER, { ...PROVIDER, consumer: "c1", max: 10, waitMs }, registry.now),
      );
    let asked = 0;
    const call = (payload: unknown, { toolset = "tools", tool = "echo" } = {}) =>
      callTool(namespace, OTHER, {
        toolset,
        tool,
        trace: {},
        async input() {
          asked += 1;
          return { payload, meta: META };
        },
      });
    return { registry, namespace, held, claim, call, timesAsked: () => asked };
  }

  /** The same, healthy, and with a claimed call. */
  async function claimed() {
    const opened = await open();
    const { registry, namespace, claim, call } = opened;
    const [ping] = await claim();
    if (ping?.type !== "ping") throw new Error("not pinged");
    await takePong(namespace, OWNER, { ...PROVIDER, pingId: ping.ping_id }, registry.now);
    const { callId } = orThrow(await call({ text: "hello" }));
    const [message] = await claim();
    if (message?.type !== "call") throw new Error("no call");
    const claimOf = { ...PROVIDER, callId, claimId: message.claim_id };
    return {
      ...opened,
      message,
      ref: { toolset: "tools", callId },
      delta: (text: string) =>
        sendDelta(namespace, OWNER, { ...claimOf, stream: "out", delta: text, seq: undefined }, registry.now),
      settle: (result: unknown) =>
        settleCall(namespace, OWNER, { ...claimOf, outcome: { result } }, registry.now),
    };
  }

  it("looks at toolset, tool, payload and health in this order, and asks for the input in between", async () => {
    const { call, timesAsked } = await open();
    const codes: unknown[] = [];
    for (const [payload, where] of [
      [{}, { toolset: "none", tool: "none" }],
      [{}, { tool: "none" }],
      [{}, {}],
      [{ text: "x" }, {}],
    ] as const) {
      const refused = await call(payload, where);
      codes.push([refused instanceof Problem && refused.code, timesAsked()]);
    }
    expect(codes).toEqual([
      ["toolset_not_found", 0],
      ["tool_not_found", 0],
      ["invalid_request", 1],
      ["toolset_unhealthy", 2],
    ]);
  });

  it("hands the call to a provider, and its deltas and result to the caller", async () => {
    const { namespace, message, ref, delta, settle } = await claimed();
    expect(message).toMatchObject({ tool: "echo", payload: { text: "hello" }, meta: META });
    await delta("one");
    await delta("two");
    const outcome = { result: { text: "done" } };
    expect(await settle(outcome.result)).toEqual(outcome);
    const events = [];
    for await (const event of callEvents(namespace, OTHER, { ...ref, after: 1 })) events.push(event);
    const { tool_use_id: toolUseId } = message;
    expect(events).toEqual([
      { type: "delta", seq: 2, toolUseId, stream: "out", delta: "two" },
      { type: "settled", seq: 3, toolUseId, outcome },
    ]);
  });

  it("settles a result that breaks the tool's schema as failed", async () => {
    const { registry, namespace, ref, settle } = await claimed();
    expect(await settle("text")).toMatchObject({ error: { code: "invalid_result" } });
    expect(await callResult(namespace, OTHER, { ...ref, waitMs: 0 }, registry.now)).toMatchObject({
      status: "failed",
      outcome: { error: { code: "invalid_result" } },
    });
  });

  it("wakes who waits: a caller by the result, a provider by a call", async () => {
    const { registry, namespace, held, ref, settle, claim, call } = await claimed();
    const result = callResult(namespace, OTHER, { ...ref, waitMs: 30_000 }, registry.now);
    const message = claim(30_000);
    expect(await held.begun(2)).toContain(30_000);
    await settle({ text: "x" });
    expect(await result).toMatchObject({ status: "done", outcome: { result: { text: "x" } } });
    const { callId } = orThrow(await call({ text: "next" }));
    expect(await message).toMatchObject([{ type: "call", call_id: callId }]);
  });

  it("waits for the result of a call that it makes", async () => {
    const { registry, namespace, held, claim } = await claimed();
    const request = { toolset: "tools", tool: "echo", trace: {} };
    const input = async () => ({ payload: { text: "a" }, meta: META });
    const called = callAndWait(namespace, OTHER, { ...request, input }, 1500);
    expect(await held.begun()).toEqual([1500]);
    const [message] = await claim();
    const claimOf = { ...PROVIDER, callId: "", claimId: "" };
    expect(message?.type).toBe("call");
    if (message?.type === "call") {
      claimOf.callId = message.call_id;
      claimOf.claimId = message.claim_id;
    }
    const outcome = { result: { text: "b" }, server_data: [{ type: "text" }] };
    await settleCall(namespace, OWNER, { ...claimOf, outcome }, registry.now);
    expect(await called).toMatchObject({ callId: claimOf.callId, outcome });
  });

  it("shows a call to nobody but its caller", async () => {
    const { registry, namespace, ref } = await claimed();
    expect(await callResult(namespace, OWNER, { ...ref, waitMs: 30_000 }, registry.now)).toMatchObject({
      code: "forbidden",
    });
    await expect(callEvents(namespace, OWNER, { ...ref, after: 0 }).next()).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
