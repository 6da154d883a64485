import { beforeEach, describe, expect, it } from "vitest";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
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
    expect(body.call_id).toMatch(/^[\w-]{22}$/);
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

const KEYS: TestKey[] = [
  { name: "alice", token: "token-of-alice", scopes: ["write"] },
  { name: "bob", token: "token-of-bob", scopes: ["read", "write"] },
  { name: "root", token: "token-of-root", scopes: ["admin"] },
  { name: "reader", token: "token-of-reader", scopes: ["read"] },
  { name: "abroad", token: "token-of-abroad", scopes: ["admin"], namespace: "abroad" },
  // One name may be in two places, and is not the same caller there.
  { name: "alice", token: "token-of-alice-abroad", scopes: ["write"], namespace: "abroad" },
];
const as = (name: string) => bearer(`token-of-${name}`);

describe.each(BACKENDS)("a result, $backend", ({ openBackend }) => {
  /** Callers with keys, and a provider that needs none. */
  async function open() {
    const backend = openBackend();
    const callers = openToolsets({ backend, access: await keysAccess(KEYS) });
    const provider = openToolsets({ backend });
    return { callers, provider, token: await provider.serve() };
  }
  const READERS = [
    { who: "alice", status: 200, code: undefined },
    { who: "root", status: 200, code: undefined },
    { who: "bob", status: 403, code: "forbidden" },
    { who: "reader", status: 403, code: "forbidden" },
    { who: "abroad", status: 404, code: "call_not_found" },
    { who: "alice-abroad", status: 404, code: "call_not_found" },
  ];

  it.each(READERS)("of alice's call is $status for $who", async ({ who, status, code }) => {
    const { callers, provider, token } = await open();
    const { body: call } = await callers.callTool({ text: "secret" }, {}, { headers: as("alice") });
    const pending = await callers.result(call, "", as(who));
    expect([pending.status, pending.body.code]).toEqual([status, code]);
    const [claimed] = await provider.calls(token);
    await provider.settle(token, claimed!, { result: { text: "secret" } });
    for (const headers of [as(who), { ...as(who), Accept: "text/event-stream" }]) {
      const response = await callers.fetch(call.result_url, { headers });
      expect(response.status).toBe(status);
      expect((await response.text()).includes("secret")).toBe(status === 200);
    }
  });

  it("is not another namespace's even where that has a toolset of the same name", async () => {
    const { callers } = await open();
    await callers.offer({}, as("abroad"));
    const { body: call } = await callers.callTool(undefined, {}, { headers: as("alice") });
    expect((await callers.result(call, "", as("abroad"))).body.code).toBe("call_not_found");
  });

  it("of a call that another key repeats is not that key's: it has a call of its own", async () => {
    const { callers, provider, token } = await open();
    const meta = { tool_call_id: "t1" };
    const first = await callers.callTool(undefined, meta, { headers: as("alice") });
    const second = await callers.callTool({ text: "other" }, meta, { headers: as("bob") });
    expect([second.status, second.body.tool_use_id]).toEqual([202, "t1"]);
    expect(second.body.call_id).not.toBe(first.body.call_id);
    expect(await provider.calls(token)).toHaveLength(2);
  });

  it("of no call is 404, as of a call under another toolset's name", async () => {
    const { provider } = await open();
    await provider.serve({ name: "others" });
    const { body: call } = await provider.callTool();
    for (const result_url of ["/v1/toolsets/tools/calls/none", `/v1/toolsets/others/calls/${call.call_id}`]) {
      const { status, body } = await provider.result({ result_url });
      expect([status, body.code]).toEqual([404, "call_not_found"]);
    }
  });

  it("is kept for 15 minutes after it came, and its tool_call_id is free from then on", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    const { body: call } = await registry.callTool(undefined, { tool_call_id: "t1" });
    await registry.pass(50_000);
    const [claimed] = await registry.calls(token);
    await registry.delta(token, claimed!, "working");
    await registry.settle(token, claimed!, { result: { text: "x" } });
    await registry.pass(900_000);
    expect((await registry.result(call)).body.status).toBe("done");
    expect(await registry.stream(call)).toHaveLength(3);
    await registry.pass(1);
    expect((await registry.result(call)).body.code).toBe("call_not_found");
    await registry.attach(token);
    const anew = await registry.callTool({ text: "other" }, { tool_call_id: "t1" });
    expect(anew.status).toBe(202);
    expect(anew.body.call_id).not.toBe(call.call_id);
    expect((await registry.result(anew.body)).body.status).toBe("pending");
  });
});

describe.each(BACKENDS)("an answer, $backend", ({ openBackend }) => {
  async function claimed(tool: Record<string, unknown> = {}) {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve({ tools: [{ ...ECHO, ...tool }] });
    const { body: call } = await registry.callTool(undefined, { tool_call_id: "t1" });
    const [claim] = await registry.calls(token);
    return {
      registry,
      settle: (answer: Record<string, unknown>) => registry.settle(token, claim!, answer),
      read: async () => {
        const { body } = await registry.result(call);
        const events = await registry.stream(call);
        return { body, event: events.at(-1)! };
      },
    };
  }

  it("that breaks the tool's result_schema settles the call as failed, with what is wrong", async () => {
    const { settle, read } = await claimed();
    const { status, body } = await settle({ result: { wrong: true } });
    expect([status, body.status]).toEqual([200, "failed"]);
    expect(body.error).toMatchObject({ code: "invalid_result" });
    expect(body.error?.issues?.length).toBeGreaterThan(0);
    for (const { field, constraint } of body.error!.issues!) {
      expect([typeof field, constraint]).toEqual(["string", expect.stringMatching(/./)]);
    }
    const { body: result, event } = await read();
    expect(result).toMatchObject({ status: "failed", error: body.error });
    expect(result).not.toHaveProperty("result");
    expect(event).toMatchObject({ event: "result", data: { tool_use_id: "t1", error: body.error } });
    expect((await settle({ result: { text: "x" } })).body.code).toBe("call_settled");
  });

  it.each([null, false, 0, "", [], {}])("of %j is a result where the schema takes it", async (result) => {
    const { settle, read } = await claimed({ result_schema: true });
    expect((await settle({ result })).body).toMatchObject({ status: "done" });
    const { body, event } = await read();
    expect(body).toMatchObject({ status: "done", result });
    expect(event.data).toStrictEqual({ tool_use_id: "t1", result });
  });

  it("that is an error reaches the caller as the provider gave it", async () => {
    const { settle, read } = await claimed();
    const error = {
      code: "missing_field",
      message: "which file?",
      issues: [{ field: "path", constraint: "missing_field", allowed: ["a", "b"], min: 1 }],
    };
    expect((await settle({ error })).body).toMatchObject({ status: "failed", error });
    const { body, event } = await read();
    expect(body).toStrictEqual({ call_id: body.call_id, tool_use_id: "t1", status: "failed", error });
    expect(event.data).toStrictEqual({ tool_use_id: "t1", error });
  });

  it("that is an error takes along what comes beside it", async () => {
    const { settle, read } = await claimed();
    const error = { code: "tool_error", message: "no such file" };
    const server_data = [{ type: "text", text: "no such file" }];
    expect((await settle({ error, server_data })).body).toMatchObject({ status: "failed", error });
    const { body, event } = await read();
    expect(body).toMatchObject({ status: "failed", error, server_data });
    expect(event.data).toStrictEqual({ tool_use_id: "t1", error, server_data });
  });

  it("takes along what comes with the result", async () => {
    const { settle, read } = await claimed();
    const beside = {
      bounds: { returned: 10, total: 45, truncated: true, refinement_hint: "narrow it" },
      server_data: [{ kind: "evidence", audience: "internal", data: { rows: [1, 2] } }],
    };
    const result = { text: "x" };
    expect((await settle({ result, ...beside })).body.status).toBe("done");
    const { body, event } = await read();
    expect(body).toMatchObject({ status: "done", result, ...beside });
    expect(event.data).toStrictEqual({ tool_use_id: "t1", result, ...beside });
  });

  it.each([
    { what: "neither result nor error", answer: {} },
    { what: "both", answer: { result: { text: "x" }, error: { code: "c", message: "m" } } },
    { what: "an error without a code", answer: { error: { message: "m" } } },
    { what: "an error without a message", answer: { error: { code: "c" } } },
    {
      what: "issues without a constraint",
      answer: { error: { code: "c", message: "m", issues: [{ field: "f" }] } },
    },
    { what: "a field nobody knows", answer: { result: { text: "x" }, status: "done" } },
  ])("with $what is refused, and the call still waits for one", async ({ answer }) => {
    const { settle } = await claimed();
    const refused = await settle(answer);
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
    expect((await settle({ result: { text: "x" } })).body.status).toBe("done");
  });

  it("settles a call once: the first counts, whatever comes later", async () => {
    const { settle, read } = await claimed();
    const answers = await Promise.all(["a", "b", "c", "d"].map((text) => settle({ result: { text } })));
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ body }) => body.code === "call_settled");
    expect([taken.length, refused.length]).toEqual([1, 3]);
    expect((await read()).body.status).toBe("done");
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
