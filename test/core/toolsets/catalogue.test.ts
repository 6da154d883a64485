import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { searchToolsets, toolsetInfo, toolsetRecord } from "../../../src/core/toolsets/catalogue.ts";
import { toolsetHealth } from "../../../src/core/toolsets/health.ts";
import { NOW, ownedToolset as entry, PING, toolsetEntryOf } from "../../support/toolset-entries.ts";
import { ECHO } from "../../support/toolsets.ts";

describe("a toolset as it is shown", () => {
  it("in a list has no tools, but their number", () => {
    const shown = toolsetInfo(entry({ tools: [ECHO, { ...ECHO, name: "other" }], tags: ["eu"] }), PING, NOW);
    expect(shown).toStrictEqual({
      name: "tools",
      description: "",
      version: "1.0.0",
      tags: ["eu"],
      tool_count: 2,
      registered_at: "2026-01-01T00:00:00.000Z",
      owner: "robin",
      health: toolsetHealth(entry(), PING, NOW),
    });
  });

  it("alone has its tools as they were said, and nothing of how they are kept", () => {
    const sidecar_schema = { type: "object" };
    const tool = { ...ECHO, description: "repeats", tags: ["fast"], sidecar_schema };
    const { tools, ...rest } = toolsetRecord(entry({ tools: [tool] }), PING, NOW);
    expect(tools).toStrictEqual([tool]);
    expect(rest).toStrictEqual(toolsetInfo(entry(), PING, NOW));
  });
});

describe("searching", () => {
  const named = (name: string, description: string, ...tags: string[]) =>
    toolsetInfo(toolsetEntryOf({ name, description, tags }, NOW), PING, NOW);
  const CATALOGUE = [
    named("zip", "Packs files", "archive"),
    named("archiver", "Keeps things", "files"),
    named("Files.read", "Reads"),
    named("web", "Fetches pages", "Archive", "net"),
    named("aFILEs", "archive of files", "files"),
  ];
  const found = (query: string) => searchToolsets(CATALOGUE, query).map(({ name }) => name);

  it.each([
    ["files", ["Files.read", "aFILEs", "zip", "archiver"]],
    ["FILES", ["Files.read", "aFILEs", "zip", "archiver"]],
    ["archive", ["archiver", "aFILEs", "web", "zip"]],
    ["e", ["Files.read", "aFILEs", "archiver", "web", "zip"]],
    [" ", ["aFILEs", "archiver", "web", "zip"]],
    ["packs files", ["zip"]],
    ["packs  files", []],
    [".", ["Files.read"]],
    [".*", []],
    ["echo", []],
    ["things files", []],
  ])("for %j finds %j: by name, then by description, then by tag", (query, expected) => {
    expect(found(query)).toEqual(expected);
  });

  it("finds exactly those that have it somewhere, whatever the order they come in", () => {
    const word = fc.constantFrom("a", "B", "ab", "ba", "Abc", "c");
    const toolset = fc.record({ description: word, tags: fc.array(word, { maxLength: 2 }) });
    const catalogue = fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[abcABC]{1,3}$/), toolset).map(([name, fields]) => ({ name, ...fields })),
      { selector: ({ name }) => name, maxLength: 8 },
    );
    fc.assert(
      fc.property(catalogue, word, fc.nat(), (fields, query, turn) => {
        const entries = fields.map((one) => toolsetInfo(toolsetEntryOf(one, NOW), PING, NOW));
        const turned = [...entries.slice(turn % 8), ...entries.slice(0, turn % 8)];
        const hits = searchToolsets(entries, query);
        expect(searchToolsets(turned, query)).toEqual(hits);
        const texts = (one: (typeof fields)[number]) => [one.name, one.description, ...one.tags];
        const wanted = fields.filter((one) =>
          texts(one).some((text) => text.toLowerCase().includes(query.toLowerCase())),
        );
        expect(hits.map(({ name }) => name).toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
      }),
    );
  });
});
