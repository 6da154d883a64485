import { describe, expect, it } from "vitest";
import { toolInput, toolOf } from "../../../src/core/toolsets/tool.ts";

const SCHEMA = { type: "object" };

describe("a tool's name", () => {
  const isTaken = (name: string) => toolInput.safeParse({ name, payload_schema: true }).success;

  it.each([
    "_ping",
    "__proto__",
    "get weather",
    " ",
    "a.b:c@d",
    "...",
    "100%",
    "a\\b?#&",
    "日本語",
    "😀".repeat(128),
    "a".repeat(128),
  ])("may be %j", (name) => {
    expect(isTaken(name)).toBe(true);
  });

  it.each([
    "",
    "a/b",
    ".",
    "..",
    "a\nb",
    "a\tb",
    "\u0000",
    "a\u0085",
    "a\u2028b",
    "a\u200bb",
    "a\u202eb",
    "\ud83d",
    "a".repeat(129),
  ])("may not be %j", (name) => {
    expect(isTaken(name)).toBe(false);
  });
});

describe("what is kept of a tool", () => {
  const kept = (fields: object) => toolOf(toolInput.parse({ name: "a", ...fields }));

  it("is the same under MCP's names as under ours", () => {
    expect(kept({ inputSchema: SCHEMA, outputSchema: false })).toStrictEqual(
      kept({ payload_schema: SCHEMA, result_schema: false }),
    );
  });

  it("has a result schema that lets everything through where none is said", () => {
    expect(kept({ payload_schema: false })).toStrictEqual({
      name: "a",
      description: "",
      tags: [],
      payload_schema: false,
      result_schema: true,
    });
  });

  it("has MCP's other fields as they were said, but how the server runs it", () => {
    const mcp = {
      title: "A tool",
      annotations: { readOnlyHint: true, other: [1] },
      icons: [{ src: "data:,", sizes: ["any"] }],
      _meta: { "example.com/x": null },
    };
    expect(kept({ inputSchema: SCHEMA, ...mcp, execution: { taskSupport: "forbidden" } })).toStrictEqual({
      name: "a",
      description: "",
      tags: [],
      payload_schema: SCHEMA,
      result_schema: true,
      mcp,
    });
  });
});
