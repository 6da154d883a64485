import { describe, expect, it } from "vitest";
import type { JoinedAgent, JoinOptions } from "../../src/client/joined-agent.ts";
import type { ClientOptions } from "../../src/client/options.ts";
import { clientWithSockets, SCOUT } from "../support/client.ts";
import { keysAccess } from "../support/keys.ts";
import { lossesOf } from "../support/losses.ts";
import { Network, type Weather } from "../support/network.ts";
import { Registry } from "../support/registry.ts";
import { present } from "../support/presence.ts";
import { redisBackend } from "../support/stores.ts";

const PATH = "/v1/agents/agent%2Fscout";
const TERMS = { heartbeat_interval_seconds: 20, ttl_seconds: 60 };

interface World extends JoinOptions {
  network?: Network;
  client?: Partial<ClientOptions>;
  /** Of handshakes, from the first on. */
  sockets?: Weather;
  terms?: { heartbeat_interval_seconds: number; ttl_seconds: number };
}

/** An agent that has joined on a platform with WebSockets. */
async function joined({
  network = new Network(),
  client: ofClient,
  sockets,
  terms = TERMS,
  ...options
}: World = {}) {
  const handshakes = (weather: Weather) => {
    network.weather = (path) => (path.endsWith("/presence") ? weather : { kind: "fine" });
  };
  if (sockets) handshakes(sockets);
  const client = clientWithSockets(network, ofClient);
  const agent = await network.until(client.join({ ...SCOUT, ...terms }, options));
  await network.settle();
  const at = (end: string) => network.sent.flatMap(({ path, at: ms }) => (path.endsWith(end) ? [ms] : []));
  return {
    network,
    client,
    agent,
    handshakes,
    read: async () => (await network.registry.get(PATH)).body,
    /** When each was sent, ms. */
    opened: () => at("/presence"),
    beats: () => at("/heartbeat"),
  };
}

/** What makes the answers to some requests wait, though these have taken effect. */
function held(network: Network, end: string) {
  const gate = Promise.withResolvers<void>();
  const fetch: typeof network.fetch = async (url, init) => {
    const response = await network.fetch(url, init);
    if (url.endsWith(end)) await gate.promise;
    return response;
  };
  return { fetch, release: () => gate.resolve() };
}

describe("an agent that has joined where there are sockets", () => {
  it("holds its lease by one, without a heartbeat, and is never unreachable", async () => {
    const { network, read, opened, beats } = await joined();
    for (const chance of [0, 0.999, 0.5, 0.5]) {
      network.clock.chance = chance;
      await network.pass(20_000);
      expect(await read()).toMatchObject({ effective_status: "available" });
    }
    await network.pass(120_000);
    expect(await read()).toMatchObject({ effective_status: "available" });
    expect([opened().length, beats()]).toEqual([1, []]);
  });

  it("says on it what its status and its load are", async () => {
    const { network, agent, read, beats } = await joined();
    await network.pass(6000);
    agent.load = 3;
    agent.status = "busy";
    await network.pass(5000);
    expect(await read()).toMatchObject({ status: "busy", current_load: 3 });
    expect(beats()).toEqual([]);
  });

  it("sends a changed health score by a heartbeat, and its lease is held by the socket still", async () => {
    const { network, agent, read, beats } = await joined();
    agent.healthScore = 0.5;
    await network.pass(200_000);
    expect(await read()).toMatchObject({ health_score: 0.5, effective_status: "available" });
    expect(beats()).toHaveLength(1);
  });

  it("learns at once that it is to drain, and that it may run again", async () => {
    const told: string[] = [];
    const onChange = ({ desiredState }: JoinedAgent) => void told.push(desiredState);
    const { network, client } = await joined({ onChange });
    await client.agents.drain(SCOUT.id!);
    await network.settle();
    expect(told).toEqual(["run", "drain"]);
    await client.agents.cancelDrain(SCOUT.id!);
    await network.settle();
    expect(told).toEqual(["run", "drain", "run"]);
  });

  it("ends at once when another process has taken its id, and when somebody has unregistered it", async () => {
    for (const end of [{ id: SCOUT.id }, undefined]) {
      const { network, agent, opened } = await joined();
      await (end ? network.registry.register(end) : network.registry.call("DELETE", PATH));
      await network.settle();
      const error = { code: "lease_lost", status: 409, action: "stop" };
      expect(await agent.ended).toMatchObject({ reason: "lease_lost", error });
      await network.settle();
      expect([agent.state, agent.leaseToken, network.clock.pendingTimers]).toEqual(["ended", undefined, 0]);
      await network.pass(60_000);
      expect(opened()).toHaveLength(1);
    }
  });

  it("ends when another process opens a socket with its token", async () => {
    const { network, agent } = await joined();
    await present(network.registry, { agent_id: agent.id, lease_token: agent.leaseToken! });
    await network.settle();
    expect(await agent.ended).toMatchObject({ reason: "lease_lost" });
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("unregisters when it leaves, and closes its socket", async () => {
    const { network, agent, opened } = await joined();
    await network.until(agent.leave());
    expect(await agent.ended).toEqual({ reason: "left" });
    expect((await network.registry.get(PATH)).status).toBe(404);
    await network.settle();
    expect([network.sockets[0]!.isOver, network.clock.pendingTimers]).toEqual([true, 0]);
    await network.pass(60_000);
    expect(opened()).toHaveLength(1);
  });

  it("has left, and not lost its lease, though the registry closes its socket", async () => {
    const network = new Network();
    const answers = held(network, PATH);
    const { agent } = await joined({ network, client: answers });
    const leaving = agent.leave();
    await network.pass(1);
    answers.release();
    await leaving;
    expect([network.sockets[0]!.isOver, await agent.ended]).toEqual([true, { reason: "left" }]);
  });

  it("closes its socket also where it cannot unregister", async () => {
    const { network, agent, read } = await joined();
    network.weather = { kind: "cut" };
    await network.until(agent.leave());
    await network.settle();
    expect(await read()).toMatchObject({ effective_status: "unreachable" });
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("is registered again where its socket does not open because the registry has lost it", async () => {
    const { network, agent, read } = await joined();
    const first = agent.leaseToken;
    network.registry = new Registry({ startAt: network.registry.now });
    network.cut();
    await network.pass(100_000);
    expect([agent.state, agent.leaseToken]).toEqual(["joined", first]);
    expect(await read()).toMatchObject({ effective_status: "available" });
    expect(network.sockets).toHaveLength(2);
  });

  it("is registered again, with its token and its last report, when the registry has lost it", async () => {
    const backend = redisBackend();
    const { network, agent, read, opened, beats } = await joined({ network: new Network({ backend }) });
    const first = agent.leaseToken;
    agent.load = 7;
    await network.pass(6000);
    await lossesOf(backend).empty();
    await network.pass(25_000);
    expect([agent.state, agent.leaseToken]).toEqual(["joined", first]);
    expect(await read()).toMatchObject({ current_load: 7, effective_status: "available" });
    await network.pass(100_000);
    expect(await read()).toMatchObject({ effective_status: "available" });
    expect([opened().length, beats()]).toEqual([2, []]);
  });
});

describe("a socket that is lost", () => {
  it("is opened again within a second, and the agent says again what it last said", async () => {
    const { network, agent, read, opened, beats } = await joined();
    await network.pass(10_000);
    const [socket] = network.sockets;
    socket!.isDead = true;
    agent.load = 5;
    await network.pass(1);
    socket!.isDead = false;
    socket!.cut();
    await network.settle();
    expect(await read()).toMatchObject({ effective_status: "unreachable" });
    await network.pass(1000);
    expect(await read()).toMatchObject({ effective_status: "available" });
    await network.pass(5000);
    expect(await read()).toMatchObject({ current_load: 5 });
    expect([opened().length, beats()]).toEqual([2, []]);
  });

  it("is opened at a random instant of that second, so that not all come back at once", async () => {
    const { network, opened } = await joined();
    for (const [nth, chance] of [0.1, 0.9].entries()) {
      network.clock.chance = chance;
      await network.pass(31_000);
      network.sockets.at(-1)!.cut();
      const since = network.clock.elapsed;
      await network.pass(1000);
      expect(opened()[nth + 1]! - since).toBe(chance * 1000);
    }
  });

  it("and does not open again is followed by heartbeats, from the first failure on, and by attempts up to 30 s apart", async () => {
    const { network, handshakes, read, opened, beats } = await joined();
    network.clock.chance = 0.999;
    await network.pass(40_000);
    handshakes({ kind: "cut" });
    network.sockets[0]!.cut();
    await network.pass(2000);
    expect(await read()).toMatchObject({ effective_status: "available" });
    expect(beats()).toHaveLength(1);
    for (let i = 0; i < 9; i += 1) {
      await network.pass(20_000);
      expect(await read()).toMatchObject({ effective_status: "available" });
    }
    const gaps = opened().map((at, i, all) => Math.ceil((at - (all[i - 1] ?? 0)) / 1000));
    expect(gaps.slice(1)).toEqual([41, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    handshakes({ kind: "fine" });
    await network.pass(31_000);
    const before = beats().length;
    await network.pass(120_000);
    expect(beats()).toHaveLength(before);
    expect(await read()).toMatchObject({ effective_status: "available" });
  });

  it("again and again is opened ever less often", async () => {
    const { network, opened } = await joined();
    network.clock.chance = 0.999;
    for (let i = 0; i < 4; i += 1) {
      network.sockets.at(-1)!.cut();
      await network.pass(1000 * 2 ** i);
    }
    const gaps = opened().map((at, i, all) => Math.ceil((at - (all[i - 1] ?? 0)) / 1000));
    expect(gaps).toEqual([0, 1, 2, 4, 8]);
  });

  it("is noticed where it is silent, before the agent counts as unreachable", async () => {
    const { network, read } = await joined();
    await network.pass(15_000);
    network.sockets[0]!.isDead = true;
    for (let i = 0; i < 30; i += 1) {
      await network.pass(2000);
      expect(await read()).toMatchObject({ effective_status: "available" });
    }
    expect(network.sockets).toHaveLength(2);
  });

  it("is noticed where it is silent however often the agent reports", async () => {
    const { network, agent } = await joined();
    await network.pass(15_000);
    network.sockets[0]!.isDead = true;
    for (let load = 1; load < 10; load += 1) {
      agent.load = load;
      await network.pass(1000);
    }
    expect(network.sockets).toHaveLength(2);
  });

  it("because the registry did not understand it is not opened again", async () => {
    const { network, read, opened } = await joined();
    network.sockets[0]!.send("nonsense");
    await network.pass(1000);
    expect(await read()).toMatchObject({ effective_status: "available" });
    await network.pass(100_000);
    expect(await read()).toMatchObject({ effective_status: "available" });
    expect(opened()).toHaveLength(1);
  });
});

describe("heartbeats besides a socket", () => {
  it("that arrive late, and end what it holds, are answered by the next report", async () => {
    const { network, agent, read } = await joined();
    network.weather = (path) =>
      path.endsWith("/heartbeat") ? { kind: "late", ms: 25_000 } : { kind: "fine" };
    agent.healthScore = 0.5;
    await network.pass(2000);
    network.weather = { kind: "fine" };
    await network.pass(200_000);
    expect(await read()).toMatchObject({ health_score: 0.5, effective_status: "available" });
  });

  it("whose answers come late do not say what the operator wants", async () => {
    const network = new Network();
    network.clock.chance = 0.1;
    const answers = held(network, "/heartbeat");
    const { agent, handshakes } = await joined({ network, client: answers, sockets: { kind: "cut" } });
    await network.pass(20_000);
    await network.registry.post(`${PATH}/drain`);
    handshakes({ kind: "fine" });
    await network.pass(9000);
    answers.release();
    await network.pass(1000);
    expect([network.sockets.length, agent.desiredState]).toEqual([1, "drain"]);
  });

  it("that the registry asks to wait for do not keep an agent from its pings and reports", async () => {
    const { network, agent, read, beats } = await joined();
    network.weather = { kind: "answer", status: 503, retryAfter: 600 };
    agent.healthScore = 0.5;
    for (let i = 0; i < 10; i += 1) {
      await network.pass(20_000);
      expect(await read()).toMatchObject({ effective_status: "available" });
    }
    agent.load = 4;
    await network.pass(25_000);
    expect(await read()).toMatchObject({ current_load: 4 });
    expect([network.sockets.length, beats().length]).toEqual([1, 1]);
  });

  it("are not waited for when a socket opens", async () => {
    const { network, read, handshakes } = await joined({ sockets: { kind: "cut" } });
    network.weather = (path) =>
      path.endsWith("/presence") ? { kind: "cut" } : { kind: "answer", status: 503, retryAfter: 600 };
    await network.pass(21_000);
    handshakes({ kind: "fine" });
    await network.pass(20_000);
    for (let i = 0; i < 5; i += 1) {
      await network.pass(20_000);
      expect(await read()).toMatchObject({ effective_status: "available" });
    }
    expect(network.sockets).toHaveLength(1);
  });
});

describe("a longer interval than an agent was registered with", () => {
  /** One that takes its interval for 20 s, and is told otherwise: 40 s. */
  async function stretched(options: JoinOptions) {
    const network = new Network();
    const fetch: typeof network.fetch = async (url, init) => {
      const response = await network.fetch(url, init);
      if (!url.endsWith("/v1/agents")) return response;
      const registered = await response.json<Record<string, unknown>>();
      return Response.json({ ...registered, heartbeat_interval_seconds: 20 }, response);
    };
    const terms = { heartbeat_interval_seconds: 40, ttl_seconds: 120 };
    const world = await joined({ network, client: { fetch }, terms, ...options });
    await network.pass(200_000);
    expect(await world.read()).toMatchObject({ effective_status: "available" });
    return world;
  }

  it("that a heartbeat is answered with is obeyed", async () => {
    const { beats } = await stretched({ socket: false });
    const gaps = beats().map((at, i, all) => Math.round((at - (all[i - 1] ?? 0)) / 1000));
    expect(gaps).toEqual([19, 38, 38, 38, 38]);
  });

  it("that is said on a socket is obeyed", async () => {
    const { network, beats } = await stretched({});
    const pings = network.sockets[0]!.said.filter((text) => text === "ping");
    expect([pings.length, beats()]).toEqual([6, []]);
  });
});

describe("where no socket opens", () => {
  it.each<[string, Weather]>([
    ["is refused", { kind: "cut" }],
    ["is not answered", { kind: "stall" }],
  ])("because one %s, an agent sends heartbeats, and tries ever less often", async (_, sockets) => {
    const { network, read, opened, beats, handshakes } = await joined({ sockets });
    network.clock.chance = 0.999;
    for (let i = 0; i < 10; i += 1) {
      await network.pass(20_000);
      expect(await read()).toMatchObject({ effective_status: "available" });
    }
    expect(beats().length).toBeGreaterThanOrEqual(9);
    expect(opened().length).toBeGreaterThanOrEqual(6);
    expect(opened().length).toBeLessThanOrEqual(9);
    handshakes({ kind: "fine" });
    await network.pass(260_000);
    expect(network.sockets).toHaveLength(1);
    const before = beats().length;
    await network.pass(60_000);
    expect(beats()).toHaveLength(before);
  });

  it("an agent that is to use none sends heartbeats", async () => {
    const { network, opened, beats } = await joined({ socket: false });
    await network.pass(60_000);
    expect([opened(), beats().length]).toEqual([[], 3]);
  });
});

describe("in a browser, which sends no headers with a handshake", () => {
  it("shows its token as a subprotocol", async () => {
    const network = new Network();
    network.isBrowser = true;
    const { beats } = await joined({ network });
    await network.pass(60_000);
    expect([network.sockets.length, beats()]).toEqual([1, []]);
  });

  it("sends heartbeats where a key would have to be shown too", async () => {
    const access = await keysAccess([{ name: "one", token: "secret", scopes: ["read", "write"] }]);
    const network = new Network({ access });
    network.isBrowser = true;
    const { opened, beats } = await joined({ network, client: { key: "secret" } });
    await network.pass(60_000);
    expect([opened(), beats().length]).toEqual([[], 3]);
  });
});

it("shows its key and its lease token to open the socket", async () => {
  const access = await keysAccess([{ name: "one", token: "secret", scopes: ["read", "write"] }]);
  const network = new Network({ access });
  const { agent } = await joined({ network, client: { key: "secret" } });
  expect(network.sockets).toHaveLength(1);
  expect(network.sent.at(-1)).toMatchObject({ path: `${PATH}/presence`, leaseToken: agent.leaseToken });
});
