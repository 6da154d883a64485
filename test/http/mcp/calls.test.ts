import { describe, expect, it } from "vitest";
import { ManualPause } from "../../support/manual-pause.ts";
import {
  ERAS,
  type Era,
  type Json,
  resultOf,
  rpc,
  type Sent,
  streamOf,
  type ToolResult,
} from "../../support/mcp.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { START } from "../../support/start.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets } from "../../support/toolsets.ts";

const ANY = { name: "any", payload_schema: true };
const called = (name: string, args: Json = {}, more: Partial<Sent> = {}): Sent => ({
  ...more,
  params: { name, arguments: args, ...more.params },
});

/** A registry in which a call's wait is over when the test says so, and a provider that answers what it is told to. */
async function open(backend = BACKENDS[1].openBackend(), tools: object[] = [ECHO, ANY]) {
  const held = new ManualPause();
  const registry = openToolsets({ backend, pause: held.pause });
  const token = await registry.serve({ tools });
  /** Answers a call that waits. */
  async function settle(answer: Record<string, unknown>) {
    await held.begun();
    const [claimed] = await registry.calls(token);
    const { status } = await registry.settle(token, claimed!, answer);
    expect(status).toBe(200);
    return claimed!;
  }
  return { registry, held, token, settle };
}

describe.each(BACKENDS)("a call over MCP, $backend", ({ openBackend }) => {
  it("has its result, as text too", async () => {
    const { registry, settle } = await open(openBackend());
    const waiting = resultOf<ToolResult>(registry, "tools/call", called("tools__echo", { text: "a" }));
    const claimed = await settle({ result: { text: "A" } });
    expect([claimed.tool, claimed.payload]).toEqual(["echo", { text: "a" }]);
    expect(await waiting).toMatchObject({
      resultType: "complete",
      content: [{ type: "text", text: '{"text":"A"}' }],
      structuredContent: { text: "A" },
    });
  });

  it("goes through call_tool by a name that find_tools gave", async () => {
    const { registry, settle } = await open(openBackend());
    const params = { name: "tools__echo", arguments: { text: "a" } };
    const waiting = resultOf<ToolResult>(registry, "tools/call", called("rollcall__call_tool", params));
    await settle({ result: { text: "A" } });
    expect((await waiting).structuredContent).toEqual({ text: "A" });
  });

  it("that finds the toolset registered anew meanwhile is refused to the client, not told to the model", async () => {
    const backend = openBackend();
    const { registry } = await open(backend);
    const later = { fence: "later", registeredAt: START + 1e9 };
    await backend.openGateway("default", "tools").open(later, START);
    const { status, body } = await rpc(registry, "tools/call", called("tools__any"));
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { data: { code: "store_contended" } } });
  });

  it("that takes longer than 1.5 s is answered by a stream, which is kept alive", async () => {
    const { registry, held, token } = await open(openBackend());
    const waiting = streamOf(registry, "tools/call", called("tools__any"));
    expect(await held.begun()).toEqual([1500]);
    held.end();
    expect(await held.begun(2)).toEqual([1500, 5000]);
    held.end();
    expect(await held.begun(3)).toEqual([1500, 5000, 5000]);
    const [claimed] = await registry.calls(token);
    await registry.settle(token, claimed!, { result: 1 });
    const { headers, messages } = await waiting;
    expect(headers.get("X-Accel-Buffering")).toBe("no");
    expect(messages).toEqual([
      { jsonrpc: "2.0", id: 1, result: expect.objectContaining({ content: [{ type: "text", text: "1" }] }) },
    ]);
  });

  it("tells progress before its result, if it is asked to", async () => {
    const { registry, held, token } = await open(openBackend());
    const sent = called("tools__any", {}, { params: { _meta: { progressToken: "p" } } });
    const waiting = streamOf(registry, "tools/call", sent);
    await held.begun();
    const [claimed] = await registry.calls(token);
    const say = (text: string, stream = "progress") => registry.delta(token, claimed!, text, { stream });
    await say('{"progress":0,"total":10}');
    await say('{"progress":5,"total":10,"message":"half"}');
    await say("");
    await say('{"progress":4}');
    await say("some output", "stdout");
    await say("no JSON");
    await registry.settle(token, claimed!, { result: null });
    const { messages } = await waiting;
    expect(messages.map(({ method, params }) => method && params)).toEqual([
      { progressToken: "p", progress: 0, total: 10 },
      { progressToken: "p", progress: 5, total: 10, message: "half" },
      { progressToken: "p", progress: 6, message: "some output" },
      { progressToken: "p", progress: 7, message: "no JSON" },
      undefined,
    ]);
    expect(messages.at(-1)!.result).toMatchObject({ content: [{ type: "text", text: "null" }] });
  });

  it("counts its output where that is no progress", async () => {
    const { registry, held, token } = await open(openBackend());
    const sent = called("tools__any", {}, { params: { _meta: { progressToken: 0 } } });
    const waiting = streamOf(registry, "tools/call", sent);
    await held.begun();
    const [claimed] = await registry.calls(token);
    for (const output of ["one", "two"]) await registry.delta(token, claimed!, output);
    await registry.settle(token, claimed!, { result: null });
    const { messages } = await waiting;
    expect(messages.slice(0, -1).map(({ params }) => params)).toEqual([
      { progressToken: 0, progress: 1, message: "one" },
      { progressToken: 0, progress: 2, message: "two" },
    ]);
  });
});

describe("a result over MCP", () => {
  const TEXT = { name: "text", payload_schema: true, result_schema: { type: "string" } };
  const OBJECT = { name: "object", payload_schema: true, result_schema: { type: "object" } };
  const resultFor = async (tool: string, era: Era, answer: Record<string, unknown>) => {
    const { registry, settle } = await open(undefined, [ANY, TEXT, OBJECT]);
    const waiting = resultOf<ToolResult>(registry, "tools/call", called(`tools__${tool}`, {}, { era }));
    await settle(answer);
    return waiting;
  };

  it.each([
    ["any", "s", "s", undefined, undefined],
    ["any", [1], "[1]", undefined, undefined],
    ["any", { a: 1 }, '{"a":1}', { a: 1 }, { a: 1 }],
    ["text", "s", "s", "s", undefined],
    ["object", {}, "{}", {}, {}],
  ])(
    "of %s, %j, has structured content where its era takes it",
    async (tool, result, said, modern, legacy) => {
      for (const era of ERAS) {
        const { content, structuredContent, isError } = await resultFor(tool, era, { result });
        expect([content, structuredContent, isError]).toEqual([
          [{ type: "text", text: said }],
          era === "modern" ? modern : legacy,
          undefined,
        ]);
      }
    },
  );

  const BLOCKS = [
    { type: "text", text: "a" },
    { type: "image", data: "aaaa", mimeType: "image/png" },
    { type: "audio", data: "aaaa", mimeType: "audio/wav" },
    { type: "resource_link", uri: "x:y", name: "y" },
    { type: "resource", resource: { uri: "x:y", text: "z" } },
  ];

  it("has the provider's content blocks", async () => {
    const answer = { result: null, server_data: BLOCKS };
    expect((await resultFor("any", "legacy", answer)).content).toEqual(BLOCKS);
    expect(await resultFor("any", "legacy", { result: null, server_data: [] })).toEqual({ content: [] });
  });

  it.each([
    { type: "image", data: "aaaa" },
    { type: "video", data: "aaaa" },
    { type: "resource", resource: { uri: "x:y" } },
    { anything: 1 },
  ])("is text where a block would make a client refuse it: %j", async (block) => {
    const { content } = await resultFor("any", "legacy", { result: "r", server_data: [...BLOCKS, block] });
    expect(content).toEqual([{ type: "text", text: "r" }]);
  });

  it("that is an error says so, with the provider's content if there is some", async () => {
    const error = { code: "boom", message: "It broke.", issues: [{ field: "/a", constraint: "is odd" }] };
    expect(await resultFor("any", "legacy", { error })).toEqual({
      content: [{ type: "text", text: "It broke. (boom)\n/a: is odd" }],
      isError: true,
    });
    const answer = { error, server_data: [{ type: "text", text: "own words" }] };
    expect((await resultFor("any", "legacy", answer)).content).toEqual([{ type: "text", text: "own words" }]);
    expect(await resultFor("object", "legacy", { result: "no object" })).toMatchObject({ isError: true });
  });
});

describe("a call over MCP that cannot be made", () => {
  it("tells the model what is wrong with its arguments", async () => {
    const { registry } = await open();
    const result = await resultOf<ToolResult>(registry, "tools/call", called("tools__echo", { text: 1 }));
    expect([result.isError, result.content[0]!.text]).toEqual([
      true,
      expect.stringContaining("/payload/text: payload validation failed"),
    ]);
  });

  it("because its toolset is dead names those that live", async () => {
    const { registry } = await open();
    await registry.pass(42_000);
    await registry.serve({ name: "other" });
    await registry.offer({ name: "never" });
    const said = async (name: string) => {
      const sent = called(name, { text: "a" });
      const { content, isError } = await resultOf<ToolResult>(registry, "tools/call", sent);
      expect(isError).toBe(true);
      return content[0]!.text;
    };
    expect(await said("tools__echo")).toBe(
      "no healthy provider of tools for 42 s; alive with the same tool name: other__echo",
    );
    expect(await said("tools__any")).toBe("no healthy provider of tools for 42 s");
    expect(await said("never__echo")).toBe(
      "no healthy provider of never yet; alive with the same tool name: other__echo",
    );
  });

  it("names no more than three toolsets that live", async () => {
    const { registry } = await open();
    await registry.pass(42_000);
    for (const name of ["b", "c", "d", "e"]) await registry.serve({ name });
    const sent = called("tools__echo", { text: "a" });
    const { content } = await resultOf<ToolResult>(registry, "tools/call", sent);
    expect(content[0]!.text).toMatch(/: b__echo, c__echo, d__echo$/);
  });

  it.each([
    ["an unknown tool", { name: "tools__none" }],
    ["an unknown toolset", { name: "none__echo" }],
    ["no name of a tool at all", { name: "../../x" }],
    ["arguments that are no object", { name: "tools__echo", arguments: [1] }],
    ["no name", {}],
  ])("is an error of the client's: %s", async (_, params) => {
    const { registry } = await open();
    const { status, body } = await rpc(registry, "tools/call", { params, era: "legacy" });
    expect([status, body.id, body.error?.code]).toEqual([200, 1, -32602]);
  });

  it.each(BREAKABLE)(
    "because the store is out is 503 with the request's id: $name",
    async ({ openBreakable }) => {
      const { backend, fail } = openBreakable();
      const registry = openToolsets({ backend });
      await registry.serve();
      await fail();
      const answer = await rpc(registry, "tools/call", called("tools__echo", {}, { id: "mine" }));
      expect([answer.status, answer.body.id, answer.body.error?.code]).toEqual([503, "mine", -32603]);
      expect(answer.headers.get("Retry-After")).toBe("2");
      const own = await rpc(registry, "tools/call", called("rollcall__find_agents", { capability: "x" }));
      expect([own.status, own.body.error?.code]).toEqual([503, -32603]);
    },
  );
});

describe("a tool that needs a capability of its client's", () => {
  const DECLARED = "io.modelcontextprotocol/clientCapabilities";
  const NEEDS = {
    error: { code: "missing_client_capability", message: "It samples." },
    server_data: [{ requiredCapabilities: { sampling: {}, elicitation: {} } }],
  };
  const refusal = (requiredCapabilities: Json) => ({
    code: -32021,
    message: "It samples.",
    data: { requiredCapabilities },
  });

  it("says which its client has not declared", async () => {
    const { registry, settle } = await open();
    const params = { _meta: { [DECLARED]: { elicitation: {} } } };
    const waiting = rpc(registry, "tools/call", called("tools__any", {}, { params }));
    await settle(NEEDS);
    const { status, body } = await waiting;
    expect([status, body.error]).toEqual([400, refusal({ sampling: {} })]);
  });

  it("says so on a stream, too", async () => {
    const { registry, settle } = await open();
    const waiting = streamOf(
      registry,
      "tools/call",
      called("tools__any", {}, { params: { _meta: { progressToken: 1 } } }),
    );
    await settle(NEEDS);
    const { messages } = await waiting;
    expect(messages.at(-1)!.error).toEqual(refusal({ sampling: {}, elicitation: {} }));
  });

  it.each([
    { client: "of the legacy era", sent: { era: "legacy" as const } },
    {
      client: "that has declared all",
      sent: { params: { _meta: { [DECLARED]: { sampling: {}, elicitation: {} } } } },
    },
  ])("fails as any other for a client $client", async ({ sent }) => {
    const { registry, settle } = await open();
    const waiting = resultOf<ToolResult>(registry, "tools/call", called("tools__any", {}, sent));
    await settle(NEEDS);
    expect(await waiting).toMatchObject({
      isError: true,
      content: [{ text: "It samples. (missing_client_capability)" }],
    });
  });
});

describe("headers that repeat arguments", () => {
  const schema = {
    type: "object",
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      size: { type: "integer", "x-mcp-header": "Size" },
      deep: { type: "object", properties: { on: { type: "boolean", "x-mcp-header": "On" } } },
      list: { type: "array", items: { type: "string", "x-mcp-header": "Item" } },
    },
  };
  const ask = async (args: Json, headers: Record<string, string>, era: Era = "modern") => {
    const registry = openToolsets();
    // Never healthy: a call that passes the check of its headers has this refusal, and needs no provider.
    await registry.offer({ tools: [{ name: "t", payload_schema: schema }] });
    const { body } = await rpc(registry, "tools/call", called("tools__t", args, { headers, era }));
    return body.error?.code ?? body.result!["isError"];
  };

  it.each<[Json, Record<string, string>]>([
    [{}, {}],
    [{ region: null }, {}],
    [{ region: "eu" }, { "Mcp-Param-Region": "eu" }],
    [{ region: "ü" }, { "Mcp-Param-Region": "=?base64?w7w=?=" }],
    [{ size: 42 }, { "Mcp-Param-Size": "42.0" }],
    [{ deep: { on: true } }, { "Mcp-Param-On": "true" }],
    [{ list: ["a"] }, {}],
  ])("are taken where they agree: %j, %j", async (args, headers) => {
    expect(await ask(args, headers)).toBe(true);
  });

  it.each<[Json, Record<string, string>]>([
    [{ region: "eu" }, {}],
    [{}, { "Mcp-Param-Region": "eu" }],
    [{ region: null }, { "Mcp-Param-Region": "null" }],
    [{ region: "eu" }, { "Mcp-Param-Region": "us" }],
    [{ region: "ü" }, { "Mcp-Param-Region": "=?base64?w7w?=" }],
    [{ size: 42 }, { "Mcp-Param-Size": "43" }],
    [{ size: 0 }, { "Mcp-Param-Size": "" }],
    [{ deep: { on: true } }, { "Mcp-Param-On": "false" }],
  ])("are refused where they do not: %j, %j", async (args, headers) => {
    expect(await ask(args, headers)).toBe(-32020);
  });

  it("mean nothing to the legacy era", async () => {
    expect(await ask({ region: "eu" }, {}, "legacy")).toBe(true);
  });
});
