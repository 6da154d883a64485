import { describe, expect, it } from "vitest";
import { sweepUntilReaped } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("an agent from registration to expiry on $backend", ({ openBackend }) => {
  it("registers, calls in, is found, turns unreachable, and is gone", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { agent_id, lease_token } = await registry.register({ id: "agent/a", capabilities: ["spot"] });
    expect(agent_id).toBe("agent/a");

    const beat = await registry.heartbeat("agent/a", lease_token, { status: "busy", current_load: 3 });
    expect(beat.status).toBe(200);
    const found = () =>
      registry.get<{ agents: { id: string }[] }>("/v1/discover?capability=spot&status=busy");
    expect((await found()).body.agents.map(({ id }) => id)).toEqual(["agent/a"]);

    await registry.pass(45_001);
    expect((await found()).body.agents).toEqual([]);
    const listed = await registry.get<{ agents: { effective_status: string }[] }>("/v1/agents");
    expect(listed.body.agents[0]?.effective_status).toBe("unreachable");

    await registry.pass(300_000);
    expect((await registry.get("/v1/agents/agent%2Fa")).status).toBe(404);
    expect(await sweepUntilReaped(registry)).toEqual(["agent/a"]);
  });
});
