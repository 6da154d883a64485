import { describe, expect, it } from "vitest";
import { listedIds, readAgent } from "../../support/agents.ts";
import { importFile, type ImportedItem } from "../../support/imports.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const ACTIVATED = {
  type: "skill",
  name: "moe",
  activated: true,
  version: "2.0.0",
  path: "skills/moe/SKILL.md",
  activated_at: "2025-12-22T00:00:00Z",
  reason: "core",
};

const resultsOf = async (registry: Registry, components: unknown[], query = ""): Promise<ImportedItem[]> =>
  (await importFile(registry, components, query)).results;

describe.each(BACKENDS)("an activation file on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("registers an activated component as type/name, with the source's metadata and no capabilities [0-38]", async () => {
    const registry = open();
    const [result] = await resultsOf(registry, [ACTIVATED]);
    expect(result).toEqual({
      index: 0,
      id: "skill/moe",
      status: 201,
      outcome: "created",
      lease_token: expect.stringMatching(/^300\.30\.\d{13}\.[\w-]{22}$/) as unknown,
    });
    expect(await readAgent(registry, "skill/moe")).toMatchObject({
      id: "skill/moe",
      name: "moe",
      type: "skill",
      version: "2.0.0",
      path: "skills/moe/SKILL.md",
      capabilities: [],
      metadata: { activated_at: "2025-12-22T00:00:00Z", reason: "core" },
    });
    expect((await registry.heartbeat("skill/moe", result?.lease_token)).status).toBe(200);
  });

  it("gives a component that says the least the source's defaults [0-06, 0-38]", async () => {
    const registry = open();
    await resultsOf(registry, [{ type: "hook", name: "lint", activated: true }]);
    expect(await readAgent(registry, "hook/lint")).toMatchObject({
      version: "1.0.0",
      path: "",
      metadata: { activated_at: null, reason: null },
    });
  });

  it("gives each item a result of its own, in order, and stops at none of them [0-38]", async () => {
    const registry = open();
    const results = await resultsOf(registry, [
      { type: "skill", name: "idle", activated: false },
      { type: "skill", name: "silent" },
      { type: "agent", name: "a", activated: true },
      { type: "agent", name: "b", activated: true, version: 2 },
      { name: "typeless", activated: true },
      { type: "agent", name: "not an id", activated: true },
      { type: "agent", name: "c", activated: "yes" },
      "nonsense",
      { type: "agent", name: "a", activated: true, version: "2.0.0" },
      { type: "agent", name: "z", activated: true },
    ]);
    expect(
      results.map(({ index, id, status, outcome, errors }) => [
        index,
        id,
        status,
        errors?.map(({ pointer }) => pointer).join() ?? outcome,
      ]),
    ).toEqual([
      [0, "skill/idle", 200, "skipped"],
      [1, "skill/silent", 200, "skipped"],
      [2, "agent/a", 201, "created"],
      [3, "agent/b", 400, "/version"],
      [4, null, 400, "/type"],
      [5, null, 400, "/id"],
      [6, "agent/c", 400, "/activated"],
      [7, null, 400, ""],
      [8, "agent/a", 400, "/id"],
      [9, "agent/z", 201, "created"],
    ]);
    expect(await listedIds(registry)).toEqual(["agent/a", "agent/z"]);
    expect((await readAgent(registry, "agent/a")).version).toBe("1.0.0");
  });

  it("takes the first of several items for one id, and refuses the others by name [0-25, 0-38]", async () => {
    const registry = open();
    const item = { type: "agent", name: "a", activated: true };
    const results = await resultsOf(registry, [item, { ...item, version: "2.0.0" }, item]);
    expect(results.map(({ status, errors }) => [status, errors?.[0]?.pointer])).toEqual([
      [201, undefined],
      [400, "/id"],
      [400, "/id"],
    ]);
    expect((await registry.heartbeat("agent/a", results[0]?.lease_token)).status).toBe(200);
    expect(await listedIds(registry)).toEqual(["agent/a"]);
  });

  it("ignores what else a file and its components say, as there [0-08, 0-38]", async () => {
    const registry = open();
    const { status, body } = await registry.post<{ results: ImportedItem[] }>("/v1/agents/import", {
      version: 1,
      components: [{ ...ACTIVATED, colour: "red", metadata: { a: 1 } }],
    });
    expect([status, body.results[0]?.outcome]).toEqual([200, "created"]);
    expect((await readAgent(registry, "skill/moe")).metadata).toEqual({
      activated_at: "2025-12-22T00:00:00Z",
      reason: "core",
    });
  });

  it("keeps static components for ever: never unreachable, never lapsed, until unregistered [0-37, 0-38]", async () => {
    const registry = open();
    const [imported] = await resultsOf(registry, [ACTIVATED], "?static=true");
    const year = 365 * 86_400_000;
    await registry.pass(year);
    const sweep = await registry.post("/v1/sweep");
    expect(sweep.body).toMatchObject({ scanned: 1, unreachable: [], reaped: [] });
    expect(await readAgent(registry, "skill/moe")).toMatchObject({
      heartbeat_interval_seconds: null,
      effective_status: "available",
      expires_at: null,
      age_ms: year,
    });
    const found = await registry.get<{ agents: unknown[] }>("/v1/discover?type=skill");
    expect(found.body.agents).toHaveLength(1);

    const beat = await registry.heartbeat("skill/moe", imported?.lease_token, {
      status: "busy",
      current_load: 1,
    });
    expect(beat.body).toMatchObject({ next_interval_seconds: null, expires_at: null });
    await registry.pass(year);
    expect((await readAgent(registry, "skill/moe")).status).toBe("busy");

    const headers = { "Lease-Token": imported?.lease_token ?? "" };
    expect((await registry.call("DELETE", "/v1/agents/skill%2Fmoe", undefined, headers)).status).toBe(204);
    expect(await listedIds(registry)).toEqual([]);
  });

  it("lets components that are not static lapse like any other [0-21, 0-38]", async () => {
    const registry = open();
    await resultsOf(registry, [ACTIVATED], "?static=false");
    await registry.pass(45_001);
    expect((await readAgent(registry, "skill/moe")).effective_status).toBe("unreachable");
    await registry.pass(255_000);
    expect(await listedIds(registry)).toEqual([]);
  });

  it("takes an empty file, and 1,000 items but not one more [0-38]", async () => {
    const registry = open();
    expect(await resultsOf(registry, [])).toEqual([]);
    const idle = { type: "t", name: "n" };
    expect(
      await resultsOf(
        registry,
        Array.from({ length: 1000 }, () => idle),
      ),
    ).toHaveLength(1000);
    const tooMany = await registry.post<{ errors: { pointer: string }[] }>("/v1/agents/import", {
      components: Array.from({ length: 1001 }, () => idle),
    });
    expect([tooMany.status, tooMany.body.errors[0]?.pointer]).toEqual([400, "/components"]);
  });

  it.each([
    ["?static=1", { components: [] }, "/static"],
    ["?dry_run=yes", { components: [] }, "/dry_run"],
    ["?source=", { components: [] }, "/source"],
    ["?after=a%20b", { components: [] }, "/after"],
    ["?through=", { components: [] }, "/through"],
    ["", { components: {} }, "/components"],
    ["", {}, "/components"],
  ])("refuses a file sent as %s %j, pointing at %s [0-08, 0-38]", async (query, body, pointer) => {
    const refused = await open().post<{ errors: { pointer: string }[] }>(`/v1/agents/import${query}`, body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map((error) => error.pointer)).toEqual([pointer]);
  });
});
