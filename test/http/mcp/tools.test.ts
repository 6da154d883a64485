import { describe, expect, it } from "vitest";
import { keysAccess } from "../../support/keys.ts";
import { bearer } from "../../support/keys.ts";
import {
  ERAS,
  listedNames,
  listTools,
  type ListedTool,
  resultOf,
  rpc,
  type RpcAnswer,
  type ToolResult,
} from "../../support/mcp.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets } from "../../support/toolsets.ts";

const OWN = [
  "rollcall__find_tools",
  "rollcall__find_agents",
  "rollcall__resolve_service",
  "rollcall__call_tool",
];
const MINUTE = 60_000;

describe.each(BACKENDS)("the list of tools, $backend", ({ openBackend }) => {
  const open = () => openToolsets({ backend: openBackend() });

  it("has Rollcall's own, then those of all toolsets in order, each as it was registered", async () => {
    const registry = open();
    await registry.serve({ name: "b" });
    const given = {
      name: "look",
      title: "Look",
      description: "Looks.",
      inputSchema: { type: "object", properties: { at: { type: "string" } } },
      outputSchema: { type: "object", required: ["seen"] },
      annotations: { readOnlyHint: true },
      icons: [{ src: "data:," }],
      _meta: { "example/x": 1 },
    };
    await registry.serve({ name: "a", tools: [given] });
    const tools = await listTools(registry);
    expect(tools.map(({ name }) => name)).toEqual([...OWN, "a__look", "b__echo"]);
    const { name: _, ...kept } = given;
    const health = { healthy: true, last_pong: expect.any(String) as string };
    expect(tools[OWN.length]).toEqual({
      name: "a__look",
      ...kept,
      _meta: { "example/x": 1, "example.rollcall/health": health },
    });
    expect(tools.at(-1)!.description).toBe("echo of b");
  });

  it("gives every tool a name that clients take, and the name calls it", async () => {
    const registry = open();
    const odd = [
      ["ops/http:main@1", "echo", /^ops_http_main_1__echo_d5f3e11a5b$/],
      ["a__b", "c", /^a__b__c_[0-9a-f]{10}$/],
      ["a_", "b", /^a___b_[0-9a-f]{10}$/],
      ["a", "b__c", /^a__b__c$/],
      ["a", "b_0123456789", /^a__b_0123456789_[0-9a-f]{10}$/],
      ["long", "x".repeat(100), /^long__x{43}_[0-9a-f]{10}$/],
      ["dotted", "a.b c", /^dotted__a_b_c_[0-9a-f]{10}$/],
    ] as const;
    for (const name of new Set(odd.map(([toolset]) => toolset))) {
      const tools = odd.filter(([other]) => other === name).map(([, each]) => ({ ...ECHO, name: each }));
      await registry.serve({ name, tools });
    }
    const names = await listedNames(registry);
    expect(names.length).toBe(odd.length);
    for (const [, , expected] of odd) expect(names).toContainEqual(expect.stringMatching(expected));
    for (const name of names) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,60}$/);
      const result = await resultOf<ToolResult>(registry, "tools/call", { params: { name, arguments: {} } });
      expect(result.content[0]!.text).toContain("payload validation failed");
    }
  });

  it("of one toolset has its own names", async () => {
    const registry = open();
    await registry.serve({ tools: [ECHO, { ...ECHO, name: "a.b" }, { ...ECHO, name: "a b" }] });
    await registry.serve({ name: "other" });
    const names = await listedNames(registry, { url: "/mcp/toolsets/tools" });
    expect(names).toEqual(["echo", "a.b", expect.stringMatching(/^tools__a_b_[0-9a-f]{10}$/)]);
    for (const name of names) {
      const sent = { url: "/mcp/toolsets/tools", params: { name } };
      expect(await resultOf(registry, "tools/call", sent)).toMatchObject({ isError: true });
    }
    const unknown = await rpc(registry, "tools/list", { url: "/mcp/toolsets/none" });
    expect([unknown.status, unknown.body.id, unknown.body.error?.data!["code"]]).toEqual([
      404,
      1,
      "toolset_not_found",
    ]);
  });

  it("keeps a toolset for 15 minutes after its last pong, and not before the first", async () => {
    const registry = open();
    await registry.offer({ name: "never" });
    await registry.serve();
    await registry.pass(15 * MINUTE);
    expect(await listedNames(registry)).toEqual(["tools__echo"]);
    const { _meta } = (await listTools(registry)).find(({ name }) => name === "tools__echo")!;
    expect(_meta["example.rollcall/health"]).toMatchObject({ healthy: false });
    expect(await listedNames(registry, { url: "/mcp?healthy=true" })).toEqual([]);
    await registry.pass(1);
    expect(await listedNames(registry)).toEqual([]);
  });

  it("is narrowed by tags, for calls too", async () => {
    const registry = open();
    await registry.serve({ name: "a", tags: ["x", "y"] });
    await registry.serve({ name: "b", tags: ["x"] });
    expect(await listedNames(registry, { url: "/mcp?tag=x&tag=y" })).toEqual(["a__echo"]);
    const call = (name: string) =>
      rpc(registry, "tools/call", { url: "/mcp?tag=y", params: { name, arguments: {} } });
    expect((await call("b__echo")).body.error?.code).toBe(-32602);
    expect((await call("a__echo")).body.result).toMatchObject({ isError: true });
  });

  it("has only Rollcall's own where tools are to be found by them", async () => {
    const registry = open();
    await registry.serve();
    const names = async (url: string) => (await listTools(registry, { url })).map(({ name }) => name);
    expect(await names("/mcp?tools=find")).toEqual(OWN);
    expect(await names("/mcp/toolsets/tools?tools=find")).toEqual([OWN[0], OWN[3]]);
  });

  it("goes on behind a cursor where it takes more than a megabyte", async () => {
    const registry = open();
    const description = "x".repeat(16_000);
    for (const name of ["a", "b", "c", "d", "e"]) {
      const tools = Array.from({ length: 14 }, (_, i) => ({ ...ECHO, name: `t${i}`, description }));
      await registry.serve({ name, tools });
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const result: { tools: ListedTool[]; nextCursor?: string } = await resultOf(registry, "tools/list", {
        params: cursor === undefined ? {} : { cursor },
      });
      expect(JSON.stringify(result).length).toBeLessThan(1024 * 1024);
      seen.push(...result.tools.map(({ name }) => name));
      cursor = result.nextCursor;
      pages += 1;
    } while (cursor !== undefined);
    expect(pages).toBe(2);
    expect(seen.slice(OWN.length)).toEqual(
      ["a", "b", "c", "d", "e"].flatMap((name) => Array.from({ length: 14 }, (_, i) => `${name}__t${i}`)),
    );
  });

  it.each(["", "nonsense", "WyJhIiwtMV0", 5])("refuses a cursor that is none: %s", async (cursor) => {
    const { status, body } = await rpc(open(), "tools/list", { params: { cursor } });
    expect([status, body.error?.code]).toEqual([200, -32602]);
  });
});

describe("a schema that a client would refuse a whole list for", () => {
  const listed = async (era: (typeof ERAS)[number], tool: object) => {
    const registry = openToolsets();
    await registry.serve({ tools: [{ name: "t", payload_schema: true, ...tool }] });
    return (await listTools(registry, { era })).find(({ name }) => name === "tools__t");
  };

  it.each([
    [true, { type: "object" }],
    [{}, { type: "object" }],
    [{ type: ["object", "null"] }, { type: "object" }],
    [
      { type: "object", properties: { a: true, b: false, c: {} } },
      { type: "object", properties: { a: {}, b: { not: {} }, c: {} } },
    ],
    [{ enum: [1, {}] }, { enum: [1, {}], type: "object" }],
  ])("is listed as they take it: %j", async (payload_schema, expected) => {
    for (const era of ERAS) expect((await listed(era, { payload_schema }))!.inputSchema).toEqual(expected);
  });

  it.each([false, { type: "string" }, { type: ["string", "null"] }, { const: 1 }, { enum: [1, "a"] }])(
    "leaves its tool out where no object satisfies it: %j",
    async (payload_schema) => {
      for (const era of ERAS) expect(await listed(era, { payload_schema })).toBeUndefined();
    },
  );

  it.each([
    [true, undefined, undefined],
    [{ type: "string" }, { type: "string" }, undefined],
    [{}, {}, undefined],
    [false, { not: {} }, undefined],
    [{ type: "object" }, { type: "object" }, { type: "object" }],
    [
      { type: "object", properties: { a: true } },
      { type: "object", properties: { a: {} } },
      { type: "object", properties: { a: {} } },
    ],
  ])("of results is listed as its era has it: %j", async (result_schema, modern, legacy) => {
    expect((await listed("modern", { result_schema }))!.outputSchema).toEqual(modern);
    expect((await listed("legacy", { result_schema }))!.outputSchema).toEqual(legacy);
  });

  it("or icons, which older revisions do not know, are left out for them", async () => {
    const registry = openToolsets();
    await registry.serve({ tools: [{ ...ECHO, icons: [{ src: "data:," }] }] });
    const iconsFor = async (version: string) => {
      const headers = { "MCP-Protocol-Version": version };
      return (await listTools(registry, { era: "legacy", headers })).at(-1)!.icons;
    };
    expect(await iconsFor("2025-11-25")).toEqual([{ src: "data:," }]);
    expect(await iconsFor("2025-06-18")).toBeUndefined();
  });
});

describe("a key", () => {
  const token = (name: string) => name.repeat(32).slice(0, 32);
  const key = (name: string, scopes: ("read" | "write" | "admin")[]) => ({
    name,
    token: token(name),
    scopes,
  });

  it("sees only the tools that it may use", async () => {
    const access = await keysAccess([key("reader", ["read"]), key("worker", ["read", "write"])]);
    const registry = openToolsets({ access });
    const worker = bearer(token("worker"));
    const reader = bearer(token("reader"));
    const offered = await registry.post<{ lease_token: string }>(
      "/v1/toolsets",
      { name: "tools", tools: [ECHO] },
      worker,
    );
    const claim = await registry.post<{ messages: { ping_id: string }[] }>(
      "/v1/toolsets/tools/claims",
      { consumer: "c" },
      { ...worker, "Lease-Token": offered.body.lease_token },
    );
    const ping_id = claim.body.messages[0]!.ping_id;
    await registry.post("/v1/toolsets/tools/pong", { ping_id }, worker);
    const names = async (headers: Record<string, string>) =>
      (await listTools(registry, { headers })).map(({ name }) => name);
    expect(await names(worker)).toEqual([...OWN, "tools__echo"]);
    expect(await names(reader)).toEqual(OWN.slice(0, 3));
    for (const params of [
      { name: "tools__echo", arguments: { text: "a" } },
      { name: "rollcall__call_tool", arguments: { name: "tools__echo", arguments: { text: "a" } } },
    ]) {
      const refused = await rpc(registry, "tools/call", { params, headers: reader });
      expect([refused.status, refused.body.id, refused.body.error?.data!["code"]]).toEqual([
        403,
        1,
        "forbidden",
      ]);
      expect(refused.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope", scope="write"');
    }
  });
});

it("a key that may only write is refused Rollcall's tools that read", async () => {
  const worker = { name: "worker", token: "w".repeat(32), scopes: ["write" as const] };
  const registry = openToolsets({ access: await keysAccess([worker]) });
  const params = { name: "rollcall__find_tools", arguments: {} };
  const refused = await rpc(registry, "tools/call", { params, headers: bearer(worker.token) });
  expect([refused.status, refused.body.error?.data!["code"]]).toEqual([403, "forbidden"]);
});

it("one toolset lists nothing under a tag that it does not have", async () => {
  const registry = openToolsets();
  await registry.serve({ tags: ["x"] });
  expect(await listedNames(registry, { url: "/mcp/toolsets/tools?tag=x" })).toEqual(["echo"]);
  expect(await listedNames(registry, { url: "/mcp/toolsets/tools?tag=y" })).toEqual([]);
});

it("one toolset has none of Rollcall's own tools, unless its tools are found by them", async () => {
  const registry = openToolsets();
  await registry.serve();
  const params = { name: "rollcall__find_tools", arguments: {} };
  const { body } = await rpc(registry, "tools/call", { params, url: "/mcp/toolsets/tools" });
  expect(body.error?.code).toBe(-32602);
  const found = await resultOf(registry, "tools/call", { params, url: "/mcp/toolsets/tools?tools=find" });
  expect(found).toMatchObject({ structuredContent: { found: 1 } });
});

describe("Rollcall's own tools", () => {
  const find = async (registry: ReturnType<typeof openToolsets>, args: object, url = "/mcp") => {
    const params = { name: "rollcall__find_tools", arguments: args };
    const result = await resultOf<ToolResult>(registry, "tools/call", { params, url });
    const found = result.structuredContent as {
      tools: {
        name: string;
        healthy: boolean;
        age_ms: number | null;
        why_not?: string;
        inputSchema?: object;
      }[];
      found: number;
    };
    expect(JSON.parse(result.content[0]!.text!)).toEqual(found);
    return found;
  };

  it("find tools by words, the best first, and say why one cannot be called", async () => {
    const registry = openToolsets();
    await registry.serve({
      name: "files",
      tools: [
        { ...ECHO, name: "read_file", description: "Reads a file." },
        { ...ECHO, name: "remove", description: "Removes a file." },
        { name: "count", payload_schema: { type: "array" }, tags: ["file"] },
      ],
    });
    await registry.pass(41_000);
    await registry.offer({ name: "never", tools: [{ ...ECHO, name: "file" }] });
    await registry.serve({ name: "alive", tools: [{ ...ECHO, name: "other", description: "No file." }] });
    const { tools, found } = await find(registry, { query: "FILE" });
    expect(found).toBe(5);
    expect(tools.map(({ name }) => name)).toEqual([
      "files__read_file",
      "never__file",
      "files__remove",
      "alive__other",
      "files__count",
    ]);
    expect(tools[0]).toMatchObject({ healthy: false, age_ms: 41_000, inputSchema: ECHO.payload_schema });
    expect(tools[0]!.why_not).toContain("41 s");
    expect(tools[1]!.why_not).toContain("yet");
    expect(tools[3]).toMatchObject({ healthy: true, age_ms: 0 });
    expect(tools[3]).not.toHaveProperty("why_not");
    expect(tools[4]!.why_not).toContain("no object");
    expect((await find(registry, { query: "file", healthy: true })).found).toBe(1);
    expect((await find(registry, { limit: 2 })).tools.length).toBe(2);
    expect(
      (await find(registry, {}, "/mcp/toolsets/alive?tools=find")).tools.map(({ name }) => name),
    ).toEqual(["other"]);
  });

  it("find agents as discover does", async () => {
    const registry = openToolsets();
    await registry.register({ id: "a", capabilities: ["x", "y"], tags: ["t"] });
    await registry.register({ id: "b", capabilities: ["x"] });
    const params = { name: "rollcall__find_agents", arguments: { capability: ["x", "y"], tag: "t" } };
    const { structuredContent } = await resultOf<ToolResult>(registry, "tools/call", { params });
    const { body } = await registry.get<object>("/v1/discover?capability=x&capability=y&tag=t&limit=10");
    expect(structuredContent).toEqual(body);
  });

  it("resolve a service, and say why nobody can be used", async () => {
    const registry = openToolsets();
    const resolve = (service: string) =>
      resultOf<ToolResult>(registry, "tools/call", {
        params: { name: "rollcall__resolve_service", arguments: { service } },
      });
    expect(await resolve("llm")).toMatchObject({ isError: true });
    await registry.register({ id: "a", services: [{ service: "llm" }] });
    expect((await resolve("llm")).structuredContent).toMatchObject({ provider: { id: "a" } });
    await registry.post("/v1/agents/a/drain", {});
    const { isError, content } = await resolve("llm");
    expect([isError, content[0]!.text]).toEqual([true, expect.stringContaining("a: ")]);
  });

  it("tell a model what is wrong with its arguments", async () => {
    const params = { name: "rollcall__find_tools", arguments: { limit: 0 } };
    const result = await resultOf<ToolResult>(openToolsets(), "tools/call", { params });
    expect([result.isError, result.content[0]!.text]).toEqual([true, expect.stringContaining("/limit")]);
  });

  it("have a name that no toolset may have", async () => {
    const { status, body } = await openToolsets().post<RpcAnswer & { errors: object[] }>("/v1/toolsets", {
      name: "rollcall",
      tools: [ECHO],
    });
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ pointer: "/name" })]]);
  });
});
