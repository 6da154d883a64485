import { describe, expect, it } from "vitest";
import { readAgent, sweep } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const OLDER = "?older_than=60";

describe.each(BACKENDS)(
  "a sweep on $backend that is asked for who was last heard long ago",
  ({ openBackend }) => {
    const open = () => new Registry({ backend: openBackend() });

    it("marks who was last heard strictly before, busy ones too, but not who is offline or static [4-16, 4-17]", async () => {
      const registry = open();
      for (const status of ["available", "busy", "offline", "maintenance"]) {
        await registry.register({ id: status, status });
      }
      await registry.register({ id: "patient", ttl_seconds: 3600, heartbeat_interval_seconds: 600 });
      await registry.register({ id: "static", heartbeat_interval_seconds: null });
      await registry.pass(60_000);
      expect(await sweep(registry, OLDER)).toMatchObject({ scanned: 6, marked: [], complete: true });
      await registry.register({ id: "late" });
      await registry.pass(1);
      const marked = ["available", "busy", "maintenance", "patient"];
      expect(await sweep(registry, OLDER)).toMatchObject({ scanned: 7, marked, complete: true });
    });

    it("marks each once until it is heard again, whatever other sweeps tell meanwhile [4-16]", async () => {
      const registry = open();
      const { lease_token } = await registry.register({ id: "a" });
      const whole = { status: "busy", current_load: 1 };
      await registry.pass(40_000);
      expect((await sweep(registry, "?older_than=30")).marked).toEqual(["a"]);
      await registry.pass(10_000);
      expect(await sweep(registry)).toMatchObject({ unreachable: ["a"] });
      await registry.pass(60_000);
      expect((await sweep(registry, OLDER)).marked).toEqual([]);
      for (const beat of [whole, {}]) {
        await registry.heartbeat("a", lease_token, beat);
        expect(await sweep(registry, OLDER)).toMatchObject({ recovered: ["a"], marked: [] });
        await registry.pass(60_001);
        expect(await sweep(registry, OLDER)).toMatchObject({ unreachable: ["a"], marked: ["a"] });
        expect(await sweep(registry, OLDER)).toMatchObject({ unreachable: [], marked: [] });
      }
      await registry.register({ id: "a" }, { "Lease-Token": lease_token });
      await registry.pass(60_001);
      expect((await sweep(registry, OLDER)).marked).toEqual(["a"]);
    });

    it("changes no status, ends no lease, and makes no event of it", async () => {
      const registry = open();
      await registry.register({ id: "a", status: "busy", current_load: 3, heartbeat_interval_seconds: 100 });
      await registry.pass(100_000);
      const before = await readAgent(registry, "a");
      const events = (await registry.get("/v1/events")).body;
      expect((await sweep(registry, OLDER)).marked).toEqual(["a"]);
      expect(await readAgent(registry, "a")).toEqual(before);
      expect((await registry.get("/v1/events")).body).toEqual(events);
      await registry.pass(200_000);
      expect((await readAgent(registry, "a")).effective_status).toBe("unreachable");
      await registry.pass(1);
      expect((await registry.get("/v1/agents/a")).status).toBe(404);
      expect((await sweep(registry, OLDER)).marked).toEqual([]);
    });

    it("marks each in one of three that run at once [4-18]", async () => {
      const registry = open();
      const ids = Array.from({ length: 20 }, (_, n) => `a${n + 10}`);
      await Promise.all(ids.map((id) => registry.register({ id })));
      await registry.pass(60_001);
      const told = await Promise.all([1, 2, 3].map(() => sweep(registry, OLDER)));
      expect(told.flatMap(({ marked = [] }) => marked).toSorted()).toEqual(ids);
    });

    it("says nothing of it unless it is asked", async () => {
      const registry = open();
      await registry.register({ id: "a" });
      await registry.pass(60_001);
      expect(await sweep(registry)).not.toHaveProperty("marked");
    });
  },
);

it.each(["-1", "86401", "x", "1e3", ""])("refuses %j as older_than", async (value) => {
  const { status, body } = await new Registry().post(`/v1/sweep?older_than=${value}`);
  expect({ status, errors: body["errors"] }).toMatchObject({
    status: 400,
    errors: [{ pointer: "/older_than" }],
  });
});
