import { describe, expect, it } from "vitest";
import { listedIds, readAgent } from "../../support/agents.ts";
import { active, eventsOf, idle, importFile, outcomes } from "../../support/imports.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("an activation file that is imported again on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("is found as it was: nothing is written, and no token given", async () => {
    const registry = open();
    await importFile(registry, [active("a"), active("b"), idle("c")]);
    const before = await registry.get("/v1/agents");
    const { results, next } = await importFile(registry, [active("a"), active("b"), idle("c")]);
    expect(results).toEqual([
      { index: 0, id: "skill/a", status: 200, outcome: "unchanged" },
      { index: 1, id: "skill/b", status: 200, outcome: "unchanged" },
      { index: 2, id: "skill/c", status: 200, outcome: "skipped" },
    ]);
    expect(next).toBeNull();
    expect((await registry.get("/v1/agents")).body).toEqual(before.body);
    expect(await eventsOf(registry)).toEqual(["registered skill/a", "registered skill/b"]);
  });

  it("changes what it says otherwise, and keeps token, lease, load, drain and what heartbeats said", async () => {
    const registry = open();
    const [first] = (await importFile(registry, [active("a")], "?static=false")).results;
    await registry.heartbeat("skill/a", first?.lease_token, {
      status: "busy",
      current_load: 4,
      health_score: 0.8,
      metadata: { zone: "eu" },
    });
    await registry.post("/v1/agents/skill%2Fa/drain");
    const before = await readAgent(registry, "skill/a");
    await registry.pass(1000);
    const file = [active("a", { version: "2.0.0", path: "a.md", reason: "core" })];
    const [again] = (await importFile(registry, file, "?static=false")).results;
    expect(again).toEqual({ index: 0, id: "skill/a", status: 200, outcome: "changed" });
    expect(await readAgent(registry, "skill/a")).toEqual({
      ...before,
      age_ms: 1000,
      version: "2.0.0",
      path: "a.md",
      metadata: { activated_at: null, zone: "eu", reason: "core" },
    });
    const { status, body } = await registry.heartbeat("skill/a", first?.lease_token);
    expect([status, body["desired_state"]]).toEqual([200, "drain"]);
    expect((await eventsOf(registry)).at(-1)).toBe("amended skill/a");
    expect(await outcomes(registry, file, "?static=false")).toEqual({ "skill/a": "unchanged" });
  });

  it("removes what it no longer activates and what it lacks, each once, and tells of both", async () => {
    const registry = open();
    await importFile(
      registry,
      ["a", "b", "c", "d"].map((name) => active(name)),
    );
    const { results } = await importFile(registry, [idle("b"), active("d"), idle("b"), idle("none")]);
    expect(results).toEqual([
      { index: 0, id: "skill/b", status: 200, outcome: "removed" },
      { index: 1, id: "skill/d", status: 200, outcome: "unchanged" },
      { index: 2, id: "skill/b", status: 200, outcome: "skipped" },
      { index: 3, id: "skill/none", status: 200, outcome: "skipped" },
      { index: null, id: "skill/a", status: 200, outcome: "removed" },
      { index: null, id: "skill/c", status: 200, outcome: "removed" },
    ]);
    expect(await listedIds(registry)).toEqual(["skill/d"]);
    expect((await eventsOf(registry)).slice(4).toSorted()).toEqual([
      "unregistered skill/a",
      "unregistered skill/b",
      "unregistered skill/c",
    ]);
    expect(await outcomes(registry, [active("b")])).toEqual({ "skill/b": "created", "skill/d": "removed" });
  });

  it("leaves an id alone that a process has, on every run, and the process does not notice", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "skill/a", type: "own", version: "9.0.0" });
    const before = await readAgent(registry, "skill/a");
    for (const file of [[active("a")], [active("a", { version: "2.0.0" })], [idle("a")], []]) {
      const { results } = await importFile(registry, file);
      const held = { index: 0, id: "skill/a", status: 200, outcome: "held" };
      expect(results).toEqual(file.map((item) => (item.activated ? held : { ...held, outcome: "skipped" })));
      expect(await readAgent(registry, "skill/a")).toEqual(before);
    }
    expect((await registry.heartbeat("skill/a", lease_token)).status).toBe(200);
  });

  it("leaves a process alone that took an imported id, or an import's token, for its own", async () => {
    const registry = open();
    const { results } = await importFile(registry, [active("a"), active("b"), active("c")], "?static=false");
    const tokens = results.map((result) => result.lease_token);
    const taken = await registry.register({ id: "skill/a" });
    const renewed = await registry.register({ id: "skill/b" }, { "Lease-Token": tokens[1]! });
    await registry.heartbeat("skill/c", tokens[2], { status: "busy", current_load: 1 });
    expect(await outcomes(registry, [], "?static=false")).toEqual({ "skill/c": "held" });
    expect(await outcomes(registry, [active("a"), active("b"), active("c")])).toEqual({
      "skill/a": "held",
      "skill/b": "held",
      "skill/c": "held",
    });
    for (const [id, token] of [
      ["skill/a", taken.lease_token],
      ["skill/b", renewed.lease_token],
      ["skill/c", tokens[2]],
    ] as const) {
      expect((await registry.heartbeat(id, token)).status).toBe(200);
    }
  });

  it("leaves a process alone whose lease has lapsed, so that it comes back, and has the id once it is reaped", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "skill/a" });
    await registry.register({ id: "skill/b" });
    await registry.pass(300_001);
    await registry.post("/v1/sweep");
    const file = [active("a"), active("b")];
    expect(await outcomes(registry, file)).toEqual({ "skill/a": "held", "skill/b": "held" });
    expect((await registry.heartbeat("skill/a", lease_token)).body).toMatchObject({ restored: true });
    for (let minute = 0; minute < 6; minute += 1) {
      await registry.pass(60_000);
      await registry.heartbeat("skill/a", lease_token);
      await registry.post("/v1/sweep");
    }
    expect(await outcomes(registry, file)).toEqual({ "skill/a": "held", "skill/b": "created" });
  });

  it("touches nothing of another source, and says whose it is", async () => {
    const registry = open();
    await importFile(registry, [active("a"), active("b")], "?source=one");
    const { results } = await importFile(registry, [active("a", { version: "2.0.0" })], "?source=two");
    expect(results).toEqual([{ index: 0, id: "skill/a", status: 200, outcome: "held", source: "one" }]);
    expect(await readAgent(registry, "skill/a")).toMatchObject({ version: "1.0.0", source: "one" });
    expect(await outcomes(registry, [], "?source=two")).toEqual({});
    expect(await outcomes(registry, [])).toEqual({});
    expect(await outcomes(registry, [], "?source=one")).toEqual({
      "skill/a": "removed",
      "skill/b": "removed",
    });
  });

  it("removes nothing of which it says something that was refused", async () => {
    const registry = open();
    await importFile(registry, [active("a"), active("b"), active("c")]);
    const components = [{ ...active("a"), version: 2 }, { ...active("b"), activated: "no" }, { name: "c" }];
    expect((await importFile(registry, components)).results.map(({ id, outcome }) => [id, outcome])).toEqual([
      ["skill/a", "failed"],
      ["skill/b", "failed"],
      [null, "failed"],
      ["skill/c", "removed"],
    ]);
    expect(await listedIds(registry)).toEqual(["skill/a", "skill/b"]);
  });

  it("refuses what would no longer fit beside what heartbeats said, and leaves it as it is", async () => {
    const registry = open();
    await importFile(registry, [active("a")]);
    await registry.heartbeat("skill/a", undefined, { metadata: { much: "x".repeat(16_000) } });
    const { results } = await importFile(registry, [active("a", { reason: "y".repeat(1000) })]);
    expect(results).toMatchObject([{ status: 400, outcome: "failed", code: "invalid_request" }]);
    expect((await readAgent(registry, "skill/a")).metadata["reason"]).toBeNull();
  });

  it("revives what lapsed under the token that was given for it", async () => {
    const registry = open();
    const [first] = (await importFile(registry, [active("a"), active("b")], "?static=false")).results;
    await registry.pass(300_001);
    expect(await listedIds(registry)).toEqual([]);
    expect(await outcomes(registry, [active("a")], "?static=false")).toEqual({ "skill/a": "changed" });
    expect(await listedIds(registry)).toEqual(["skill/a"]);
    expect((await registry.heartbeat("skill/a", first?.lease_token)).status).toBe(200);
    expect(await outcomes(registry, [active("a")], "?static=false")).toEqual({ "skill/a": "unchanged" });
    expect((await eventsOf(registry)).at(-1)).toBe("recovered skill/a");
  });

  it("registers anew what is to be static, or no longer, unless a process may be calling in with it", async () => {
    const registry = open();
    await importFile(registry, [active("a"), active("b"), active("c")], "?static=false");
    await registry.heartbeat("skill/b", undefined);
    const { results } = await importFile(registry, [active("a"), active("b")]);
    expect(results).toMatchObject([
      { outcome: "changed", lease_token: expect.stringMatching(/^300\.0\./) as unknown },
      { outcome: "held" },
      { id: "skill/c", outcome: "removed" },
    ]);
    expect((await readAgent(registry, "skill/a")).expires_at).toBeNull();
    expect((await eventsOf(registry)).filter((event) => event.endsWith("skill/a"))).toEqual([
      "registered skill/a",
      "replaced skill/a",
    ]);
    const [back] = (await importFile(registry, [active("a"), active("b")], "?static=false")).results;
    expect(back).toMatchObject({
      outcome: "changed",
      lease_token: expect.stringMatching(/^300\.30\./) as unknown,
    });
  });
});
