import { describe, expect, it } from "vitest";
import { importAgents } from "../../../src/registry/agents/import.ts";
import { type AgentQuery, firstAgents, listAgents } from "../../../src/registry/agents/list.ts";
import { firstAgents as firstOfAll } from "../../../src/registry/agents/survey.ts";
import { listCapabilities, tallyAgents } from "../../../src/registry/agents/tally.ts";
import { eventsAfter } from "../../../src/registry/events.ts";
import { sweep } from "../../../src/registry/sweep.ts";
import { orThrow } from "../../../src/core/problem.ts";
import { ANYONE } from "../../support/entries.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const ALL: AgentQuery = { capability: [], tag: [], statuses: undefined, prefix: "", after: "", limit: 4 };

describe.each(BACKENDS)("agents as a whole on $backend", ({ openBackend }) => {
  async function fleetOf(size: number, fieldsOf?: (index: number) => Record<string, unknown>) {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, size, fieldsOf);
    return { registry, namespace: registry.open("default") };
  }

  it("are listed in pages that go on where the last one stopped, filtered by what readers see", async () => {
    const { registry, namespace } = await fleetOf(9, (i) => ({ status: i % 3 === 0 ? "busy" : "available" }));
    const query: AgentQuery = { ...ALL, statuses: ["available"] };
    const first = await listAgents(namespace, query, registry.now);
    expect(first.agents.map(({ id }) => id)).toEqual([
      "agent-00001",
      "agent-00002",
      "agent-00004",
      "agent-00005",
    ]);
    const second = await listAgents(namespace, { ...query, after: first.next! }, registry.now);
    expect(second.agents.map(({ id }) => id)).toEqual(["agent-00007", "agent-00008"]);
    expect(second.next).toBeNull();
  });

  it("are surveyed whole, 1,000 of them with ten names each, but not 250 with a hundred", async () => {
    const surveyed = async (size: number, names: number) => {
      const { registry, namespace } = await fleetOf(size, (i) => ({
        capabilities: Array.from({ length: names }, (_, n) => `skill-${i}-${n}`.padEnd(20, "-")),
      }));
      return firstOfAll(namespace.store, ["agent"], registry.now);
    };
    const ordinary = await surveyed(1000, 10);
    expect([ordinary.entries.length, ordinary.isCut]).toEqual([1000, false]);
    const crowd = await surveyed(250, 100);
    expect(crowd.isCut).toBe(true);
    // 150 have 300,000 characters; a page has at most 100,000 of documents.
    expect(crowd.entries.length).toBeGreaterThan(150);
    expect(crowd.entries.length).toBeLessThan(170);
  });

  it("are listed up to a limit, which says whether there are more", async () => {
    const { registry, namespace } = await fleetOf(3);
    const of = async (max: number) => {
      const { agents, truncated } = await firstAgents(namespace, { type: "worker", max }, registry.now);
      return [agents.length, truncated];
    };
    expect([await of(2), await of(3)]).toEqual([
      [2, true],
      [3, false],
    ]);
  });

  it("are counted while they live, and swept once they do not", async () => {
    const { registry, namespace } = await fleetOf(2, (i) => ({
      capabilities: ["spot"],
      ...(i === 0 && { ttl_seconds: 60 }),
    }));
    await registry.pass(60_001);
    const { total, capabilities, byStatus, lastSweep } = await tallyAgents(namespace, registry.now);
    expect([total, capabilities, byStatus.get("unreachable"), lastSweep]).toEqual([1, 1, 1, undefined]);
    const all = { prefix: "", after: "", limit: 10 };
    expect(await listCapabilities(namespace, all, registry.now)).toEqual({
      capabilities: [{ name: "spot", agents: 1 }],
      next: null,
      total: 1,
      lapsed: 1,
    });
    expect(await sweep(namespace, registry.now)).toMatchObject({
      scanned: 2,
      lapsed: ["agent-00000"],
      reaped: [],
      unreachable: ["agent-00001"],
      complete: true,
    });
    expect((await tallyAgents(namespace, registry.now)).lastSweep).toMatchObject({ lapsed: 1 });
    const { next } = orThrow(await eventsAfter(namespace, { since: undefined, limit: 2 }));
    expect(await eventsAfter(namespace, { since: next, limit: 10 })).toMatchObject({
      events: [{ type: "lapsed" }, { type: "became_unreachable" }, { type: "capability_unavailable" }],
    });
    const foreign = { ...next, nonce: "1" };
    expect(await eventsAfter(namespace, { since: foreign, limit: 10 })).toMatchObject({
      code: "cursor_too_old",
    });
  });

  it("come from an activation file each on its own, in its order", async () => {
    const { registry, namespace } = await fleetOf(0);
    const components = [
      { type: "agent", name: "a", activated: true },
      { type: "agent", name: "b" },
      { type: "agent" },
      { type: "agent", name: "no id", activated: true },
      { type: "agent", name: "a", activated: true },
    ];
    const file = {
      components,
      after: "",
      through: undefined,
      isStatic: true,
      isDryRun: false,
      region: null,
      idempotencyKey: undefined,
    };
    const importer = { asker: ANYONE, source: "default" };
    expect(await importAgents(namespace, importer, file, registry.now)).toMatchObject({
      components: [
        { index: 0, id: "agent/a", result: { outcome: "created", leaseToken: expect.any(String) } },
        { index: 1, id: "agent/b", result: { outcome: "skipped" } },
        { index: 2, id: null, result: { code: "invalid_request" } },
        { index: 3, id: null, result: { code: "invalid_request" } },
        { index: 4, id: "agent/a", result: { code: "invalid_request" } },
      ],
      next: null,
    });
  });
});
