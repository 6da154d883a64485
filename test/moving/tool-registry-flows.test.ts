import { describe, expect, it } from "vitest";
import { GROUNDS } from "../support/moving.ts";
import { META } from "../support/toolsets.ts";

const SUMMARY = {
  name: "documents",
  description: "Works on documents",
  version: "1.0.0",
  tags: ["text"],
  tools: [
    {
      name: "summarize",
      payload_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      result_schema: { type: "object", properties: { summary: { type: "string" } }, required: ["summary"] },
    },
  ],
};
const CALLED = { name: "documents", tool: "summarize" };

describe.each(GROUNDS)("a toolset of the tool registry, on $where,", ({ lay }) => {
  const open = () => lay().open();

  it("is registered, found, called while it is healthy, and answers", async () => {
    const registry = open();
    const token = await registry.offer(SUMMARY);
    expect((await registry.callTool({ text: "long" }, {}, CALLED)).body.code).toBe("toolset_unhealthy");
    await registry.attach(token, "documents");
    const { body: found } = await registry.get<{ toolsets: object[] }>("/v1/toolsets/search?q=DOC");
    expect(found.toolsets).toEqual([expect.objectContaining({ name: "documents", tool_count: 1 })]);
    expect((await registry.callTool({}, {}, CALLED)).status).toBe(400);

    const { body: call } = await registry.callTool({ text: "long" }, { tool_call_id: "t1" }, CALLED);
    expect(call.tool_use_id).toBe("t1");
    const [claimed] = await registry.calls(token, {}, "documents");
    expect(claimed).toMatchObject({ tool: "summarize", payload: { text: "long" }, meta: META });
    await registry.delta(token, claimed!, "reading", {}, "documents");
    await registry.settle(token, claimed!, { result: { summary: "short" } }, "documents");
    const events = await registry.stream(call);
    expect(events.map(({ event }) => event)).toEqual(["init", "output_delta", "result"]);
    expect(events[2]?.data).toMatchObject({ tool_use_id: "t1", result: { summary: "short" } });
  });

  it("goes over to the process that registers it next, and is unhealthy once nobody pongs", async () => {
    const registry = open();
    const older = await registry.serve(SUMMARY);
    const { body: waiting } = await registry.callTool({ text: "x" }, {}, CALLED);
    const token = await registry.serve(SUMMARY);
    expect((await registry.result(waiting)).body.error?.code).toBe("stale_registration");
    expect((await registry.claim(older, {}, "documents")).status).toBe(409);
    expect((await registry.callTool({ text: "x" }, {}, CALLED)).status).toBe(202);
    await registry.pass(40_001);
    const late = await registry.callTool({ text: "x" }, {}, CALLED);
    expect([late.status, late.body.last_pong]).toEqual([503, "2126-01-01T00:00:00.000Z"]);
    const headers = { "Lease-Token": token };
    expect((await registry.call("DELETE", "/v1/toolsets/documents", undefined, headers)).status).toBe(204);
    expect(await registry.listed()).toEqual([]);
  });
});
