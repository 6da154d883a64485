import { describe, expect, it } from "vitest";
import { listedIds } from "../../support/agents.ts";
import { active, eventsOf, idle, importFile, outcomes } from "../../support/imports.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("an import on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("says what it would do, and does nothing, as a dry run", async () => {
    const registry = open();
    await importFile(registry, [active("a"), active("b"), active("c")]);
    await registry.register({ id: "skill/e" });
    const before = [await registry.get("/v1/agents"), await eventsOf(registry)] as const;
    const { results } = await importFile(
      registry,
      [active("a"), active("b", { version: "2.0.0" }), active("d"), active("e")],
      "?static=true&dry_run=true",
    );
    expect(results).toEqual([
      { index: 0, id: "skill/a", status: 200, outcome: "unchanged" },
      { index: 1, id: "skill/b", status: 200, outcome: "changed" },
      { index: 2, id: "skill/d", status: 201, outcome: "created" },
      { index: 3, id: "skill/e", status: 200, outcome: "held" },
      { index: null, id: "skill/c", status: 200, outcome: "removed" },
    ]);
    expect((await registry.get("/v1/agents")).body).toEqual(before[0].body);
    expect(await eventsOf(registry)).toEqual(before[1]);
  });

  it("gives a request that comes again with its Idempotency-Key the tokens that it made", async () => {
    const registry = open();
    const key = { "Idempotency-Key": "once" };
    const file = [active("a"), active("b")];
    const first = await importFile(registry, file, "?static=true", key);
    expect(await importFile(registry, file, "?static=true", key)).toEqual(first);
    const other = await importFile(registry, file, "?static=true", { "Idempotency-Key": "another" });
    expect(other.results.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
    const changed = await importFile(registry, [active("a", { version: "2.0.0" })], "?static=true", key);
    expect(changed.results.map(({ outcome }) => outcome)).toEqual(["changed", "removed"]);
  });

  it("is a part of a file where it names two ids: outside of them nothing is removed", async () => {
    const registry = open();
    await importFile(
      registry,
      ["a", "b", "c", "d", "e"].map((name) => active(name)),
    );
    const part = (query: string, names: string[]) =>
      outcomes(
        registry,
        names.map((name) => active(name)),
        `?static=true&${query}`,
      );
    expect(await part("after=skill%2Fa&through=skill%2Fd", ["d"])).toEqual({
      "skill/b": "removed",
      "skill/c": "removed",
      "skill/d": "unchanged",
    });
    expect(await part("through=skill%2F0", [])).toEqual({});
    expect(await part("after=skill%2Fd", [])).toEqual({ "skill/e": "removed" });
    expect(await listedIds(registry)).toEqual(["skill/a", "skill/d"]);
  });

  it("removes some 1,000 ids a request, and says where the next is to go on", async () => {
    const registry = open();
    const all = Array.from({ length: 1150 }, (_, i) => active(`s${1000 + i}`));
    await importFile(registry, all.slice(0, 1000), "?static=true&through=skill%2Fs1999");
    await importFile(registry, all.slice(1000), "?static=true&after=skill%2Fs1999");
    const first = await importFile(registry, []);
    expect([first.results.length, first.next]).toEqual([1050, "skill/s2049"]);
    const second = await importFile(registry, [idle("s2050")], `?after=${encodeURIComponent(first.next!)}`);
    expect([second.results.length, second.next]).toEqual([100, null]);
    expect(second.results[0]).toMatchObject({ index: 0, outcome: "removed" });
    expect(await listedIds(registry)).toEqual([]);
  });

  it("changes and removes only what its key imported, and an admin's what any did", async () => {
    const scopes = ["read" as const, "write" as const];
    const access = await keysAccess([
      { name: "one", token: "key-one", scopes },
      { name: "two", token: "key-two", scopes },
      { name: "root", token: "key-root", scopes: ["admin"] },
    ]);
    const registry = new Registry({ backend: openBackend(), access });
    const of = (key: string, components: unknown[]) =>
      outcomes(registry, components, "?static=true", bearer(key));
    expect(await of("key-one", [active("a"), active("b")])).toEqual({
      "skill/a": "created",
      "skill/b": "created",
    });
    expect(await of("key-two", [active("a", { version: "2.0.0" })])).toEqual({ "skill/a": "failed" });
    expect(await of("key-root", [active("a", { version: "2.0.0" })])).toEqual({
      "skill/a": "changed",
      "skill/b": "removed",
    });
    expect(await of("key-one", [active("a", { version: "2.0.0" })])).toEqual({ "skill/a": "unchanged" });
    expect(await of("key-one", [])).toEqual({ "skill/a": "removed" });
  });
});
