import { describe, expect, it } from "vitest";
import { openToolsets, type Refusal } from "../../support/toolsets.ts";
import { BACKENDS } from "../../support/stores.ts";

/** As an MCP server lists it. */
const LISTED = {
  name: "get weather_v1.2",
  title: "Weather",
  description: "Tells the weather",
  inputSchema: {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  },
  outputSchema: { type: "object", required: ["sky"] },
  annotations: { readOnlyHint: true },
  icons: [{ src: "https://example.com/icon.png" }],
  _meta: { "example.com/rank": 1 },
  execution: { taskSupport: "forbidden" },
};
const BAD_SCHEMA = { name: "bad schema", payload_schema: { type: "text" } };
const BAD_NAME = { name: "bad/name", payload_schema: true };

describe.each(BACKENDS)("a tool as an MCP server lists it, $backend", ({ openBackend }) => {
  it("is registered as it is, and read with its fields in one place", async () => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.offer({ tools: [LISTED] });
    const { body } = await registry.get<{ tools: unknown[] }>("/v1/toolsets/tools");
    const { name, description, inputSchema, outputSchema, title, annotations, icons, _meta } = LISTED;
    expect(body.tools).toStrictEqual([
      {
        name,
        description,
        tags: [],
        payload_schema: inputSchema,
        result_schema: outputSchema,
        mcp: { title, annotations, icons, _meta },
      },
    ]);
  });

  it.each(["get weather_v1.2", "_ping", "100%", "a%2Fb", "a\\b?c#d&e=f", "...", "日本語"])(
    "is called under its name, %j, and its result held to its schema",
    async (name) => {
      const registry = openToolsets({ backend: openBackend() });
      const token = await registry.serve({ tools: [{ ...LISTED, name }] });
      const invalid = await registry.callTool({ city: 1 }, {}, { tool: name });
      expect([invalid.status, invalid.body.errors?.[0]?.pointer]).toEqual([400, "/payload/city"]);
      const { status, body: call } = await registry.callTool({ city: "Bern" }, {}, { tool: name });
      expect(status).toBe(202);
      const [claimed] = await registry.calls(token);
      expect(claimed).toMatchObject({ tool: name, payload: { city: "Bern" } });
      await registry.settle(token, claimed!, { result: 1 });
      expect((await registry.result(call)).body).toMatchObject({
        status: "failed",
        error: { code: "invalid_result", issues: [{ field: "" }] },
      });
    },
  );
});

describe("a toolset some of whose tools are refused", () => {
  const register = async (tools: unknown[], query = "?partial=true") => {
    const registry = openToolsets();
    const answer = await registry.post<Refusal & { refused?: Record<string, unknown>[] }>(
      `/v1/toolsets${query}`,
      { name: "tools", tools },
    );
    const { body } = await registry.get<{ tools?: { name: string }[] }>("/v1/toolsets/tools");
    return { ...answer, kept: body.tools?.map(({ name }) => name) };
  };

  it("has the others with partial=true, and says of each refused one what is wrong", async () => {
    const { status, body, kept } = await register([BAD_SCHEMA, LISTED, BAD_NAME]);
    expect([status, kept]).toEqual([201, [LISTED.name]]);
    expect(body.refused).toMatchObject([
      {
        index: 0,
        name: "bad schema",
        code: "invalid_request",
        errors: [{ pointer: "/payload_schema/type" }],
      },
      { index: 2, name: "bad/name", code: "invalid_request", errors: [{ pointer: "/name" }] },
    ]);
  });

  it("says nothing of refusals where there are none", async () => {
    const { status, body } = await register([LISTED]);
    expect([status, "refused" in body]).toEqual([201, false]);
  });

  it("is refused where none of them is sound, and without partial=true", async () => {
    for (const [tools, query, pointers] of [
      [[BAD_SCHEMA, BAD_NAME], "?partial=true", ["/tools/0/payload_schema/type", "/tools/1/name"]],
      [[LISTED, BAD_SCHEMA], "", ["/tools/1/payload_schema/type"]],
      [[LISTED, BAD_NAME], "?partial=false", ["/tools/1/name"]],
    ] as const) {
      const { status, body, kept } = await register([...tools], query);
      expect([status, body.errors?.map(({ pointer }) => pointer), kept]).toEqual([400, pointers, undefined]);
    }
  });

  it("is refused for what is wrong with itself", async () => {
    const registry = openToolsets();
    const { status, body } = await registry.post<Refusal>("/v1/toolsets?partial=true", { name: "a" });
    expect([status, body.errors]).toEqual([400, [{ pointer: "/tools", detail: "is required" }]]);
  });
});

describe("a toolset with a pattern that is tried on short texts alone", () => {
  const bounded = { name: "bounded", inputSchema: { properties: { text: { pattern: "\\s+$" } } } };
  const register = (tools: unknown[], query = "") =>
    openToolsets().post<{ warnings?: { pointer: string; detail: string }[] }>(`/v1/toolsets${query}`, {
      name: "tools",
      tools,
    });

  it("is registered, and told so at its place, also where another tool is refused", async () => {
    const pointer = "/tools/1/inputSchema/properties/text/pattern";
    const detail = expect.stringMatching(/^tool "bounded": inputSchema: .*\d/) as string;
    const whole = await register([LISTED, bounded]);
    expect([whole.status, whole.body.warnings]).toEqual([201, [{ pointer, detail }]]);
    const partial = await register([BAD_SCHEMA, bounded], "?partial=true");
    expect([partial.status, partial.body.warnings]).toEqual([201, [{ pointer, detail }]]);
  });

  it("is not told where all is well", async () => {
    const { body } = await register([LISTED]);
    expect("warnings" in body).toBe(false);
  });
});
