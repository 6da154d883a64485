import { describe, expect, it } from "vitest";
import { expectExactIndexes } from "../../support/audit.ts";
import { listedIds } from "../../support/agents.ts";
import { active, eventsOf, idle, importFile, outcomes } from "../../support/imports.ts";
import { interrupted } from "../../support/interrupted.ts";
import { type Registered, Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

describe.each(BACKENDS)("an import that somebody is quicker than, on $backend,", ({ openBackend }) => {
  it("leaves a process alone that joins between its look and its write", async () => {
    const backend = openBackend();
    const other = new Registry({ backend });
    await importFile(other, [active("changed"), active("removed"), active("same")]);
    const joined: Registered[] = [];
    const registry = new Registry({
      backend: interrupted(backend, async () => {
        for (const name of ["created", "changed", "removed"])
          joined.push(await other.register({ id: `skill/${name}` }));
      }),
    });
    const file = [active("created"), active("changed", { version: "2.0.0" }), active("same")];
    const { results } = await importFile(registry, file);
    expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
      ["skill/created", "held"],
      ["skill/changed", "held"],
      ["skill/same", "unchanged"],
    ]);
    expect(await listedIds(registry)).toEqual(
      ["changed", "created", "removed", "same"].map((name) => `skill/${name}`),
    );
    for (const { agent_id, lease_token } of joined)
      expect((await other.heartbeat(agent_id, lease_token)).status).toBe(200);
  });

  it("leaves a process alone that first calls in with its token between its look and its write", async () => {
    const backend = openBackend();
    const other = new Registry({ backend });
    const [imported] = (await importFile(other, [active("a")], "?static=false")).results;
    const whole = { status: "busy", current_load: 1 };
    const callIn = () => other.heartbeat("skill/a", imported?.lease_token, whole);
    const registry = new Registry({ backend: interrupted(backend, callIn) });
    expect(await outcomes(registry, [], "?static=false")).toEqual({ "skill/a": "held" });
    expect((await callIn()).status).toBe(200);
  });

  it("makes up, run once more, for two at once of one source, and its indexes are exact", async () => {
    const registry = new Registry({ backend: openBackend() });
    const names = Array.from({ length: 30 }, (_, i) => `s${100 + i}`);
    const files = ["1.0.0", "2.0.0"].map((version, nth) =>
      names.map((name, i) => (i % 2 === nth ? idle(name) : active(name, { version }))),
    );
    await Promise.all(files.map((file) => importFile(registry, file)));
    await importFile(registry, files[1]!);
    expect(await listedIds(registry)).toEqual(
      names.filter((_, i) => i % 2 === 0).map((name) => `skill/${name}`),
    );
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });
});

describe("an import that was cut off", () => {
  const before = [active("a"), active("b"), active("c")];
  const file = [active("a"), active("b", { version: "2.0.0" }), active("d")];

  it.each(
    [0, 1, 2].flatMap((after) => [
      { after, kind: "cut" as const },
      { after, kind: "cut-reply" as const },
    ]),
  )(
    "by a $kind after $after round trips is made up for by the next, and tells nothing twice",
    async ({ after, kind }) => {
      const backend = redisBackend();
      const registry = new Registry({ backend });
      await importFile(registry, before);
      const { lease_token } = await registry.register({ id: "skill/p" });
      await backend.bridge.fail({ kind, after });
      const { status } = await registry.post("/v1/agents/import?static=true", { components: file });
      expect(status).toBe(503);
      await backend.bridge.heal();
      await importFile(registry, [...file, active("p")]);
      expect(await listedIds(registry)).toEqual(["skill/a", "skill/b", "skill/d", "skill/p"]);
      expect((await registry.heartbeat("skill/p", lease_token)).status).toBe(200);
      expect((await eventsOf(registry)).slice(4).toSorted()).toEqual([
        "amended skill/b",
        "registered skill/d",
        "unregistered skill/c",
      ]);
    },
  );
});
