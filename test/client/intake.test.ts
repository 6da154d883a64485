import { describe, expect, it } from "vitest";
import { wait } from "../../src/client/clock.ts";
import type { CallContext, ServeOptions } from "../../src/client/served-toolset.ts";
import type { ClientOptions } from "../../src/client/options.ts";
import { CLAIM_MS } from "../../src/core/toolsets/call.ts";
import { clientWithSockets } from "../support/client.ts";
import { keysAccess } from "../support/keys.ts";
import { Network, type Weather } from "../support/network.ts";
import { Registry, type RegistryOptions } from "../support/registry.ts";

const META = { run_id: "r", session_id: "s" };
const SOCKET = "/v1/toolsets/text/claims?";
const POLL = "/v1/toolsets/text/claims";

interface World {
  serving?: ServeOptions;
  client?: Partial<ClientOptions>;
  registry?: RegistryOptions;
  weather?: Network["weather"];
}

/** A toolset with the tool `it`, served on a platform with WebSockets. */
async function serving(
  handle: (payload: unknown, context: CallContext) => unknown = () => "done",
  { serving: options, client: ofClient, registry, weather = { kind: "fine" } }: World = {},
) {
  const network = new Network(registry);
  network.weather = weather;
  const client = clientWithSockets(network, ofClient);
  const definition = { name: "text", tools: { it: { payload_schema: {}, handle } } };
  const served = await network.until(client.serveToolset(definition, options));
  return {
    network,
    client,
    served,
    call: async () => {
      const taken = await client.toolsets.call("text", "it", { payload: null, meta: META });
      return {
        outcome: () => client.toolsets.result("text", taken.call_id),
        cancel: () => client.toolsets.cancel("text", taken.call_id),
      };
    },
    /** When each request of this kind was sent, ms. */
    times: (kind: typeof SOCKET | typeof POLL) =>
      network.sent.flatMap(({ path, at }) => (path.split("consumer")[0] === kind ? [at] : [])),
    leave: async () => {
      const since = network.clock.elapsed;
      await network.until(served.leave());
      expect(network.clock.elapsed).toBe(since);
      expect(network.clock.pendingTimers).toBe(0);
    },
  };
}

const socketsOnly =
  (weather: Weather): Network["weather"] =>
  (path) =>
    path.startsWith(SOCKET) ? weather : { kind: "fine" };

it("gets its calls pushed, and never polls", async () => {
  const { network, client, call, times, leave } = await serving();
  const { outcome } = await call();
  await network.settle();
  expect(await outcome()).toMatchObject({ status: "done", result: "done" });
  await network.pass(600_000);
  expect([times(SOCKET).length, times(POLL)]).toEqual([1, []]);
  expect(network.sent.find(({ path }) => path.startsWith(SOCKET))?.path).toContain("max=4");
  await leave();
  await network.settle();
  expect(await client.toolsets.load("text")).toMatchObject({ consumers: 0 });
});

it("shows its key and its lease token to open the socket", async () => {
  const access = await keysAccess([{ name: "one", token: "secret", scopes: ["read", "write"] }]);
  const { times, leave } = await serving(undefined, { client: { key: "secret" }, registry: { access } });
  expect([times(SOCKET).length, times(POLL)]).toEqual([1, []]);
  await leave();
});

describe("where no socket opens", () => {
  it.each<[string, Weather, number]>([
    ["is refused", { kind: "cut" }, 0],
    ["is not answered, for 5 s,", { kind: "stall" }, 5000],
  ])(
    "polls when one %s and tries again after half a minute, then ever less often",
    async (_, weather, ms) => {
      const { network, call, times, leave } = await serving(undefined, { weather: socketsOnly(weather) });
      expect(times(POLL)[0]).toBe(ms);
      const { outcome } = await call();
      await network.pass(20_000);
      expect(await outcome()).toMatchObject({ status: "done", result: "done" });
      await network.pass(1_800_000);
      const gaps = times(SOCKET).map((at, i, all) => (at - (all[i - 1] ?? 0)) / 1000);
      const expected = [0, 30, 60, 120, 240, 480, 600];
      expect(gaps.length).toBe(expected.length);
      for (const [i, gap] of gaps.entries()) {
        expect(gap).toBeGreaterThanOrEqual(expected[i]!);
        // Later by the poll that is under way, and by the socket before it.
        expect(gap).toBeLessThanOrEqual(expected[i]! + 20 + ms / 1000);
      }
      await leave();
    },
  );

  it("tries again as soon as at first when one has opened in between", async () => {
    const { network, times, leave } = await serving(undefined, { weather: socketsOnly({ kind: "cut" }) });
    await network.pass(100_000);
    network.weather = { kind: "fine" };
    await network.pass(200_000);
    expect(network.sockets).toHaveLength(1);
    network.weather = socketsOnly({ kind: "cut" });
    network.sockets[0]!.cut();
    const before = times(SOCKET).length;
    await network.pass(61_000);
    expect(times(SOCKET).length - before).toBe(2);
    await leave();
  });

  it("takes an outage of the registry for what it is, and opens a socket when it is over", async () => {
    const { network, times, leave } = await serving();
    network.weather = { kind: "cut" };
    network.sockets[0]!.cut();
    await network.pass(300_000);
    network.weather = { kind: "fine" };
    const polls = times(POLL).length;
    await network.pass(30_000);
    expect([network.sockets.length, times(POLL).length]).toEqual([2, polls]);
    await leave();
  });
});

describe("a socket that is lost", () => {
  it("is opened again half a second to a second after it was cut", async () => {
    const { network, call, times, leave } = await serving();
    await network.pass(10_000);
    network.sockets[0]!.cut();
    await network.pass(499);
    expect(network.sockets).toHaveLength(1);
    await network.pass(501);
    expect(network.sockets).toHaveLength(2);
    const { outcome } = await call();
    await network.settle();
    expect(await outcome()).toMatchObject({ status: "done" });
    expect(times(POLL)).toEqual([]);
    await leave();
  });

  it("is noticed within 31 s where it is silent, and gets no more calls then", async () => {
    const { network, call, leave } = await serving();
    await network.pass(20_000);
    network.sockets[0]!.isDead = true;
    await network.pass(31_000);
    expect(network.sockets).toHaveLength(2);
    const { outcome } = await call();
    await network.settle();
    expect(await outcome()).toMatchObject({ status: "done" });
    await leave();
  });

  it("is opened again at once where a claim of it lapsed", async () => {
    let runs = 0;
    const { network, client, call, leave } = await serving(async (_, { signal }) => {
      runs += 1;
      if (runs === 1) await wait(network.clock, Infinity, signal);
      return runs;
    });
    const { outcome } = await call();
    await network.pass(CLAIM_MS + 1);
    await client.toolsets.load("text");
    await network.settle();
    expect(network.sockets).toHaveLength(2);
    expect(await outcome()).toMatchObject({ status: "done", result: 2 });
    await leave();
  });

  it("ends the provider where its toolset was registered by another", async () => {
    const { network, client, served } = await serving();
    await network.pass(1);
    await client.toolsets.register({ name: "text", tools: [{ name: "theirs", payload_schema: {} }] });
    expect(await network.until(served.ended)).toMatchObject({ reason: "lease_lost" });
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("with the whole registry is followed by a registration", async () => {
    const { network, client, call, leave } = await serving();
    network.registry = new Registry({ startAt: network.registry.now });
    network.sockets[0]!.cut();
    await network.pass(3000);
    expect((await client.toolsets.get("text")).health.healthy).toBe(true);
    const { outcome } = await call();
    await network.settle();
    expect(await outcome()).toMatchObject({ status: "done" });
    await leave();
  });
});

describe("a call that its caller gives up, by a handler that goes on", () => {
  /** One call whose handler is at work and will not stop, and that is cancelled. */
  async function occupied() {
    const begun: string[] = [];
    const free = Promise.withResolvers<void>();
    const world = await serving(
      (_, { callId }) => {
        begun.push(callId);
        return free.promise;
      },
      { serving: { concurrency: 1 } },
    );
    const first = await world.call();
    await world.network.settle();
    await first.cancel();
    const next = await world.call();
    await world.network.settle();
    return { ...world, begun, free: () => free.resolve(), next };
  }

  it("keeps its place until the handler ends, so that no more run at once than may", async () => {
    const { network, served, client, begun, free, next, leave } = await occupied();
    expect(await client.toolsets.load("text")).toMatchObject({ claimed: 1 });
    expect([begun.length, served.running]).toEqual([1, 1]);
    free();
    await network.settle();
    expect(begun).toHaveLength(2);
    expect(await next.outcome()).toMatchObject({ status: "done" });
    await leave();
  });

  it("keeps a call waiting that can be given up itself, and then never begins", async () => {
    const { network, begun, free, next, leave } = await occupied();
    await next.cancel();
    await network.settle();
    free();
    await leave();
    expect(begun).toHaveLength(1);
  });
});
