import { describe, expect, it } from "vitest";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets, type Refusal, type Toolsets } from "../../support/toolsets.ts";

/** JSON nested so deep that nobody would write it out. */
const nested = (depth: number, open: string, inside: string, close: string) =>
  open.repeat(depth) + inside + close.repeat(depth);

/** What stands where a schema should, as JSON text, and is refused before anybody looks at it as a schema. */
const MONSTERS: [what: string, schema: string, status: number, detail: RegExp][] = [
  ["10,000 deep", nested(10_000, '{"not":', "{}", "}"), 400, /nested deeper than/],
  ["20 deep in arrays", nested(20, '{"allOf":[', "true", "]}"), 400, /nested deeper than/],
  ["an enum of 1 MiB", JSON.stringify({ enum: ["x".repeat(1024 * 1024)] }), 413, /at most/],
  ["a number", "7", 400, /expected record|expected boolean/i],
];

/** Schemas that are refused as such, and the place in them. */
const HOSTILE: [what: string, schema: string, pointer: string][] = [
  ["a group of its own quantifier", '{"pattern":"(a+)+$"}', "/pattern"],
  ["a repeated choice", '{"pattern":"(a|aa)*b"}', "/pattern"],
  ["a backreference", String.raw`{"pattern":"(a)\\1"}`, "/pattern"],
  ["a pattern that is none", '{"pattern":"("}', "/pattern"],
  ["a name of its own quantifier", '{"patternProperties":{"(x*)*y":true}}', "/patternProperties"],
  ["a reference to itself", '{"$ref":"#"}', ""],
  [
    "two references to each other",
    '{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}',
    "",
  ],
  ["a reference to nothing", '{"properties":{"a":{"$ref":"#/$defs/none"}}}', "/properties/a/$ref"],
  ["a reference elsewhere", '{"$ref":"https://example.com/schema.json"}', "/$ref"],
  ["a type that is none", '{"type":"text"}', "/type"],
  ["a draft that is none", '{"$schema":"https://example.com/draft"}', "/$schema"],
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
  return { status: response.status, body: await response.json<Refusal>() };
}

describe.each(BACKENDS)("a schema on $backend", ({ openBackend }) => {
  describe.each(["payload_schema", "result_schema", "sidecar_schema"])("as %s", (field) => {
    const expectNoTrace = async (registry: Toolsets) => {
      expect((await registry.get("/v1/toolsets/tools")).status).toBe(404);
      expect((await registry.get("/v1/events")).body).toMatchObject({ count: 0 });
    };

    it.each(MONSTERS)(
      "is refused at the door, and leaves no trace: %s",
      async (_, schema, status, detail) => {
        const registry = openToolsets({ backend: openBackend() });
        const refused = await register(registry, field, schema);
        expect(refused.status).toBe(status);
        expect(refused.body.detail).toMatch(detail);
        await expectNoTrace(registry);
      },
    );

    it.each(HOSTILE)(
      "is refused with tool and place, and leaves no trace: %s",
      async (_, schema, pointer) => {
        const registry = openToolsets({ backend: openBackend() });
        const refused = await register(registry, field, schema);
        expect(refused.status).toBe(400);
        expect(refused.body.errors?.map((error) => error.pointer)).toContain(`/tools/1/${field}${pointer}`);
        expect(refused.body.detail).toContain('tool "hostile"');
        await expectNoTrace(registry);
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
    ["10,000 deep", nested(10_000, '{"tree":', "{}", "}"), `/payload${"/tree".repeat(31)}`],
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
    const { errors } = await response.json<Refusal>();
    expect(errors?.map((error) => error.pointer)).toContain(pointer);
    expect(await registry.calls(token)).toEqual([]);
  });
});
