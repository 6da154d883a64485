import { describe, expect, it } from "vitest";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets } from "../../support/toolsets.ts";

const LOOSE = { ...ECHO, result_schema: { type: "object", required: ["text"] } };
const STRICT = {
  ...ECHO,
  payload_schema: { type: "object", required: ["text", "lang"] },
  result_schema: { type: "object", required: ["text", "lang"] },
};
const OTHER = { ...ECHO, name: "other", result_schema: false };

describe.each(BACKENDS)("a toolset that its provider amends, $backend", ({ openBackend }) => {
  /** Healthy for a while, with a call that waits and one that a provider has. */
  async function open() {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve({ tools: [LOOSE] });
    const registered = (await registry.get("/v1/toolsets/tools")).body;
    const { body: claimedCall } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    const { body: queuedCall } = await registry.callTool();
    await registry.pass(1000);
    const amend = (tools: unknown[]) =>
      registry.post("/v1/toolsets", { name: "tools", tags: ["new"], tools }, { "Lease-Token": token });
    return { registry, token, registered, claimedCall, claimed: claimed!, queuedCall, amend };
  }

  it("has its new tools and tags, its epoch, its token and its health", async () => {
    const { registry, token, registered, amend } = await open();
    const { status, body } = await amend([STRICT, OTHER]);
    expect([status, body]).toEqual([200, { registered_at: registered["registered_at"], lease_token: token }]);
    expect((await registry.get("/v1/toolsets/tools")).body).toMatchObject({
      registered_at: registered["registered_at"],
      tags: ["new"],
      tools: [{ name: "echo" }, { name: "other" }],
      health: { healthy: true, age_ms: 1000 },
    });
    expect((await registry.get<{ count: number }>("/v1/toolsets?tag=new")).body.count).toBe(1);
    expect((await registry.calls(token)).length).toBe(1);
  });

  it.each([
    ["another schema", [STRICT]],
    ["no such tool", [OTHER]],
    ["the same", [LOOSE]],
  ])(
    "carries out the calls in hand under the schemas that they came with, though it has %s now",
    async (_, tools) => {
      const { registry, token, claimed, claimedCall, queuedCall, amend } = await open();
      await amend(tools);
      const [later] = await registry.calls(token);
      expect(later).toMatchObject({ call_id: queuedCall.call_id });
      expect((await registry.settle(token, claimed, { result: { text: "x" } })).body.status).toBe("done");
      expect((await registry.settle(token, later!, { result: {} })).body).toMatchObject({
        status: "failed",
        error: { code: "invalid_result" },
      });
      expect((await registry.result(claimedCall)).body).toMatchObject({
        status: "done",
        result: { text: "x" },
      });
    },
  );

  it("holds new calls to its new schemas", async () => {
    const { registry, token, amend } = await open();
    await registry.calls(token);
    await amend([STRICT]);
    expect((await registry.callTool({ text: "a" })).body.code).toBe("invalid_request");
    const { body: call } = await registry.callTool({ text: "a", lang: "de" });
    const [claimed] = await registry.calls(token);
    await registry.settle(token, claimed!, { result: { text: "x" } });
    expect((await registry.result(call)).body).toMatchObject({ error: { code: "invalid_result" } });
  });

  it("is as it was where the amendment is refused", async () => {
    const { registry, registered, claimed, token, amend } = await open();
    expect((await amend([{ ...ECHO, payload_schema: { type: "text" } }])).status).toBe(400);
    const { body } = await registry.get("/v1/toolsets/tools");
    expect(body).toMatchObject({ tags: [], tools: registered["tools"] });
    expect((await registry.settle(token, claimed, { result: { text: "x" } })).body.status).toBe("done");
  });
});
