import { describe, expect, it } from "vitest";
import { type AgentList, listAll } from "../../support/agents.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("listing agents on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("lists nobody twice and nobody not at all while agents come, go and register anew [4-11, 4-13]", async () => {
    const registry = open();
    expect((await registry.get<AgentList>("/v1/agents")).body).toEqual({
      agents: [],
      count: 0,
      next_cursor: null,
      lapsed: 0,
    });
    const steady = Array.from({ length: 25 }, (_, n) => `steady-${String(n).padStart(2, "0")}`);
    for (const id of steady) await registry.register({ id });
    let turn = 0;
    const shown = await listAll(registry, 4, async () => {
      turn += 1;
      await registry.register({ id: `aaa-${turn}` });
      await registry.register({ id: steady[turn] });
      await registry.register({ id: steady[24 - turn] });
    });
    expect(shown).toEqual([...new Set(shown)].toSorted());
    expect(shown.filter((id) => id.startsWith("steady"))).toEqual(steady);
  });

  it.each([
    [4, 5, [4]],
    [5, 5, [5]],
    [6, 5, [5, 1]],
    [10, 5, [5, 5]],
  ])(
    "shows %i agents in pages of %i as %j, with no empty page at the end [4-11]",
    async (agents, limit, sizes) => {
      const registry = open();
      for (let n = 0; n < agents; n += 1) await registry.register({ id: `one${n}` });
      const shown: number[] = [];
      await listAll(registry, limit, async (page) => void shown.push(page.length));
      expect(shown).toEqual(sizes);
    },
  );

  it("answers 404 for an id that nobody has, naming it [4-04, 4-09, 4-10, 4-14]", async () => {
    const registry = open();
    for (const [method, path] of [
      ["GET", "/v1/agents/nobody"],
      ["DELETE", "/v1/agents/nobody"],
      ["POST", "/v1/agents/nobody/heartbeat"],
      ["POST", "/v1/agents/nobody/drain"],
      ["DELETE", "/v1/agents/nobody/drain"],
    ] as const) {
      const { status, body } = await registry.call(method, path);
      expect([path, status, body["code"]]).toEqual([path, 404, "agent_not_found"]);
      expect(body["error"]).toContain(`"nobody"`);
    }
  });
});

describe.each(BREAKABLE)("listing agents while $name is out", ({ openBreakable }) => {
  it("is not ready, and shows no part of a list for the whole [4-12, 4-21]", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    const first = (await registry.get<AgentList>("/v1/agents?limit=2")).body;
    await fail();
    const next = await registry.get(`/v1/agents?limit=2&cursor=${first.next_cursor}`);
    expect([next.status, next.body["code"]]).toEqual([503, "store_unavailable"]);
    expect(next.body).not.toHaveProperty("agents");
    expect((await registry.post("/v1/sweep")).status).toBe(503);
    await recover();
    expect((await registry.get("/ready")).status).toBe(200);
    expect(await listAll(registry, 2)).toEqual(["a", "b", "c"]);
  });
});
