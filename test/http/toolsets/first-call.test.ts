import { describe, expect, it } from "vitest";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets } from "../../support/toolsets.ts";

describe.each(BACKENDS)("a first call, $backend", ({ openBackend }) => {
  it("goes from its caller to the provider and back", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.offer();
    expect(await registry.health()).toStrictEqual({
      healthy: false,
      last_pong: null,
      age_ms: null,
      staleness_threshold_ms: 40_000,
    });
    const refused = await registry.callTool();
    expect([refused.status, refused.body.code, refused.body.last_pong]).toEqual([
      503,
      "toolset_unhealthy",
      null,
    ]);

    await registry.attach(token);
    expect(await registry.health()).toMatchObject({ healthy: true, age_ms: 0 });

    const taken = await registry.callTool({ text: "hello" }, { tool_call_id: "t1" });
    expect(taken.status).toBe(202);
    expect((await registry.result(taken.body)).body.status).toBe("pending");

    const [call] = await registry.calls(token);
    expect(call).toMatchObject({
      type: "call",
      tool: ECHO.name,
      payload: { text: "hello" },
      tool_use_id: "t1",
    });
    expect((await registry.delta(token, call!, "working")).status).toBe(200);
    expect((await registry.settle(token, call!, { result: { text: "HELLO" } })).body).toStrictEqual({
      call_id: taken.body.call_id,
      status: "done",
    });

    expect((await registry.result(taken.body)).body).toStrictEqual({
      call_id: taken.body.call_id,
      tool_use_id: "t1",
      status: "done",
      result: { text: "HELLO" },
    });
    expect(await registry.stream(taken.body)).toStrictEqual([
      { id: 0, event: "init", data: {} },
      { id: 1, event: "output_delta", data: { tool_use_id: "t1", stream: "stdout", delta: "working" } },
      { id: 2, event: "result", data: { tool_use_id: "t1", result: { text: "HELLO" } } },
    ]);
  });
});
