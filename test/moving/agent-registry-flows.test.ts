import { describe, expect, it } from "vitest";
import { basic } from "../support/keys.ts";
import { COST, JSON_TYPE, type LegacyList, list } from "../support/legacy.ts";
import { type AskedRegistry, GROUNDS, MOVER } from "../support/moving.ts";
import type { Registered } from "../support/registry.ts";

/** A client as it was, with a key in its URL: whatever is given `http://agent:KEY@host` sends this. */
const CLIENT = basic("agent", MOVER.token);

async function ask<T = Record<string, unknown>>(
  registry: AskedRegistry,
  method: string,
  path: string,
  body?: object,
) {
  const { status, headers, body: answer } = await registry.call<T>(method, path, body, CLIENT);
  expect(headers.get("Content-Type")).toBe(JSON_TYPE);
  return { status, body: answer };
}

async function start(registry: AskedRegistry, fields: object): Promise<string> {
  const { status, body } = await ask<Registered>(registry, "POST", "/agents/register", fields);
  expect([status, body.heartbeat_url]).toEqual([201, `/agents/${body.agent_id}/heartbeat`]);
  return body.agent_id;
}

/** What its router did: the first healthy agent of the type that has the capability. */
async function route(registry: AskedRegistry, type: string, capability: string): Promise<string | undefined> {
  const { agents } = (await ask<LegacyList>(registry, "GET", `/agents/type/${type}`)).body;
  return agents.find(({ status, capabilities }) => status === "healthy" && capabilities.includes(capability))
    ?.id;
}

describe.each(GROUNDS)("a client of the agent registry, on $where,", ({ lay }) => {
  const open = () => lay().open({ env: { LEGACY_TTL_SECONDS: "60" } });

  it("lives as it lived: starts, is found, calls in, is routed to, stops [2-28]", async () => {
    const registry = open();
    expect((await registry.get("/health", CLIENT)).body).toMatchObject({ status: "healthy" });
    const id = await start(registry, {
      name: "cost-agent-1",
      type: "cost",
      capabilities: ["spot_migration", "reserved_instances"],
      host: "cost-agent:8001",
      status: "healthy",
    });
    const agent = { id, name: "cost-agent-1", host: "cost-agent", port: 8001, status: "healthy" };
    const whole = { count: 1, agents: [expect.objectContaining(agent) as unknown] };
    expect((await ask(registry, "GET", "/agents")).body).toEqual(whole);
    expect((await ask(registry, "GET", `/agents/${id}`)).body).toMatchObject(agent);
    expect((await ask(registry, "GET", "/agents/type/cost")).body).toEqual(whole);
    const none = await ask(registry, "GET", "/agents/type/performance");
    expect(none).toEqual({ status: 200, body: { agents: [], count: 0 } });

    for (let minute = 0; minute < 3; minute += 1) {
      await registry.pass(30_000);
      const heard = await ask(registry, "POST", `/agents/${id}/heartbeat`, {
        status: "healthy",
        metadata: {},
      });
      expect(heard).toMatchObject({ status: 200, body: { received: true, next_interval_seconds: 30 } });
      expect(await route(registry, "cost", "spot_migration")).toBe(id);
    }
    await ask(registry, "POST", `/agents/${id}/heartbeat`, { status: "degraded" });
    expect(await route(registry, "cost", "spot_migration")).toBeUndefined();

    const gone = await ask(registry, "POST", `/agents/${id}/unregister`);
    expect(gone.body["message"]).toContain("successfully");
    expect(await ask(registry, "GET", `/agents/${id}`)).toEqual({
      status: 404,
      body: { error: "Agent not found" },
    });
  });

  it("dies as it died: unreachable after 45 s, gone after 60, another one after a restart [2-29]", async () => {
    const registry = open();
    const fields = { ...COST, capabilities: ["spot_migration"] };
    const crashed = await start(registry, fields);
    const status = async () => (await ask(registry, "GET", `/agents/${crashed}`)).body["status"];
    await registry.pass(45_000);
    expect([await status(), await route(registry, "cost", "spot_migration")]).toEqual(["healthy", crashed]);
    await registry.pass(1);
    expect([await status(), await route(registry, "cost", "spot_migration")]).toEqual([
      "unreachable",
      undefined,
    ]);

    const restarted = await start(registry, fields);
    expect(await route(registry, "cost", "spot_migration")).toBe(restarted);
    await registry.pass(14_999);
    expect(await status()).toBe("unreachable");
    await registry.pass(1);
    expect(await status()).toBeUndefined();
    expect((await list(registry)).agents.map(({ id }) => id)).toEqual([restarted]);
  });
});
