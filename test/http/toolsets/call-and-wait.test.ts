import { describe, expect, it } from "vitest";
import { ManualPause } from "../../support/manual-pause.ts";
import { BACKENDS } from "../../support/stores.ts";
import { type CallResult, type CallTaken, META, openToolsets, type Refusal } from "../../support/toolsets.ts";

describe.each(BACKENDS)("a call that waits for its result, $backend", ({ openBackend }) => {
  async function open() {
    const held = new ManualPause();
    const registry = openToolsets({ backend: openBackend(), pause: held.pause });
    const token = await registry.serve();
    const call = (query: string, meta: object = {}, payload: unknown = { text: "a" }) =>
      registry.post<CallTaken & Partial<CallResult> & Refusal>(
        `/v1/toolsets/tools/tools/echo/calls${query}`,
        { payload, meta: { ...META, ...meta } },
      );
    return { registry, held, token, call };
  }

  it("has it in one request", async () => {
    const { registry, held, token, call } = await open();
    const waiting = call("?wait=30", { tool_call_id: "t1" });
    expect(await held.begun()).toEqual([30_000]);
    const [claimed] = await registry.calls(token);
    await registry.delta(token, claimed!, "half");
    const server_data = [{ type: "text", text: "whole" }];
    await registry.settle(token, claimed!, { result: { text: "whole" }, server_data });
    const { status, body } = await waiting;
    expect([status, body]).toEqual([
      200,
      {
        tool_use_id: "t1",
        call_id: claimed!.call_id,
        result_url: `/v1/toolsets/tools/calls/${claimed!.call_id}`,
        status: "done",
        result: { text: "whole" },
        server_data,
      },
    ]);
    expect((await call("?wait=0", { tool_call_id: "t1" })).body).toEqual(body);
  });

  it("has its error likewise", async () => {
    const { registry, held, token, call } = await open();
    const waiting = call("?wait=30");
    await held.begun();
    const [claimed] = await registry.calls(token);
    const error = { code: "boom", message: "It went wrong." };
    await registry.settle(token, claimed!, { error });
    expect(await waiting).toMatchObject({ status: 200, body: { status: "failed", error } });
  });

  it("is pending when the time is over, and its result comes at result_url", async () => {
    const { registry, held, token, call } = await open();
    const waiting = call("?wait=2");
    expect(await held.begun()).toEqual([2000]);
    held.end();
    const { status, body } = await waiting;
    expect([status, body.status]).toEqual([202, "pending"]);
    const [claimed] = await registry.calls(token);
    await registry.settle(token, claimed!, { result: { text: "late" } });
    expect((await registry.result(body)).body).toMatchObject({ status: "done", result: { text: "late" } });
  });

  it("is refused at once where it is refused at all", async () => {
    const { call } = await open();
    const { status, body } = await call("?wait=30", {}, {});
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect((await call("?wait=31")).status).toBe(400);
  });
});
