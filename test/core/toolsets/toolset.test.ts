import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Asker } from "../../../src/core/authority.ts";
import type { Entry } from "../../../src/core/entry.ts";
import { kindOfTerm, termsOf } from "../../../src/core/kinds.ts";
import { Problem, orThrow } from "../../../src/core/problem.ts";
import { toolsetInput } from "../../../src/core/toolsets/toolset.ts";
import { decidePong, decideToolset, decideToolsetRemoval } from "../../../src/core/toolsets/registration.ts";
import { pulseAt, stalenessThresholdMs, toolsetHealth } from "../../../src/core/toolsets/health.ts";
import { searchToolsets, toolsetInfo, toolsetRecord } from "../../../src/core/toolsets/catalogue.ts";
import { ANYONE, entryOf } from "../../support/entries.ts";
import { toolsetEntryOf, toolsetRegistration } from "../../support/toolset-entries.ts";
import { ECHO } from "../../support/toolsets.ts";

const NOW = Date.UTC(2026, 0, 1);
const PING = { intervalMs: 10_000, missedMax: 3 };
const WRITER: Asker = { name: "robin", scopes: ["write"], namespace: "default" };
const OTHER: Asker = { ...WRITER, name: "wren" };

const entry = (fields: Record<string, unknown> = {}, fence = "f1"): Entry<"toolset"> => {
  const made = toolsetEntryOf({ name: "tools", ...fields }, NOW, fence);
  return { ...made, document: { ...made.document, owner: "robin" } };
};
const ponged = (at: number): Entry<"toolset"> => ({ ...entry(), lease: pulseAt(at) });
const codeOf = (result: unknown) => (result instanceof Problem ? result.code : result);

describe("a toolset's health", () => {
  it.each([
    { age: 0, healthy: true },
    { age: 39_999, healthy: true },
    { age: 40_000, healthy: true },
    { age: 40_001, healthy: false },
  ])("$age ms after its last pong: healthy is $healthy", ({ age, healthy }) => {
    expect(toolsetHealth(ponged(NOW), PING, NOW + age)).toStrictEqual({
      healthy,
      last_pong: "2026-01-01T00:00:00.000Z",
      age_ms: age,
      staleness_threshold_ms: 40_000,
    });
  });

  it.each([
    ["has not answered yet", entry()],
    ["has lost its lease", { ...entry(), lease: null }],
  ])("is bad, at any time, where it %s", (_, silent) => {
    for (const now of [0, NOW, NOW + 1]) {
      expect(toolsetHealth(silent, PING, now)).toStrictEqual({
        healthy: false,
        last_pong: null,
        age_ms: null,
        staleness_threshold_ms: 40_000,
      });
    }
  });

  it("is good at a clock that is behind the one that heard the pong, which came no time ago then", () => {
    expect(toolsetHealth(ponged(NOW), PING, NOW - 60_000)).toMatchObject({ healthy: true, age_ms: 0 });
  });

  it("tolerates as many missed pings as it is told to, and one interval more", () => {
    const terms = fc.record({
      intervalMs: fc.integer({ min: 1, max: 3_600_000 }),
      missedMax: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(terms, (ping) => {
        const threshold = (ping.missedMax + 1) * ping.intervalMs;
        expect(stalenessThresholdMs(ping)).toBe(threshold);
        expect(toolsetHealth(ponged(NOW), ping, NOW + threshold).healthy).toBe(true);
        expect(toolsetHealth(ponged(NOW), ping, NOW + threshold + 1).healthy).toBe(false);
      }),
    );
  });
});

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

describe("registering a toolset", () => {
  const register = (
    before: Entry<"toolset"> | undefined,
    { asker = WRITER, presentedFence }: { asker?: Asker; presentedFence?: string } = {},
    now = NOW,
  ) =>
    decideToolset(
      before,
      {
        registration: toolsetRegistration({ name: "tools", description: "new" }),
        asker,
        region: null,
        presentedFence,
        mintedFence: "f2",
      },
      now,
    );

  it("makes an entry that has yet to answer, and says so", () => {
    const { result, write } = register(undefined);
    expect(result).toStrictEqual({
      document: {
        fence: "f2",
        registeredAt: NOW,
        owner: "robin",
        region: null,
        registration: toolsetRegistration({ name: "tools", description: "new" }),
      },
      lease: { lastPongAt: null, expiresAt: null },
      draining: false,
      unreachable: false,
    });
    expect(write).toStrictEqual({
      entry: result,
      event: { type: "registered", kind: "toolset", id: "tools", at: NOW },
    });
  });

  it("over one that lives replaces all of it, its health too, with and without its token", () => {
    for (const presentedFence of [undefined, "f1"]) {
      const { result, write } = register(
        ponged(NOW),
        presentedFence === undefined ? {} : { presentedFence },
        NOW + 5,
      );
      const replaced = orThrow(result);
      expect(replaced.document).toMatchObject({ fence: "f2", registeredAt: NOW + 5 });
      expect(replaced.lease).toStrictEqual({ lastPongAt: null, expiresAt: null });
      expect(write!.event).toStrictEqual({ type: "replaced", kind: "toolset", id: "tools", at: NOW + 5 });
    }
  });

  it("is later than what it replaces, whatever the clock says", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (skew) => {
        const { document } = orThrow(register(ponged(NOW), {}, NOW + skew).result);
        expect(document.registeredAt).toBe(skew > 0 ? NOW + skew : NOW + 1);
      }),
    );
  });

  it.each([
    ["by another key", { asker: OTHER }, "forbidden"],
    ["with a token of an earlier registration", { presentedFence: "f0" }, "lease_lost"],
    ["with one, by an admin", { asker: ANYONE, presentedFence: "f0" }, "lease_lost"],
  ])("is refused %s, and nothing written", (_, by, code) => {
    const { result, write } = register(ponged(NOW), by);
    expect([codeOf(result), write]).toEqual([code, undefined]);
  });

  it("with a token is refused where nothing stands any more", () => {
    const { result, write } = register(undefined, { presentedFence: "f1" });
    expect([codeOf(result), write]).toEqual(["lease_lost", undefined]);
  });

  it("by another key is taken with the current token, or by an admin", () => {
    expect(orThrow(register(entry(), { asker: OTHER, presentedFence: "f1" }).result).document.owner).toBe(
      "wren",
    );
    expect(orThrow(register(entry(), { asker: ANYONE }).result).document.owner).toBe(null);
  });
});

describe("a pong", () => {
  const pong = (
    before: Entry<"toolset"> | undefined,
    { asker = WRITER, fence, pingFence = "f1" }: { asker?: Asker; fence?: string; pingFence?: string } = {},
  ) => decidePong(before, { name: "tools", asker, fence, pingFence }, NOW + 7);

  it("is taken from the token's holder, the owner and an admin, and writes the pulse alone", () => {
    for (const by of [{ asker: OTHER, fence: "f1" }, {}, { asker: ANYONE }]) {
      const before = ponged(NOW);
      const { result, write } = pong(before, by);
      expect(result).toBeUndefined();
      expect(write).toStrictEqual({ entry: { ...before, lease: { lastPongAt: NOW + 7, expiresAt: null } } });
      // The same document, so that the store has no need to write it.
      expect(write!.entry!.document).toBe(before.document);
    }
  });

  it("heals one whose lease was lost", () => {
    const { write } = pong({ ...entry(), lease: null });
    expect(write!.entry!.lease).toStrictEqual(pulseAt(NOW + 7));
  });

  it.each([
    ["nobody registered", undefined, {}, "toolset_not_found"],
    ["of an earlier registration, by anybody", entry(), { pingFence: "f0" }, "stale_registration"],
    [
      "of an earlier registration, with its token",
      entry(),
      { fence: "f0", pingFence: "f0" },
      "stale_registration",
    ],
    ["with an earlier token", entry(), { fence: "f0" }, "lease_lost"],
    ["by another key", entry(), { asker: OTHER }, "forbidden"],
  ])("%s is refused and heals nothing", (_, before, by, code) => {
    const { result, write } = pong(before, by);
    expect([codeOf(result), write]).toEqual([code, undefined]);
  });
});

describe("unregistering a toolset", () => {
  const unregister = (before: Entry<"toolset"> | undefined, asker: Asker, fence?: string) =>
    decideToolsetRemoval(before, { name: "tools", asker, fence }, NOW);

  it("takes its token or an admin, leaves nothing, and says so", () => {
    for (const { result, write } of [unregister(entry(), OTHER, "f1"), unregister(entry(), ANYONE)]) {
      expect(result).toBeUndefined();
      expect(write).toStrictEqual({
        entry: undefined,
        event: { type: "unregistered", kind: "toolset", id: "tools", at: NOW },
      });
    }
  });

  it.each([
    ["that nobody registered", undefined, WRITER, undefined, "toolset_not_found"],
    ["by its owner without the token", entry(), WRITER, undefined, "lease_token_required"],
    ["with an earlier token", entry(), WRITER, "f0", "lease_lost"],
    ["with an earlier token, by an admin", entry(), ANYONE, "f0", "lease_lost"],
  ])("%s is refused", (_, before, asker, fence, code) => {
    const { result, write } = unregister(before, asker, fence);
    expect([codeOf(result), write]).toEqual([code, undefined]);
  });
});

describe("a toolset's terms", () => {
  it("are its kind and each tag once", () => {
    const { document } = entry({ tags: ["a", "b", "a"] });
    expect(termsOf("toolset", document)).toEqual(["toolset", "toolset_tag:a", "toolset_tag:b"]);
  });

  it("are never an agent's, whatever either is called", () => {
    const words = ["toolset", "agent", "tag:a", "toolset_tag:a", "a", "service"];
    const agent = entryOf(
      {
        id: "a",
        type: "toolset",
        tags: words,
        capabilities: words,
        services: words.map((service) => ({ service })),
      },
      NOW,
    );
    for (const term of termsOf("agent", agent.document))
      expect([term, kindOfTerm(term)]).toEqual([term, "agent"]);
    for (const term of termsOf("toolset", entry({ tags: words }).document)) {
      expect([term, kindOfTerm(term)]).toEqual([term, "toolset"]);
    }
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

describe("what a toolset may say", () => {
  const said = { name: "tools", tools: [ECHO] };
  const placesOf = (input: unknown) =>
    toolsetInput.safeParse(input).error?.issues.map(({ path }) => path.join("/"));

  it("is completed with what goes without saying", () => {
    expect(toolsetInput.parse(said)).toStrictEqual({
      name: "tools",
      description: "",
      version: "1.0.0",
      tags: [],
      tools: [{ ...ECHO, description: "", tags: [] }],
    });
  });

  it.each(["1.0.0", "v1.2.3", "0.0.0", "10.20.30-rc.1", "1.2.3-A.b.3", "1.2.3-..", "01.2.3"])(
    "may be version %j",
    (version) => {
      expect(placesOf({ ...said, version })).toBeUndefined();
    },
  );

  it.each([
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "1.2.3-",
    "1.2.3+build",
    "1.2.3-a_b",
    "V1.2.3",
    " 1.2.3",
    "1.2.3\n",
    "vv1.2.3",
  ])("may not be version %j", (version) => {
    expect(placesOf({ ...said, version })).toEqual(["version"]);
  });

  it("names no two tools alike, and says which is the second", () => {
    const tools = [ECHO, { ...ECHO, name: "other" }, ECHO, { ...ECHO, name: "Echo" }, ECHO];
    expect(placesOf({ ...said, tools })).toEqual(["tools/2/name", "tools/4/name"]);
  });

  it.each(["search", "__proto__", "_a", "/a", ".", "", "a b", "a".repeat(257)])(
    "may not be called %j",
    (name) => {
      expect(placesOf({ ...said, name })).toEqual(["name"]);
    },
  );

  it.each(["Search", "search2", "constructor", "toString", "a/b:c@d", "a".repeat(256)])(
    "may be called %j",
    (name) => {
      expect(placesOf({ ...said, name })).toBeUndefined();
    },
  );
});
