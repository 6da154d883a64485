import { describe, expect, it } from "vitest";
import { BACKENDS } from "../support/stores.ts";
import { ECHO, openToolsets, type Refusal, type Toolsets } from "../support/toolsets.ts";

/** JSON nested so deep that nobody would write it out. */
const nested = (depth: number, open: string, inside: string, close: string) =>
  open.repeat(depth) + inside + close.repeat(depth);

/** What stands where a schema should, as JSON text; where the refusal points, and what it says. */
const HOSTILE: [what: string, schema: string, status: number, pointer: string | undefined, detail: RegExp][] =
  [
    ["10,000 deep", nested(10_000, '{"not":', "{}", "}"), 400, undefined, /nested deeper than/],
    ["20 deep in arrays", nested(20, '{"allOf":[', "true", "]}"), 400, undefined, /nested deeper than/],
    ["an enum of 1 MiB", JSON.stringify({ enum: ["x".repeat(1024 * 1024)] }), 413, undefined, /at most/],
    ["a group of its own quantifier", '{"pattern":"(a+)+$"}', 400, "/pattern", /pattern/],
    ["a repeated choice", '{"pattern":"(a|aa)*b"}', 400, "/pattern", /pattern/],
    ["a backreference", String.raw`{"pattern":"(a)\\1"}`, 400, "/pattern", /pattern/],
    ["a pattern that is none", '{"pattern":"("}', 400, "/pattern", /pattern/],
    [
      "a name of its own quantifier",
      '{"patternProperties":{"(x*)*":true}}',
      400,
      "/patternProperties",
      /pattern/,
    ],
    ["a reference to itself", '{"$ref":"#"}', 400, "", /./],
    [
      "two references to each other",
      '{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}',
      400,
      undefined,
      /./,
    ],
    [
      "a reference to nothing",
      '{"properties":{"a":{"$ref":"#/$defs/none"}}}',
      400,
      "/properties/a/$ref",
      /./,
    ],
    ["a reference elsewhere", '{"$ref":"https://example.com/schema.json"}', 400, "/$ref", /./],
    ["a type that is none", '{"type":"text"}', 400, "/type", /./],
    ["a draft that is none", '{"$schema":"https://example.com/draft"}', 400, "/$schema", /./],
    ["no schema at all", "7", 400, "", /./],
  ];

async function register(registry: Toolsets, field: string, schema: string) {
  const tool = JSON.stringify({ ...ECHO, name: "hostile", [field]: "@schema" }).replace(
    '"@schema"',
    () => schema,
  );
  const response = await registry.fetch("/v1/toolsets", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: `{"name":"tools","tools":[${JSON.stringify(ECHO)},${tool}]}`,
  });
  return { status: response.status, body: (await response.json()) as Refusal };
}

describe.each(BACKENDS)("a schema on $backend", ({ openBackend }) => {
  describe.each(["payload_schema", "result_schema", "sidecar_schema"])("as %s", (field) => {
    it.each(HOSTILE)(
      "is refused with its place, and leaves no trace: %s",
      async (_, schema, status, pointer, detail) => {
        const registry = openToolsets({ backend: openBackend() });
        const refused = await register(registry, field, schema);
        expect(refused.status).toBe(status);
        expect(refused.body.detail).toMatch(detail);
        if (pointer !== undefined) {
          expect(refused.body.errors?.map((error) => error.pointer)).toContain(`/tools/1/${field}${pointer}`);
        }
        if (status === 400 && pointer !== undefined && pointer !== "") {
          expect(refused.body.detail).toContain('tool "hostile"');
        }
        expect((await registry.get("/v1/toolsets/tools")).status).toBe(404);
        expect((await registry.get("/v1/events")).body).toMatchObject({ count: 0 });
      },
    );
  });

  it("is looked at whole: every tool with something wrong is named", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const tools = ["one", "two", "three"].map((name) => ({
      ...ECHO,
      name,
      result_schema: { minimum: name },
    }));
    const { body } = await registry.post<Refusal>("/v1/toolsets", { name: "tools", tools });
    expect(body.errors?.map(({ pointer }) => pointer)).toEqual(
      [0, 1, 2].map((i) => `/tools/${i}/result_schema/minimum`),
    );
  });

  it("may be as its draft has it, and each payload is judged by its own", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const draft4 = { $schema: "http://json-schema.org/draft-04/schema#", maximum: 5, exclusiveMaximum: true };
    const draft2020 = { exclusiveMaximum: 5 };
    await registry.serve({
      tools: [
        { ...ECHO, name: "old", payload_schema: draft4 },
        { ...ECHO, name: "new", payload_schema: draft2020 },
        { ...ECHO, name: "closed", payload_schema: false },
        { ...ECHO, name: "open", payload_schema: true },
      ],
    });
    const statusOf = async (tool: string, payload: unknown) =>
      (await registry.callTool(payload, {}, { tool })).status;
    expect(await statusOf("old", 5)).toBe(400);
    expect(await statusOf("old", 4)).toBe(202);
    expect(await statusOf("new", 5)).toBe(400);
    expect(await statusOf("new", 4)).toBe(202);
    expect(await statusOf("closed", null)).toBe(400);
    expect(await statusOf("open", null)).toBe(202);
  });
});

describe.each(BACKENDS)("a payload on $backend", ({ openBackend }) => {
  const PATIENT = {
    type: "object",
    properties: { text: { pattern: "^a*a*a*b$" }, list: { uniqueItems: true }, tree: { $ref: "#" } },
  };

  it.each([
    [
      "a long string under an ambiguous pattern",
      JSON.stringify({ text: "a".repeat(200_000) }),
      "/payload/text",
    ],
    [
      "40,000 items of which two are the same",
      JSON.stringify({ list: [...Array(40_000).keys(), 0] }),
      "/payload/list",
    ],
    ["10,000 deep", nested(10_000, '{"tree":', "{}", "}"), undefined],
    ["a prototype", '{"__proto__":{"text":"b"}}', "/payload/__proto__"],
  ])("that would take long, or worse, is refused: %s", async (_, payload, pointer) => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve({ tools: [{ ...ECHO, payload_schema: PATIENT }] });
    const response = await registry.fetch("/v1/toolsets/tools/tools/echo/calls", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: `{"payload":${payload},"meta":{"run_id":"r","session_id":"s"}}`,
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as Refusal;
    if (pointer !== undefined) expect(errors?.map((error) => error.pointer)).toContain(pointer);
    expect(await registry.calls(token)).toEqual([]);
  });
});
