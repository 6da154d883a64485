import { describe, expect, it } from "vitest";
import { readAgent, sweep } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("a heartbeat on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each([
    ["offline", "available"],
    ["busy", "busy"],
    ["available", "available"],
    ["draining", "draining"],
  ])("turns %s into %s at a bare heartbeat [4-02, 4-14]", async (status, after) => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", status, current_load: 2 });
    await registry.pass(1000);
    expect((await registry.heartbeat("a", lease_token)).status).toBe(200);
    expect(await readAgent(registry, "a")).toMatchObject({
      status: after,
      current_load: 2,
      last_seen: "2126-01-01T00:00:01.000Z",
      expires_at: "2126-01-01T00:05:01.000Z",
    });
  });

  it("keeps an agent offline that says so, and ends it at any other sign of life [4-14, 4-15]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", status: "offline" });
    await registry.heartbeat("a", lease_token, { status: "offline", current_load: 1 });
    expect((await readAgent(registry, "a")).status).toBe("offline");
    await registry.heartbeat("a", lease_token, { current_load: 4 });
    expect(await readAgent(registry, "a")).toMatchObject({ status: "available", current_load: 4 });
  });

  it("stamps the server's time at registration and starts a whole lease at every one [4-05, 4-06, 4-07, 4-08]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    await registry.pass(40_000);
    for (const [headers, registeredAt] of [
      [{ "Lease-Token": lease_token }, "2126-01-01T00:00:00.000Z"],
      [undefined, "2126-01-01T00:00:40.000Z"],
    ] as const) {
      await registry.register({ id: "a" }, headers);
      expect(await readAgent(registry, "a")).toMatchObject({
        status: "available",
        registered_at: registeredAt,
        last_seen: "2126-01-01T00:00:40.000Z",
        expires_at: "2126-01-01T00:05:40.000Z",
      });
    }
    expect(await sweep(registry)).toMatchObject({ unreachable: [], reaped: [] });
  });
});
