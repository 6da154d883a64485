import { describe, expect, it } from "vitest";
import { discoverIds, listAll, readAgent } from "../support/agents.ts";
import { active, idle, importFile } from "../support/imports.ts";
import { type AskedRegistry, GROUNDS, OPERATOR } from "../support/moving.ts";

const capability = (name: string) => ({
  name,
  description: `Does ${name}`,
  required_tools: ["read"],
  tags: [],
});
const component = (name: string, fields: object = {}) => ({
  id: `agent/${name}`,
  name,
  component_type: "agent",
  capabilities: [capability("task_coordination"), capability(name)],
  status: "available",
  current_load: 0,
  max_concurrency: 10,
  health_score: 1,
  metadata: {},
  version: "1.0.0",
  path: `agents/${name}.md`,
  ...fields,
});
const enlist = async (registry: AskedRegistry, name: string, fields?: object): Promise<string> =>
  (await registry.post<{ lease_token: string }>("/v1/agents", component(name, fields))).body.lease_token;
/** A heartbeat as its callers send it: always with both. */
const beat = async (registry: AskedRegistry, name: string, token: string, status: string, load: number) =>
  (await registry.heartbeat(`agent/${name}`, token, { status, load })).status;
const coordinators = (registry: AskedRegistry) => discoverIds(registry, "capability=task_coordination");

describe.each(GROUNDS)("components of the discovery service, on $where,", ({ lay }) => {
  const open = () => lay().open();

  it("come from the activation file, are counted and listed, and follow it when it changes", async () => {
    const registry = open();
    const query = "?static=true&source=config/component-activation-status.json";
    const totals = async (components: object[]) => {
      const { results } = await importFile(registry, components, query);
      const counts: Record<string, number> = {};
      for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
      return counts;
    };
    const file = [
      active("moe-task-execution", { reason: "core", activated_at: "2026-01-02T03:04:05Z" }),
      active("review", { version: "2.1.0", path: "skills/review" }),
      active("orchestrator", { type: "agent" }),
      active("deploy", { type: "command" }),
      idle("retired"),
    ];
    expect(await totals(file)).toEqual({ created: 4, skipped: 1 });
    await registry.post("/v1/sweep", undefined, OPERATOR);
    expect((await registry.get("/v1/stats")).body).toMatchObject({
      total_components: 4,
      total_capabilities: 0,
      by_type: { agent: 1, command: 1, skill: 2 },
      by_status: { available: 4 },
    });
    const ids = ["agent/orchestrator", "command/deploy", "skill/moe-task-execution", "skill/review"];
    expect(await listAll(registry, 3)).toEqual(ids);
    expect(await readAgent(registry, "skill/moe-task-execution")).toMatchObject({
      health_score: 1,
      load_ratio: 0,
      metadata: { reason: "core", activated_at: "2026-01-02T03:04:05Z" },
    });

    await registry.pass(3_600_000);
    const token = await enlist(registry, "orchestrator");
    expect(await beat(registry, "orchestrator", token, "available", 1)).toBe(200);
    expect(await listAll(registry, 10)).toEqual(ids);
    const changed = [
      file[0]!,
      { ...file[1]!, version: "2.2.0" },
      file[2]!,
      idle("deploy"),
      active("retired"),
    ];
    expect(await totals(changed)).toEqual({
      unchanged: 1,
      changed: 1,
      held: 1,
      skipped: 1,
      created: 1,
      removed: 1,
    });
    expect(await listAll(registry, 10)).toEqual([ids[0], ids[2], "skill/retired", ids[3]]);
    expect(await coordinators(registry)).toEqual(["agent/orchestrator"]);
  });

  it("register themselves, are found by what they can and how free they are, fall silent, leave", async () => {
    const registry = open();
    const tokens = { a: await enlist(registry, "a"), b: await enlist(registry, "b", { current_load: 4 }) };
    await enlist(registry, "frail", { health_score: 0.5 });
    expect(await coordinators(registry)).toEqual(["agent/a", "agent/b"]);

    expect(await beat(registry, "a", tokens.a, "available", 6)).toBe(200);
    expect(await coordinators(registry)).toEqual(["agent/b", "agent/a"]);
    await beat(registry, "b", tokens.b, "available", 9);
    expect(await coordinators(registry)).toEqual(["agent/a"]);
    await beat(registry, "a", tokens.a, "maintenance", 6);
    expect(await coordinators(registry)).toEqual([]);
    const all = "capability=task_coordination&max_load_ratio=1&min_health_score=0";
    expect(await discoverIds(registry, `${all}&status=available&status=maintenance`)).toEqual([
      "agent/frail",
      "agent/a",
      "agent/b",
    ]);

    for (let minute = 0; minute < 10; minute += 1) {
      await registry.pass(30_000);
      await beat(registry, "b", tokens.b, "available", 0);
    }
    expect(await listAll(registry, 10)).toEqual(["agent/a", "agent/b", "agent/frail"]);
    await registry.pass(1);
    expect(await listAll(registry, 10)).toEqual(["agent/b"]);

    await enlist(registry, "b", { capabilities: [capability("rest")] });
    expect([await coordinators(registry), await discoverIds(registry, "capability=rest")]).toEqual([
      [],
      ["agent/b"],
    ]);
    expect(await beat(registry, "b", tokens.b, "available", 0)).toBe(409);
    const leave = () => registry.call("DELETE", "/v1/agents/agent%2Fb", undefined, OPERATOR);
    expect([(await leave()).status, (await leave()).status]).toEqual([204, 404]);
    expect(await listAll(registry, 10)).toEqual([]);
  });

  it("share the work evenly, where each task goes to the first that is found", async () => {
    const registry = open();
    const names = ["a", "b", "c"];
    const tokens = new Map(
      await Promise.all(names.map(async (name) => [name, await enlist(registry, name)] as const)),
    );
    const given = new Map(names.map((name) => [name, 0]));
    for (let task = 0; task < 9; task += 1) {
      const name = (await coordinators(registry))[0]!.slice("agent/".length);
      given.set(name, given.get(name)! + 1);
      await beat(registry, name, tokens.get(name)!, "available", given.get(name)!);
    }
    expect([...given.values()]).toEqual([3, 3, 3]);
  });
});
