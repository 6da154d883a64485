import { describe, expect, it } from "vitest";
import { COST, enlist, list, show } from "../../support/legacy.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("addresses in source 2's agent API on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each([
    ["cost-agent:8001", undefined, "cost-agent", 8001],
    ["cost-agent:8001", null, "cost-agent", 8001],
    ["cost-agent:8001", 0, "cost-agent", 8001],
    ["10.0.0.7:65535", undefined, "10.0.0.7", 65_535],
    ["[::1]:80", undefined, "[::1]", 80],
    ["cost-agent:8001", 9000, "cost-agent:8001", 9000],
    ["::1", 80, "::1", 80],
  ])("takes the host %s with the port %j for %s and %i [2-04]", async (host, port, name, number) => {
    const registry = open();
    const agent = await show(registry, await enlist(registry, { host, port }));
    expect(agent).toMatchObject({ host: name, port: number });
  });

  it.each(["cost-agent", "cost-agent:", ":8001", "cost-agent:0", "cost-agent:65536", "::1", "a:b:1", "a:1x"])(
    "asks for a port beside the host %s [2-02]",
    async (host) => {
      const registry = open();
      const { status, body } = await registry.post("/agents/register", { ...COST, host, port: undefined });
      expect([status, body]).toEqual([400, { error: expect.stringContaining("port") as string }]);
      expect((await list(registry)).count).toBe(0);
    },
  );

  it.each([
    [{ endpoint: "https://a.example/task" }, "a.example", 443],
    [{ endpoint: "http://a.example" }, "a.example", 80],
    [{ endpoint: "http://10.0.0.7:8001/task" }, "10.0.0.7", 8001],
    [{ endpoint: "wss://a.example" }, "a.example", 443],
    [{ endpoint: "ws://[::1]" }, "[::1]", 80],
    [{ endpoint: "grpcs://a.example" }, "a.example", 443],
    [{ endpoint: "grpc://a.example:50051" }, "a.example", 50_051],
    [{ endpoint: "https://a.example", host: "b.example" }, "a.example", 443],
    [{ endpoint: "https://a.example", port: 8001 }, "a.example", 443],
    [{ endpoint: "https://a.example", host: "b.example", port: 8001 }, "b.example", 8001],
    [{ host: "b.example" }, "b.example", 0],
    [{ port: 8001 }, "", 8001],
    [{}, "", 0],
  ])("shows an agent that registered under /v1 with %j at %s and %i", async (fields, host, port) => {
    const registry = open();
    await registry.register({ id: "a", ...fields });
    expect(await show(registry, "a")).toMatchObject({ host, port });
    expect((await list(registry)).agents).toEqual([expect.objectContaining({ host, port })]);
  });
});
