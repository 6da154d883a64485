import { describe, expect, it } from "vitest";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets } from "../../support/toolsets.ts";

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

  it("is held to its schema, whatever an answer to a claim that is none named before", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const result_schema = { title: crypto.randomUUID(), type: "object" };
    const token = await registry.serve({ tools: [{ ...ECHO, result_schema }] });
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    const other = await registry.offer({ name: "other" });
    const refused = await registry.post(
      `/v1/toolsets/other/calls/${claimed!.call_id}/result`,
      { claim_id: claimed!.claim_id, result: null },
      { "Lease-Token": other },
    );
    expect(refused.status).toBe(404);
    expect((await registry.settle(token, claimed!, { result: "no object" })).body.status).toBe("failed");
    expect((await registry.result(call)).body).toMatchObject({ error: { code: "invalid_result" } });
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

it("is kept for as long as the deployment says, counted from its end", async () => {
  const registry = openToolsets({ env: { RESULT_TTL_SECONDS: "5" } });
  const token = await registry.serve();
  const { body: call } = await registry.callTool();
  await registry.pass(20_000);
  const [claimed] = await registry.calls(token);
  await registry.settle(token, claimed!, { result: { text: "x" } });
  await registry.pass(5000);
  expect((await registry.result(call)).body.status).toBe("done");
  await registry.pass(1);
  expect((await registry.result(call)).body.code).toBe("call_not_found");
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
