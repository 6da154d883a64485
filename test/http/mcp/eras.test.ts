import { describe, expect, it } from "vitest";
import { keysAccess } from "../../support/keys.ts";
import { MODERN_META, requestOf, resultOf, rpc, type RpcAnswer } from "../../support/mcp.ts";
import { openToolsets } from "../../support/toolsets.ts";

const MODERN = "2026-07-28";

describe("a client of the modern era", () => {
  it("discovers the server in one request", async () => {
    const result = await resultOf(openToolsets(), "server/discover");
    expect(result).toMatchObject({
      resultType: "complete",
      supportedVersions: [MODERN, "2025-11-25", "2025-06-18", "2025-03-26"],
      capabilities: { tools: {} },
      ttlMs: expect.any(Number),
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "rollcall" } },
    });
  });

  it.each(["initialize", "ping", "logging/setLevel", "resources/list", "resources/subscribe", "nonsense"])(
    "is told with 404 that there is no %s",
    async (method) => {
      const { status, body } = await rpc(openToolsets(), method);
      expect([status, body.error?.code, body.id]).toEqual([404, -32601, 1]);
    },
  );

  const sent = requestOf("tools/call", { params: { name: "a__b" } });
  const without = (name: string) => {
    const { [name]: _, ...rest } = sent.headers;
    return rest;
  };
  const meta = (changes: object) => ({
    ...sent.body,
    params: { name: "a__b", _meta: { ...MODERN_META, ...changes } },
  });
  it.each([
    ["no version header", sent.body, without("MCP-Protocol-Version"), -32020],
    [
      "no version header, which counts before what _meta lacks",
      meta({ "io.modelcontextprotocol/clientCapabilities": undefined }),
      without("MCP-Protocol-Version"),
      -32020,
    ],
    ["no _meta", { ...sent.body, params: { name: "a__b" } }, sent.headers, -32602],
    [
      "_meta without capabilities",
      meta({ "io.modelcontextprotocol/clientCapabilities": undefined }),
      sent.headers,
      -32602,
    ],
    [
      "another version in the body",
      meta({ "io.modelcontextprotocol/protocolVersion": "v999" }),
      sent.headers,
      -32020,
    ],
    ["no Mcp-Method", sent.body, without("Mcp-Method"), -32020],
    ["another Mcp-Method", sent.body, { ...sent.headers, "Mcp-Method": "tools/list" }, -32020],
    ["no Mcp-Name", sent.body, without("Mcp-Name"), -32020],
    ["another Mcp-Name", sent.body, { ...sent.headers, "Mcp-Name": "a__c" }, -32020],
    ["a broken Mcp-Name", sent.body, { ...sent.headers, "Mcp-Name": "=?base64?YV9fYg?=" }, -32020],
  ])("is refused with 400: %s", async (_, body, headers, code) => {
    const answer = await openToolsets().post<RpcAnswer>("/mcp", body, headers);
    expect([answer.status, answer.body.error?.code, answer.body.id]).toEqual([400, code, 1]);
  });

  it("may wrap Mcp-Name in base64", async () => {
    const headers = { ...sent.headers, "Mcp-Name": `=?base64?${btoa("a__b")}?=` };
    const { status, body } = await openToolsets().post<RpcAnswer>("/mcp", sent.body, headers);
    expect([status, body.error?.code, body.error?.message]).toEqual([
      200,
      -32602,
      'There is no tool "a__b" here.',
    ]);
  });

  it("of a later revision is told which are spoken", async () => {
    const version = "2099-01-01";
    const body = meta({ "io.modelcontextprotocol/protocolVersion": version });
    const answer = await openToolsets().post<RpcAnswer>("/mcp", body, {
      ...sent.headers,
      "MCP-Protocol-Version": version,
    });
    expect([answer.status, answer.body.error?.code]).toEqual([400, -32022]);
    expect(answer.body.error?.data).toEqual({
      supported: [MODERN, "2025-11-25", "2025-06-18", "2025-03-26"],
      requested: version,
    });
  });
});

describe("a client of the legacy era", () => {
  const initialize = (protocolVersion: string) =>
    resultOf(openToolsets(), "initialize", {
      era: "legacy",
      params: { protocolVersion, capabilities: {}, clientInfo: { name: "t", version: "1" } },
    });

  it.each(["2025-11-25", "2025-06-18", "2025-03-26"])("initializes with %s", async (version) => {
    expect(await initialize(version)).toMatchObject({
      protocolVersion: version,
      capabilities: { tools: {} },
      serverInfo: { name: "rollcall" },
    });
  });

  it("that asks for another revision is offered the newest of its era", async () => {
    expect(await initialize("2024-11-05")).toMatchObject({ protocolVersion: "2025-11-25" });
  });

  it("that insists on a revision which is not spoken is refused with 400", async () => {
    const headers = { "MCP-Protocol-Version": "2024-11-05" };
    const { status, body } = await rpc(openToolsets(), "ping", { era: "legacy", headers });
    expect([status, body.error?.code, body.error?.data!["requested"]]).toEqual([400, -32022, "2024-11-05"]);
  });

  it("gets results without the modern era's fields, pings, and has unknown methods with 200", async () => {
    const registry = openToolsets();
    const list = await resultOf(registry, "tools/list", { era: "legacy" });
    expect(list).not.toHaveProperty("resultType");
    expect(list).not.toHaveProperty("ttlMs");
    expect(await resultOf(registry, "ping", { era: "legacy" })).toEqual({});
    const { status, body } = await rpc(registry, "resources/list", { era: "legacy" });
    expect([status, body.error?.code]).toEqual([200, -32601]);
  });

  it("is believed to be of 2025-03-26 where it sends no version", async () => {
    const body = { jsonrpc: "2.0", id: "x", method: "ping" };
    const answer = await openToolsets().post<RpcAnswer>("/mcp", body);
    expect([answer.status, answer.body]).toEqual([200, { jsonrpc: "2.0", id: "x", result: {} }]);
  });
});

describe("a message", () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    openToolsets().fetch("/mcp", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body,
    });

  it.each([
    ["no JSON", "{", -32700],
    ["a batch", "[]", -32600],
    ["no version", '{"id":1,"method":"ping"}', -32600],
    ["id null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ["id that is no integer", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600],
    ["params that are a list", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
  ])("that is none is refused: %s", async (_, body, code) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect((await answer.json<RpcAnswer>()).error?.code).toBe(code);
  });

  it.each([
    ["a notification", '{"jsonrpc":"2.0","method":"notifications/initialized"}'],
    ["a response", '{"jsonrpc":"2.0","id":1,"result":{}}'],
  ])("that needs no answer has none: %s", async (_, body) => {
    const answer = await post(body);
    expect([answer.status, await answer.text()]).toEqual([202, ""]);
  });

  it.each(["GET", "DELETE", "PUT"])("is not sent by %s", async (method) => {
    const answer = await openToolsets().fetch("/mcp", { method });
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
    expect((await answer.json<RpcAnswer>()).error?.code).toBe(405);
  });

  it("is refused in JSON-RPC below JSON-RPC too", async () => {
    const access = await keysAccess([{ name: "reader", token: "t".repeat(32), scopes: ["read"] }]);
    const registry = openToolsets({ access });
    const missing = await registry.post<RpcAnswer>("/mcp", requestOf("tools/list").body);
    expect([missing.status, missing.body.jsonrpc, missing.body.error?.data!["code"]]).toEqual([
      401,
      "2.0",
      "unauthorized",
    ]);
    expect(missing.headers.get("WWW-Authenticate")).toBe('Bearer realm="rollcall"');
    const nowhere = await openToolsets().post<RpcAnswer>("/mcp/nowhere", {});
    expect([nowhere.status, nowhere.body.jsonrpc]).toEqual([404, "2.0"]);
    const strict = await openToolsets().post<RpcAnswer>("/mcp?nonsense=1", {});
    expect([strict.status, strict.body.error?.code]).toEqual([400, -32602]);
    expect((await post("x", { "Content-Type": "text/plain" })).status).toBe(415);
  });

  it("from a page of another site is refused under open access", async () => {
    const answer = await post("{}", { Origin: "https://evil.example" });
    expect(answer.status).toBe(403);
    expect((await answer.json<RpcAnswer>()).jsonrpc).toBe("2.0");
  });
});
