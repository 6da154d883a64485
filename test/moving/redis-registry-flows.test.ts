import { describe, expect, it } from "vitest";
import { listAll } from "../support/agents.ts";
import { type AskedRegistry, GROUNDS, OPERATOR } from "../support/moving.ts";

/** As its callers marshal it, without what the registry notes itself, and with a type. */
const info = (id: string, fields: object = {}) => ({
  id,
  name: `Agent ${id}`,
  type: "worker",
  capabilities: ["go", "testing"],
  status: "available",
  current_load: 0,
  max_load: 5,
  ...fields,
});
const reap = async (registry: AskedRegistry, seconds: number) =>
  (await registry.post(`/v1/sweep?older_than=${seconds}`, undefined, OPERATOR)).body["marked"];

describe.each(GROUNDS)("a fleet of the Redis registry, on $where,", ({ lay }) => {
  const open = () => lay().open();

  it("registers, calls in, is reaped where it fell silent, comes back, leaves", async () => {
    const registry = open();
    const { lease_token: steady } = await registry.register(info("steady"));
    const { lease_token: silent } = await registry.register(
      info("silent", { status: "busy", current_load: 5 }),
    );
    await registry.register(info("away", { status: "offline" }));
    expect(await listAll(registry, 10)).toEqual(["away", "silent", "steady"]);

    for (let minute = 0; minute < 2; minute += 1) {
      await registry.pass(60_000);
      expect((await registry.heartbeat("steady", steady)).status).toBe(200);
    }
    expect(await reap(registry, 60)).toEqual(["silent"]);
    expect(await reap(registry, 60)).toEqual([]);
    expect((await registry.heartbeat("silent", silent)).status).toBe(200);
    expect((await registry.get("/v1/agents/silent")).body).toMatchObject({ status: "busy", current_load: 5 });

    await registry.pass(180_001);
    expect((await registry.get("/v1/agents/away")).status).toBe(404);
    const headers = { "Lease-Token": steady };
    expect((await registry.call("DELETE", "/v1/agents/steady", undefined, headers)).status).toBe(204);
    expect((await registry.call("DELETE", "/v1/agents/steady", undefined, OPERATOR)).status).toBe(404);
    expect(await listAll(registry, 10)).toEqual(["silent"]);
  });

  it("gives its router the freest who can do the task, and its tests a clean slate", async () => {
    const registry = open();
    const route = async (query: string) => {
      const eligible = "status=accepting&max_load_ratio=1000000&min_health_score=0";
      const { body } = await registry.get<{ agents: { id: string }[] }>(`/v1/discover?${eligible}&${query}`);
      return body.agents[0]?.id;
    };
    await registry.register(info("run-1/half", { current_load: 2, max_load: 4 }));
    await registry.register(info("run-1/quarter", { current_load: 3, max_load: 12, status: "busy" }));
    await registry.register(info("run-1/full", { current_load: 5, status: "busy" }));
    await registry.register(info("kept", { capabilities: ["paint"] }));
    expect(await route("required_capabilities=go&required_capabilities=testing")).toBe("run-1/quarter");
    expect(await route("required_capabilities=go&sort=current_load")).toBe("run-1/half");
    expect(await route("required_capabilities=sing")).toBeUndefined();

    const flush = "/v1/agents?prefix=run-1/&dry_run=false";
    expect((await registry.call("DELETE", flush, undefined, OPERATOR)).body).toMatchObject({ count: 3 });
    expect(await listAll(registry, 10)).toEqual(["kept"]);
  });
});
