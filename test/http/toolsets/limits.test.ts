import { describe, expect, it } from "vitest";
import { sizeBytes } from "../../../src/core/agents/agent.ts";
import { openToolsets, type Refusal } from "../../support/toolsets.ts";

// Written out, not imported: a limit that somebody moves must be seen to move.
const BODY_BYTES_MAX = 262_144;

const tool = { name: "a", payload_schema: true, result_schema: true };
const times = <T>(count: number, item: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => item(i));
const text = (length: number) => "x".repeat(length);
const tools = (fields: object) => [{ ...tool, ...fields }];
/** So many objects, one within the other. */
const nested = (levels: number): unknown => (levels === 1 ? {} : { default: nested(levels - 1) });

const FIELDS: [field: string, good: unknown, bad: unknown, pointer?: string][] = [
  ["name", text(256), text(257)],
  ["name", "a/b", "/a"],
  ["description", text(4096), text(4097)],
  ["description", "", null],
  ["version", `1.0.0-${text(58)}`, `1.0.0-${text(59)}`],
  ["version", "v1.0.0", "1.0"],
  ["tags", times(100, String), times(101, String)],
  ["tags", [text(128)], [text(129)], "/tags/0"],
  ["tags", ["\ud83d\ude00"], ["\ud83d"], "/tags/0"],
  ["tags", [" "], ["a\nb"], "/tags/0"],
  ["tags", ["a"], [""], "/tags/0"],
  ["tools", times(200, (i) => ({ ...tool, name: `t${i}` })), times(201, (i) => ({ ...tool, name: `t${i}` }))],
  ["tools", [tool], []],
  ["tools", tools({ name: text(128) }), tools({ name: text(129) }), "/tools/0/name"],
  ["tools", tools({ name: "__proto__" }), tools({ name: "a/b" }), "/tools/0/name"],
  [
    "tools",
    tools({ description: text(16_384) }),
    tools({ description: text(16_385) }),
    "/tools/0/description",
  ],
  ["tools", tools({ tags: times(100, String) }), tools({ tags: times(101, String) }), "/tools/0/tags"],
  ["tools", tools({ tags: [text(128)] }), tools({ tags: [text(129)] }), "/tools/0/tags/0"],
  ["tools", tools({ payload_schema: false }), tools({ payload_schema: null }), "/tools/0/payload_schema"],
  ["tools", tools({ payload_schema: {} }), tools({ payload_schema: [] }), "/tools/0/payload_schema"],
  ["tools", tools({ result_schema: undefined }), tools({ result_schema: null }), "/tools/0/result_schema"],
  [
    "tools",
    tools({ outputSchema: {}, result_schema: undefined }),
    tools({ outputSchema: {} }),
    "/tools/0/outputSchema",
  ],
  [
    "tools",
    tools({ inputSchema: {}, payload_schema: undefined }),
    tools({ payload_schema: undefined }),
    "/tools/0/payload_schema",
  ],
  [
    "tools",
    tools({ _meta: { x: text(16_384 - 18) } }),
    tools({ _meta: { x: text(16_384 - 17) } }),
    "/tools/0",
  ],
  ["tools", tools({ annotations: {} }), tools({ annotations: [] }), "/tools/0/annotations"],
  ["tools", tools({ icons: [{}] }), tools({ icons: [""] }), "/tools/0/icons/0"],
  ["tools", tools({ title: "" }), tools({ title: null }), "/tools/0/title"],
  ["tools", tools({ execution: {} }), tools({ handler: {} }), "/tools/0/handler"],
  ["tools", tools({ sidecar_schema: {} }), tools({ sidecar_schema: null }), "/tools/0/sidecar_schema"],
  ["tools", tools({ sidecar_schema: true }), tools({ sidecar_schema: 1 }), "/tools/0/sidecar_schema"],
  ["tools", [tool, { ...tool, name: "A" }], [tool, { ...tool, name: "b" }, tool], "/tools/2/name"],
  [
    "tools",
    tools({ payload_schema: nested(28) }),
    tools({ payload_schema: nested(30) }),
    `/tools/0/payload_schema${"/default".repeat(29)}`,
  ],
];

describe("a toolset", () => {
  const register = (fields: object) =>
    openToolsets().post<Refusal>("/v1/toolsets", { name: "a", tools: [tool], ...fields });

  it.each(FIELDS.map(([field, good, bad, pointer = `/${field}`]) => ({ field, good, bad, pointer })))(
    "may say only so much: $pointer",
    async ({ field, good, bad, pointer }) => {
      const taken = await register({ [field]: good });
      expect(taken.status, JSON.stringify(taken.body).slice(0, 300)).toBe(201);
      const { status, body } = await register({ [field]: bad });
      expect([status, body.code, body.errors?.map((error) => error.pointer)]).toEqual([
        400,
        "invalid_request",
        [pointer],
      ]);
    },
  );

  it("may fill a request, and no more", async () => {
    const registry = openToolsets();
    const filled = (bytes: number) => {
      const large = times(62, (i) => ({ ...tool, name: `t${i}`, description: text(4096) }));
      const last = { ...tool, name: "last", description: "" };
      const rest = bytes - sizeBytes({ name: "a", tools: [...large, last] });
      return { name: "a", tools: [...large, { ...last, description: text(rest) }] };
    };
    expect(sizeBytes(filled(BODY_BYTES_MAX))).toBe(BODY_BYTES_MAX);
    expect((await registry.post("/v1/toolsets", filled(BODY_BYTES_MAX))).status).toBe(201);
    expect((await registry.post("/v1/toolsets", filled(BODY_BYTES_MAX))).status).toBe(201);
    const { status, body } = await registry.post("/v1/toolsets", filled(BODY_BYTES_MAX + 1));
    expect([status, body["code"]]).toEqual([413, "payload_too_large"]);
  });

  it.each([
    [`{"name":"a","tools":[],"__proto__":{"name":"b"}}`, "/__proto__"],
    [
      `{"name":"a","tools":[{"name":"b","result_schema":{},"payload_schema":{"__proto__":{"type":"x"}}}]}`,
      "/tools/0/payload_schema/__proto__",
    ],
    [
      `{"name":"a","tools":[{"name":"b","result_schema":{},"payload_schema":{"properties":{"__proto__":{}}}}]}`,
      "/tools/0/payload_schema/properties/__proto__",
    ],
  ])("may set no prototype: %s", async (sent, pointer) => {
    const registry = openToolsets();
    const headers = { "Content-Type": "application/json" };
    const response = await registry.fetch("/v1/toolsets", { method: "POST", headers, body: sent });
    expect(response.status).toBe(400);
    const { errors } = await response.json<Refusal>();
    expect(errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect((await registry.get("/v1/toolsets")).body).toMatchObject({ count: 0 });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("may be asked for under sixteen tags, and no more", async () => {
    const registry = openToolsets();
    const tags = times(17, (i) => `t${i}`);
    await registry.offer({ tags });
    const query = (count: number) =>
      `?${tags
        .slice(0, count)
        .map((tag) => `tag=${tag}`)
        .join("&")}`;
    expect((await registry.get(`/v1/toolsets${query(16)}`)).body).toMatchObject({ count: 1 });
    const { status, body } = await registry.get<Refusal>(`/v1/toolsets${query(17)}`);
    expect([status, body.errors?.[0]?.pointer]).toEqual([400, "/tag"]);
  });

  it.each(["/v1/toolsets/%20", "/v1/toolsets/-a", `/v1/toolsets/${text(257)}`, "/v1/toolsets/%00"])(
    "has no such name as is asked for by %s",
    async (path) => {
      const { status, body } = await openToolsets().get<Refusal>(path);
      expect([status, body.errors?.[0]?.pointer]).toEqual([400, "/name"]);
    },
  );
});
