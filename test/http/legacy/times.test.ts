import { describe, expect, it } from "vitest";
import { sweepUntilReaped } from "../../support/agents.ts";
import { enlist, list, show } from "../../support/legacy.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("silence in source 2's agent API on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each([
    [44_999, "healthy"],
    [45_000, "healthy"],
    [45_001, "unreachable"],
    [60_001, "unreachable"],
    [300_000, "unreachable"],
  ])("shows an agent silent for %i ms as %s, swept or not [2-23, 2-25]", async (ms, status) => {
    const registry = open();
    const id = await enlist(registry);
    await registry.pass(ms);
    expect((await list(registry)).agents.map((agent) => agent.status)).toEqual([status]);
    await registry.post("/v1/sweep");
    expect((await show(registry, id)).status).toBe(status);
  });

  it("brings an unreachable agent back at its next heartbeat [2-13]", async () => {
    const registry = open();
    const id = await enlist(registry);
    await registry.pass(46_000);
    await registry.post("/v1/sweep");
    await registry.post(`/agents/${id}/heartbeat`, { status: "healthy" });
    expect((await show(registry, id)).status).toBe("healthy");
  });

  it("drops an agent 300.001 s after its last word, however often it was swept, and takes it again [2-22, 2-24, 2-29]", async () => {
    const registry = open();
    const id = await enlist(registry);
    for (const ms of [46_000, 14_000, 240_000]) {
      await registry.pass(ms);
      await registry.post("/v1/sweep");
      expect((await list(registry)).count).toBe(1);
    }
    await registry.pass(1);
    for (const path of ["/agents", "/agents/type/cost"]) {
      expect(await list(registry, path)).toEqual({ agents: [], count: 0 });
    }
    expect((await registry.get(`/agents/${id}`)).status).toBe(404);
    await sweepUntilReaped(registry);
    expect((await registry.post(`/agents/${id}/heartbeat`, { status: "healthy" })).status).toBe(404);

    const again = await enlist(registry);
    expect(again).not.toBe(id);
    expect((await list(registry)).agents.map((agent) => agent.id)).toEqual([again]);
  });

  it("keeps source 2's own times where LEGACY_TTL_SECONDS is 60, and /v1 its own [2-22, 2-23, 2-24, 2-25]", async () => {
    const registry = new Registry({ backend: openBackend(), env: { LEGACY_TTL_SECONDS: "60" } });
    const id = await enlist(registry);
    await registry.register({ id: "newer" });
    const seen = async () =>
      Object.fromEntries((await list(registry)).agents.map((agent) => [agent.id, agent.status]));
    for (const [ms, legacy] of [
      [45_000, "healthy"],
      [1, "unreachable"],
      [14_999, "unreachable"],
    ] as const) {
      await registry.pass(ms);
      expect((await seen())[id]).toBe(legacy);
      await registry.post("/v1/sweep");
    }
    await registry.pass(1);
    expect(await seen()).toEqual({ newer: "unreachable" });
    expect((await registry.get(`/agents/${id}`)).status).toBe(404);

    const again = await enlist(registry);
    for (const ms of [60_000, 60_000]) {
      await registry.pass(ms);
      expect((await registry.post(`/agents/${again}/heartbeat`, { status: "healthy" })).status).toBe(200);
    }
    await registry.pass(60_001);
    expect(await seen()).toEqual({ newer: "unreachable" });
  });

  it("neither loses a heartbeat nor revives an unregistered agent when a sweep runs at the same time [2-26]", async () => {
    const registry = open();
    const ids = await Promise.all(Array.from({ length: 12 }, () => enlist(registry)));
    await registry.pass(46_000);
    await Promise.all([
      registry.post("/v1/sweep"),
      ...ids.map((id, i) =>
        i % 2 === 0
          ? registry.post(`/agents/${id}/heartbeat`, { status: "degraded" })
          : registry.post(`/agents/${id}/unregister`),
      ),
      registry.post("/v1/sweep"),
    ]);
    const { agents } = await list(registry);
    expect(agents.map(({ id }) => id)).toEqual(ids.filter((_, i) => i % 2 === 0).toSorted());
    expect(new Set(agents.map(({ status }) => status))).toEqual(new Set(["degraded"]));
  });
});
