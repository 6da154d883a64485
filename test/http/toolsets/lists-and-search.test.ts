import { describe, expect, it } from "vitest";
import { sizeBytes } from "../../../src/core/agents/agent.ts";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { type Backend, BACKENDS } from "../../support/stores.ts";
import { toolsetEntryOf } from "../../support/toolset-entries.ts";
import {
  ECHO,
  namesOf,
  NEVER_HEARD,
  openToolsets,
  type Refusal,
  type ToolsetList,
  type Toolsets,
} from "../../support/toolsets.ts";

const found = async (registry: Toolsets, q: string, more = "") =>
  namesOf(await registry.get<ToolsetList>(`/v1/toolsets/search?q=${encodeURIComponent(q)}${more}`));

const open = (backend: Backend) => openToolsets({ backend });

describe.each(BACKENDS)("lists of toolsets on $backend", ({ openBackend }) => {
  describe("listing [3-23, 3-24, 3-27]", () => {
    it("is in order of name, without the tools", async () => {
      const registry = open(openBackend());
      for (const name of ["b", "a/x", "B", "a"]) await registry.offer({ name, tools: [ECHO] });
      const { body } = await registry.list();
      expect(body.count).toBe(4);
      expect(body.toolsets.map(({ name }) => name)).toEqual(["B", "a", "a/x", "b"]);
      expect(body.toolsets[0]).toStrictEqual({
        name: "B",
        description: "",
        version: "1.0.0",
        tags: [],
        tool_count: 1,
        registered_at: new Date(registry.now).toISOString(),
        owner: null,
        health: NEVER_HEARD,
      });
    });

    it("by tags takes all of them, whole and as they are written", async () => {
      const registry = open(openBackend());
      await registry.offer({ name: "a", tags: ["io", "fast"] });
      await registry.offer({ name: "b", tags: ["io"] });
      await registry.offer({ name: "c", tags: ["IO", "io:fast", "__proto__", "a b&c"] });
      await registry.offer({ name: "d" });
      for (const [query, names] of [
        ["?tag=io", ["a", "b"]],
        ["?tag=io&tag=io", ["a", "b"]],
        ["?tag=fast&tag=io", ["a"]],
        ["?tag=IO", ["c"]],
        ["?tag=Io", []],
        ["?tag=i", []],
        ["?tag=io:fast", ["c"]],
        ["?tag=io,fast", []],
        ["?tag=__proto__", ["c"]],
        ["?tag=a+b%26c", ["c"]],
        ["?tag=", []],
        ["?tag=none&tag=io", []],
        ["", ["a", "b", "c", "d"]],
      ] as const) {
        expect([query, await registry.listed(query)]).toEqual([query, names]);
      }
    });

    it("shows a thousand, and says that there are more", async () => {
      const registry = open(openBackend());
      const store = registry.backend.open("default");
      const names = Array.from({ length: 1001 }, (_, i) => `t${String(i).padStart(4, "0")}`);
      const refs = names.map((id) => ({ kind: "toolset", id }) as const);
      const snapshots = await store.read(refs, registry.now);
      const entries = names.map((name) => toolsetEntryOf({ name, tags: ["eu"] }, registry.now));
      const bring = (count: number) =>
        store.commit(
          entries.slice(0, count).map((after, i) => ({ before: snapshots[i]!, after })),
          registry.now,
        );
      await bring(1000);
      const { body: whole } = await registry.list();
      expect([whole.count, whole.toolsets.length, whole.truncated]).toEqual([1000, 1000, undefined]);
      await bring(1001);
      for (const answer of [await registry.list(), await registry.list("?tag=eu")]) {
        expect([answer.body.count, answer.body.truncated]).toEqual([1000, true]);
        expect(namesOf(answer)).toEqual(names.slice(0, 1000));
      }
      expect((await registry.get<ToolsetList>("/v1/toolsets/search?q=t1000")).body).toMatchObject({
        count: 1,
      });
      expect((await registry.get<ToolsetList>("/v1/toolsets/search?q=eu")).body).toMatchObject({
        count: 1000,
        truncated: true,
      });
    });
  });

  describe("searching [3-26, 3-27]", () => {
    it("looks for the whole text in names, descriptions and tags, and answers in that order", async () => {
      const registry = open(openBackend());
      await registry.offer({ name: "zeta", tags: ["Mail"] });
      await registry.offer({ name: "post", description: "Sends e-MAIL (100%)" });
      await registry.offer({ name: "mailbox", tags: ["mail"] });
      await registry.offer({ name: "gmail", description: "mail" });
      await registry.offer({ name: "other", tools: [{ ...ECHO, name: "mail", description: "mail" }] });
      for (const [q, names] of [
        ["mail", ["gmail", "mailbox", "post", "zeta"]],
        ["MAIL", ["gmail", "mailbox", "post", "zeta"]],
        ["e-mail (100%)", ["post"]],
        ["sends mail", []],
        ["m.il", []],
        ["nothing", []],
      ] as const) {
        expect([q, await found(registry, q)]).toEqual([q, names]);
      }
    });

    it.each([
      ["nothing", "", "q"],
      ["an empty text", "?q=", "q"],
      ["1,025 characters", `?q=${"x".repeat(1025)}`, "q"],
      ["two texts", "?q=a&q=b", "q"],
      ["a tag", "?q=a&tag=b", "tag"],
      ["a health that is none", "?q=a&healthy=yes", "healthy"],
    ])("for %s is refused, naming the parameter", async (_, query, name) => {
      const { status, body } = await open(openBackend()).get<Refusal>(`/v1/toolsets/search${query}`);
      expect([status, body.errors?.[0]?.pointer]).toEqual([400, `/${name}`]);
    });

    it("takes 1,024 characters", async () => {
      const registry = open(openBackend());
      await registry.offer({ description: "x".repeat(1024) });
      expect(await found(registry, "X".repeat(1024))).toEqual(["tools"]);
    });
  });

  it("leave nobody out for falling silent, unless one asks for the healthy alone [3-28]", async () => {
    const registry = open(openBackend());
    await registry.serve({ name: "old", tags: ["eu"] });
    await registry.pass(40_000);
    await registry.serve({ name: "fresh", tags: ["eu"] });
    await registry.offer({ name: "never", tags: ["eu"] });
    expect(await registry.listed("?healthy=true")).toEqual(["fresh", "old"]);
    await registry.pass(1);
    for (const query of ["", "?tag=eu"]) {
      const healthy = `${query}${query ? "&" : "?"}healthy=true`;
      expect(await registry.listed(query)).toEqual(["fresh", "never", "old"]);
      expect(await registry.listed(healthy)).toEqual(["fresh"]);
      expect(await registry.listed(healthy.replace("true", "false"))).toEqual(["fresh", "never", "old"]);
    }
    expect(await found(registry, "eu")).toEqual(["fresh", "never", "old"]);
    expect(await found(registry, "eu", "&healthy=true")).toEqual(["fresh"]);
  });

  it("have the same ETag while nothing passes but time, and another when a toolset falls silent", async () => {
    const registry = open(openBackend());
    const token = await registry.serve({ tags: ["eu"] });
    const paths = [
      "/v1/toolsets",
      "/v1/toolsets/tools",
      "/v1/toolsets/search?q=tools",
      "/v1/toolsets?tag=eu",
    ];
    const etags = () =>
      Promise.all(paths.map(async (path) => (await registry.get(path)).headers.get("ETag")));
    const healthy = await etags();
    await registry.pass(20_000);
    expect(await etags()).toEqual(healthy);
    const { body } = await registry.claim(token);
    await registry.pong(token, (body.messages[0] as { ping_id: string }).ping_id);
    expect(await etags()).toEqual(healthy);
    await registry.pass(40_001);
    const silent = await etags();
    silent.forEach((etag, i) => expect(etag).not.toBe(healthy[i]));
    await registry.pass(40_001);
    expect(await etags()).toEqual(silent);
    const again = await registry.fetch(paths[1]!, { headers: { "If-None-Match": silent[1]! } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  it("hold sixty toolsets as large as a request can bring them, whole", async () => {
    const registry = open(openBackend());
    // 4,096 characters, which take 8 KiB in JSON.
    const description = '\u00e9"'.repeat(2048);
    const tools = Array.from({ length: 29 }, (_, i) => ({
      ...ECHO,
      name: `tool${i}`,
      description,
      tags: [],
    }));
    const names = Array.from({ length: 60 }, (_, i) => `t${String(i).padStart(2, "0")}`);
    expect(sizeBytes({ name: "t00", tags: ["big"], tools })).toBeGreaterThan(240_000);
    await mapConcurrently(4, names, (name) => registry.offer({ name, tags: ["big"], tools }));
    for (const query of ["", "?tag=big"]) expect(await registry.listed(query)).toEqual(names);
    expect(await found(registry, "BIG")).toEqual(names);
    expect((await registry.get("/v1/toolsets/t59")).body["tools"]).toStrictEqual(tools);
  });
});
