import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../../src/client/options.ts";
import { clientOver } from "../support/client.ts";
import { Network, type Weather } from "../support/network.ts";
import { redisBackend } from "../support/stores.ts";

const AGENT = { id: "a", name: "a", type: "t" };

/** A client whose requests meet one weather after the other, and then fine weather; and when each was sent, ms. */
function meeting(weathers: readonly Weather[], options: Partial<ClientOptions> = {}) {
  const network = new Network();
  network.weather = () => weathers[network.sent.length] ?? { kind: "fine" };
  return { network, client: clientOver(network, options), times: () => network.sent.map(({ at }) => at) };
}

describe("a read that the registry does not answer", () => {
  it.each<{ weather: Weather }>([
    { weather: { kind: "cut" } },
    { weather: { kind: "cut-reply" } },
    { weather: { kind: "answer", status: 500 } },
    { weather: { kind: "answer", status: 429 } },
  ])("is sent twice again, ever later: $weather", async ({ weather }) => {
    const { network, client, times } = meeting([weather, weather]);
    await expect(network.until(client.discover())).resolves.toMatchObject({ agents: [] });
    // Half of each pause is random, and chance is 0.5 here.
    expect(times()).toEqual([0, 750, 750 + 1500]);
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("is sent as often as the client says, and then fails", async () => {
    const cut: Weather = { kind: "cut" };
    const { network, client, times } = meeting([cut, cut, cut, cut]);
    await expect(network.until(client.stats())).rejects.toMatchObject({ code: "network" });
    expect(times()).toHaveLength(3);
    const once = meeting([cut, cut], { retries: 0 });
    await expect(once.network.until(once.client.stats())).rejects.toMatchObject({ code: "network" });
    expect(once.times()).toEqual([0]);
  });

  it("is sent when Retry-After says, unless its timeout is over by then", async () => {
    const busy = (retryAfter: number): Weather => ({ kind: "answer", status: 503, retryAfter });
    const soon = meeting([busy(5)]);
    await soon.network.until(soon.client.stats());
    expect(soon.times()).toEqual([0, 5250]);
    const late = meeting([busy(10)]);
    await expect(late.network.until(late.client.stats())).rejects.toMatchObject({ retryAfterMs: 10_000 });
    expect(late.times()).toEqual([0]);
  });

  it("has its timeout for all repetitions together", async () => {
    const stall: Weather = { kind: "stall" };
    const { network, client, times } = meeting([{ kind: "cut" }, stall, stall]);
    const read = network.until(client.stats({ timeoutMs: 4000 }));
    await expect(read).rejects.toMatchObject({ code: "timeout" });
    expect(times()).toEqual([0, 750]);
    expect(network.clock.elapsed).toBe(4000);
  });

  it("is not sent again once its signal is aborted", async () => {
    const { network, client, times } = meeting([{ kind: "cut" }]);
    const controller = new AbortController();
    const read = client.stats({ signal: controller.signal });
    await network.settle();
    controller.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
    expect(times()).toEqual([0]);
    expect(network.clock.pendingTimers).toBe(0);
  });
});

it("sends a write once, and a read that was refused or that asks whether the registry is up", async () => {
  const cut: Weather = { kind: "cut" };
  const rejected = async (request: (client: ReturnType<typeof clientOver>) => Promise<unknown>) => {
    const { network, client, times } = meeting([cut, cut]);
    await expect(network.until(request(client))).rejects.toMatchObject({ code: "network" });
    return times();
  };
  expect(await rejected((client) => client.agents.register(AGENT))).toEqual([0]);
  expect(await rejected((client) => client.health())).toEqual([0]);
  expect(await rejected((client) => client.ready())).toEqual([0]);

  const { network, client } = meeting([]);
  await expect(client.agents.get("nobody")).rejects.toMatchObject({ code: "agent_not_found" });
  await network.registry.register({ id: "p", status: "offline", services: [{ service: "llm" }] });
  await expect(client.services.resolve("llm")).rejects.toMatchObject({ code: "no_provider_available" });
  expect(network.sent).toHaveLength(2);
});

describe("a read that may be stale", () => {
  const OUT: Weather = { kind: "cut" };
  const staleOk = { staleOk: true };

  it("resolves to the last answer while the registry is out, and says so", async () => {
    const { network, client } = meeting([]);
    await network.registry.register(AGENT);
    const asked = () => network.until(client.discover({ type: "t" }, staleOk));
    const last = await asked();
    expect(last).not.toHaveProperty("stale");
    last.agents.length = 0;
    network.weather = OUT;
    await network.pass(60_000);
    const found = await asked();
    expect(found.agents.map(({ id }) => id)).toEqual(["a"]);
    expect(found.stale).toMatchObject({ ageMs: 60_000 + 2250, error: { code: "network" } });
    network.weather = { kind: "fine" };
    expect(await asked()).not.toHaveProperty("stale");
  });

  it("rejects where there is no answer to the same question, and for what the registry refuses", async () => {
    const { network, client } = meeting([]);
    await network.until(client.discover({ type: "t" }, staleOk));
    await network.until(client.discover({ type: "v" }));
    await client.agents.register(AGENT);
    await client.agents.get("a", staleOk);
    await network.registry.call("DELETE", "/v1/agents/a");
    await expect(client.agents.get("a", staleOk)).rejects.toMatchObject({ code: "agent_not_found" });
    network.weather = OUT;
    for (const type of ["u", "v"]) {
      const asked = network.until(client.discover({ type }, staleOk));
      await expect(asked).rejects.toMatchObject({ code: "network" });
    }
    await expect(network.until(client.discover({ type: "t" }))).rejects.toMatchObject({ code: "network" });
  });

  it("keeps the last hundred answers", async () => {
    const { network, client } = meeting([], { retries: 0 });
    const ask = (prefix: number) => client.capabilities({ prefix: `${prefix}` }, staleOk);
    for (let prefix = 0; prefix < 100; prefix += 1) await ask(prefix);
    await ask(0);
    await ask(100);
    network.weather = OUT;
    await expect(ask(1)).rejects.toMatchObject({ code: "network" });
    for (const prefix of [0, 2, 100]) await expect(ask(prefix)).resolves.toHaveProperty("stale");
  });

  it("is answered at once by what the registry read last where only its store is out, and says so", async () => {
    const backend = redisBackend();
    const network = new Network({ backend });
    const client = clientOver(network);
    await network.registry.register({ ...AGENT, services: [{ service: "llm" }] });
    const reads = {
      discover: () => client.discover({ type: "t" }, staleOk),
      list: () => client.agents.list({}, staleOk),
      resolve: () => client.services.resolve("llm", {}, staleOk),
    };
    for (const read of Object.values(reads)) expect(await read()).not.toHaveProperty("stale");
    await backend.bridge.fail({ kind: "status" });
    await network.pass(20_000);
    const sent = network.sent.length;
    const stale = { ageMs: 20_000, error: { code: "store_unavailable" } };
    expect(await reads.discover()).toMatchObject({ agents: [{ id: "a" }], stale });
    expect(await reads.list()).toMatchObject({ agents: [{ id: "a" }], stale });
    // It was chosen now, and may be reported.
    const resolved = { provider: { id: "a" }, selection_id: expect.any(String), stale };
    expect(await reads.resolve()).toMatchObject(resolved);
    expect(network.sent).toHaveLength(sent + 3);
  });

  it("gives a provider without the selection that was made long ago", async () => {
    const { network, client } = meeting([]);
    await network.registry.register({ ...AGENT, services: [{ service: "llm" }] });
    const resolve = () => network.until(client.services.resolve("llm", {}, staleOk));
    expect((await resolve()).selection_id).toBeTypeOf("string");
    network.weather = OUT;
    expect(await resolve()).toMatchObject({ provider: { id: "a" }, selection_id: null });
  });
});
