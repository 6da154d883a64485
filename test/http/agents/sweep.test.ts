import { describe, expect, it } from "vitest";
import type { SweepSummary } from "../../../src/client/shapes.ts";
import { readAgent, sweep } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("sweeping agents on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("returns the newly unreachable once, busy ones too but not who is offline, and none at the second sweep [4-03, 4-16, 4-17]", async () => {
    const registry = open();
    for (const status of ["available", "busy", "offline", "maintenance"]) {
      await registry.register({ id: status, status });
    }
    await registry.pass(45_000);
    await registry.register({ id: "late" });
    expect(await sweep(registry)).toMatchObject({ scanned: 5, unreachable: [] });
    await registry.pass(1);
    expect((await sweep(registry)).unreachable).toEqual(["available", "busy", "maintenance"]);
    expect(await sweep(registry)).toMatchObject({ scanned: 5, unreachable: [], recovered: [], reaped: [] });
  });

  it("returns who came back once, and who went again [4-16]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const story: [number, boolean, Partial<SweepSummary>][] = [
      [46_000, false, { unreachable: ["a"], recovered: [] }],
      [1000, true, { unreachable: [], recovered: ["a"] }],
      [1000, true, { unreachable: [], recovered: [] }],
      [46_000, false, { unreachable: ["a"], recovered: [] }],
      [254_001, false, { unreachable: [], recovered: [], lapsed: ["a"], reaped: [] }],
      [1000, false, { scanned: 1, unreachable: [], recovered: [], lapsed: [], reaped: [] }],
    ];
    for (const [ms, calls, told] of story) {
      await registry.pass(ms);
      if (calls) await registry.heartbeat("a", lease_token);
      expect(await sweep(registry)).toMatchObject(told);
    }
  });

  it("leaves the lease's end and all that the agent said as it was when it sweeps [4-16, 4-19]", async () => {
    const registry = open();
    await registry.register({ id: "a", status: "busy", current_load: 3, metadata: { zone: "a" } });
    await registry.pass(100_000);
    const before = await readAgent(registry, "a");
    expect(before).toMatchObject({ status: "busy", effective_status: "unreachable" });
    expect((await sweep(registry)).unreachable).toEqual(["a"]);
    expect(await readAgent(registry, "a")).toEqual(before);
    await registry.pass(200_000);
    expect((await readAgent(registry, "a")).effective_status).toBe("unreachable");
    await registry.pass(1);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("tells each change once though three sweeps run at once [4-16, 4-18]", async () => {
    const registry = open();
    await Promise.all(Array.from({ length: 20 }, (_, n) => registry.register({ id: `a${n}` })));
    await registry.pass(45_001);
    const told = await Promise.all([sweep(registry), sweep(registry), sweep(registry)]);
    const ids = told.flatMap(({ unreachable }) => unreachable);
    expect(ids.toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`).toSorted());
  });
});
