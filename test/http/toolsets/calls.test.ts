import { beforeEach, describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, META, openToolsets, type Refusal, type Toolsets } from "../../support/toolsets.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const GOOD = JSON.stringify({ payload: { text: "hello" }, meta: META });

/** Every body that a call may be refused for, and what the refusal points at. */
const BODIES: { body: string; says: string; at: string }[] = [
  {
    says: "a payload that breaks the schema",
    body: JSON.stringify({ payload: {}, meta: META }),
    at: "/payload",
  },
  { says: "a payload of null", body: JSON.stringify({ payload: null, meta: META }), at: "/payload" },
  { says: "malformed JSON", body: '{"payload":', at: "" },
  { says: "nothing", body: "", at: "" },
  { says: "no payload", body: JSON.stringify({ meta: META }), at: "/payload" },
  { says: "no meta", body: JSON.stringify({ payload: { text: "hello" } }), at: "/meta" },
  {
    says: "no run_id",
    body: JSON.stringify({ payload: { text: "hello" }, meta: { session_id: "s" } }),
    at: "/meta/run_id",
  },
  {
    says: "no session_id",
    body: JSON.stringify({ payload: { text: "hello" }, meta: { run_id: "r" } }),
    at: "/meta/session_id",
  },
  {
    says: "a field nobody knows",
    body: JSON.stringify({ payload: { text: "hello" }, meta: META, tool: "echo" }),
    at: "/tool",
  },
];

const post = async (registry: Toolsets, name: string, tool: string, body: string) => {
  const response = await registry.fetch(`/v1/toolsets/${name}/tools/${tool}/calls`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  return { response, refusal: await response.json<Refusal>() };
};

describe.each(BACKENDS)("a tool call, $backend", ({ openBackend }) => {
  const open = () => openToolsets({ backend: openBackend() });

  describe("with several faults is refused for the first:", () => {
    const WRONG = [{ says: "a good body", body: GOOD, at: undefined }, ...BODIES];
    const FAULTS = [true, false].flatMap((toolset) =>
      [true, false].flatMap((tool) =>
        WRONG.flatMap(({ says, body, at }) =>
          [true, false].map((healthy) => ({ toolset, tool, says, body, at, healthy })),
        ),
      ),
    );
    const firstOf = ({ toolset, tool, at, healthy }: (typeof FAULTS)[number]) => {
      if (!toolset) return [404, "toolset_not_found"];
      if (!tool) return [404, "tool_not_found"];
      if (at !== undefined) return [400, "invalid_request"];
      return healthy ? [202, undefined] : [503, "toolset_unhealthy"];
    };
    let well: Toolsets;
    let ill: Toolsets;
    beforeEach(async () => {
      [well, ill] = [open(), open()];
      await Promise.all([well.serve(), ill.offer()]);
    });

    it("toolset, tool, body, health", async () => {
      for (const fault of FAULTS) {
        const { toolset, tool, body, healthy } = fault;
        const { response, refusal } = await post(
          healthy ? well : ill,
          toolset ? "tools" : "none",
          tool ? "echo" : "none",
          body,
        );
        expect([response.status, refusal.code], JSON.stringify(fault)).toEqual(firstOf(fault));
      }
    });
  });

  it.each(BODIES)("with $says is told where", async ({ body, at }) => {
    const registry = open();
    await registry.serve();
    const { refusal } = await post(registry, "tools", "echo", body);
    expect(refusal.errors?.map(({ pointer }) => pointer.slice(0, at.length))).toContain(at);
  });

  it("is told that it is the payload that breaks the tool's schema", async () => {
    const registry = open();
    await registry.serve();
    const { body } = await registry.callTool({ text: 1 });
    expect(body.detail).toContain("payload validation failed: ");
    expect(body.errors?.map(({ pointer }) => pointer)).toContain("/payload/text");
  });

  it("of nothing that there is says what there is not", async () => {
    const registry = open();
    await registry.serve();
    expect((await registry.callTool({}, {}, { name: "none" })).body.detail).toBe('toolset "none" not found');
    expect((await registry.callTool({}, {}, { tool: "none" })).body.detail).toBe(
      'tool "none" not found in toolset "tools"',
    );
  });

  it("without a healthy provider says when one was last heard", async () => {
    const registry = open();
    const token = await registry.offer();
    const never = await registry.callTool();
    expect(never.body).toMatchObject({ last_pong: null, age_ms: null, staleness_threshold_ms: 40_000 });
    expect(never.body.detail).toBe(
      'no healthy providers for toolset "tools" (staleness_threshold=40s, last_pong=missing)',
    );
    await registry.attach(token);
    await registry.pass(41_000);
    const stale = await registry.callTool();
    const last_pong = new Date(START).toISOString();
    expect(stale.status).toBe(503);
    expect(stale.body).toMatchObject({ last_pong, age_ms: 41_000, staleness_threshold_ms: 40_000 });
    expect(stale.body.detail).toContain(`(staleness_threshold=40s, last_pong=${last_pong}, age=41s)`);
    expect(Number(stale.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(stale.body).not.toHaveProperty("healthy");
  });

  it("that is refused reaches nobody", async () => {
    const registry = open();
    const token = await registry.serve();
    for (const { body } of BODIES) await post(registry, "tools", "echo", body);
    await registry.pass(40_001);
    await registry.callTool();
    expect(await registry.calls(token)).toEqual([]);
  });

  it("goes by its tool_call_id, and by one of its own where it has none", async () => {
    const registry = open();
    const token = await registry.serve();
    const named = await registry.callTool({ text: "1" }, { tool_call_id: "t1", turn_id: "u" });
    const unnamed = await registry.callTool({ text: "2" });
    const empty = await registry.callTool({ text: "3" }, { tool_call_id: "" });
    expect(named.body.tool_use_id).toBe("t1");
    expect(unnamed.body.tool_use_id).toMatch(UUID);
    expect(empty.body.tool_use_id).toMatch(UUID);
    const ids = [named, unnamed, empty].map(({ body }) => body.tool_use_id);
    expect(new Set(ids).size).toBe(3);
    const calls = await registry.calls(token);
    expect(calls.map(({ tool_use_id, meta }) => [tool_use_id, meta])).toEqual([
      ["t1", { ...META, tool_call_id: "t1", turn_id: "u" }],
      [ids[1], META],
      [ids[2], META],
    ]);
  });

  it("has an id that cannot be guessed from its tool_call_id, and a result_url by it", async () => {
    const registry = open();
    await registry.serve({ name: "a/b" });
    const { body } = await registry.callTool(undefined, { tool_call_id: "t1" }, { name: "a/b" });
    expect(body.call_id).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
    expect(body.result_url).toBe(`/v1/toolsets/a%2Fb/calls/${body.call_id}`);
    expect((await registry.result(body)).body).toStrictEqual({
      call_id: body.call_id,
      tool_use_id: "t1",
      status: "pending",
    });
  });

  it.each(["traceparent", "tracestate", "baggage"])(
    "takes its %s along, up to 8,192 characters",
    async (name) => {
      const registry = open();
      const token = await registry.serve();
      const sent = [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "x".repeat(8192),
        "x".repeat(8193),
      ];
      for (const value of sent) {
        const { status } = await registry.callTool(undefined, {}, { headers: { [name]: value } });
        expect(status).toBe(202);
      }
      const calls = await registry.calls(token);
      expect(calls.map((call) => (call as unknown as Record<string, unknown>)[name])).toEqual([
        sent[0],
        sent[1],
        undefined,
      ]);
      expect(calls[2]).not.toHaveProperty(name);
    },
  );
});

describe.each(BACKENDS)("a call that is repeated, $backend", ({ openBackend }) => {
  const open = async (fields: Record<string, unknown> = {}) => {
    const registry = openToolsets({ backend: openBackend() });
    return { registry, token: await registry.serve(fields) };
  };
  const AGAIN = { tool_call_id: "t1" };

  it("is the same call, whatever the order of its keys", async () => {
    const { registry, token } = await open();
    const first = await registry.callTool({ text: "x", more: { a: 1, b: [{ c: 1, d: 2 }] } }, AGAIN);
    const second = await registry.callTool({ more: { b: [{ d: 2, c: 1 }], a: 1 }, text: "x" }, AGAIN);
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(await registry.calls(token)).toHaveLength(1);
  });

  it("is 202 until it has its result, and 200 from then on", async () => {
    const { registry, token } = await open();
    const first = await registry.callTool(undefined, AGAIN);
    const [call] = await registry.calls(token);
    expect((await registry.callTool(undefined, AGAIN)).status).toBe(202);
    await registry.settle(token, call!, { result: { text: "x" } });
    const again = await registry.callTool(undefined, AGAIN);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(await registry.calls(token)).toEqual([]);
  });

  it("is one call however many repeat it at once", async () => {
    const { registry, token } = await open();
    const replies = await Promise.all(Array.from({ length: 20 }, () => registry.callTool(undefined, AGAIN)));
    expect(new Set(replies.map(({ body }) => body.call_id)).size).toBe(1);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
    expect(await registry.calls(token)).toHaveLength(1);
  });

  it.each([
    { what: "another payload", payload: { text: "other" }, tool: "echo" },
    { what: "the same values in another order", payload: { text: "x", list: [2, 1] }, tool: "echo" },
    { what: "another tool", payload: { text: "x", list: [1, 2] }, tool: "shout" },
  ])("with $what is refused, and changes nothing", async ({ payload, tool }) => {
    const { registry, token } = await open({ tools: [ECHO, { ...ECHO, name: "shout" }] });
    const first = await registry.callTool({ text: "x", list: [1, 2] }, AGAIN);
    const { status, body } = await registry.callTool(payload, AGAIN, { tool });
    expect([status, body.code]).toEqual([409, "call_conflict"]);
    const calls = await registry.calls(token);
    expect(calls.map(({ call_id }) => call_id)).toEqual([first.body.call_id]);
    expect(calls[0]).toMatchObject({ tool: "echo", payload: { text: "x", list: [1, 2] } });
  });

  it("in another run is another call", async () => {
    const { registry, token } = await open();
    const replies = [
      await registry.callTool(undefined, AGAIN),
      await registry.callTool({ text: "other" }, { ...AGAIN, run_id: "run-2" }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([202, 202]);
    expect(await registry.calls(token)).toHaveLength(2);
  });

  it("of another toolset is another call", async () => {
    const { registry } = await open();
    await registry.serve({ name: "others" });
    const first = await registry.callTool(undefined, AGAIN);
    const other = await registry.callTool({ text: "other" }, AGAIN, { name: "others" });
    expect(other.status).toBe(202);
    expect(other.body.call_id).not.toBe(first.body.call_id);
  });

  it("with no tool_call_id, or an empty one, is another call every time", async () => {
    const { registry, token } = await open();
    for (const meta of [{}, {}, { tool_call_id: "" }, { tool_call_id: "" }])
      await registry.callTool({ text: "x" }, meta);
    expect(await registry.calls(token)).toHaveLength(4);
  });
});

describe("a queue", () => {
  it("takes 1,000 calls, says when it is full, and has room again once one is claimed", async () => {
    const registry = openToolsets();
    const token = await registry.serve();
    for (let i = 0; i < 1000; i += 1) {
      const { status } = await registry.callTool(undefined, { tool_call_id: `t${i}` });
      expect(status).toBe(202);
    }
    const full = await registry.callTool(undefined, { tool_call_id: "t1000" });
    expect([full.status, full.body.code]).toEqual([429, "queue_full"]);
    expect(full.headers.get("Retry-After")).toBe("1");
    expect((await registry.callTool(undefined, { tool_call_id: "t0" })).status).toBe(202);

    expect(await registry.calls(token, { max: 1 })).toMatchObject([{ tool_use_id: "t0" }]);
    expect((await registry.callTool(undefined, { tool_call_id: "t1000" })).status).toBe(202);
    expect((await registry.callTool(undefined, { tool_call_id: "t1001" })).body.code).toBe("queue_full");
    const { body } = await registry.get("/v1/toolsets/tools/calls");
    expect(body).toMatchObject({ queued: 1000, claimed: 1 });
  });
});
