import { describe, expect, it } from "vitest";
import type { JoinedAgent } from "../../src/client/joined-agent.ts";
import { RollcallError } from "../../src/client/problem.ts";
import { Registry } from "../support/registry.ts";
import { redisBackend } from "../support/stores.ts";
import { clientOver, joined, SCOUT } from "../support/client.ts";
import { lossesOf } from "../support/losses.ts";
import { Network } from "../support/network.ts";

const PATH = "/v1/agents/agent%2Fscout";

const read = async (network: Network) => (await network.registry.get(PATH)).body;
const beats = (network: Network) => network.sent.filter(({ path }) => path.endsWith("/heartbeat"));

describe("an agent that has joined", () => {
  it("sends heartbeats at the interval that the registry asks for, up to a tenth early, and is never unreachable", async () => {
    const { network, agent } = await joined({ ...SCOUT, heartbeat_interval_seconds: 20, ttl_seconds: 60 });
    expect(agent.state).toBe("joined");
    for (const chance of [0, 0.999, 0.5]) {
      network.clock.chance = chance;
      await network.pass(20_000);
      expect(await read(network)).toMatchObject({ effective_status: "available", current_load: 0 });
    }
    await network.pass(600_000);
    const at = beats(network).map((beat) => beat.at);
    const gaps = at.slice(1).map((time, index) => time - at[index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(18_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(20_000);
    expect(await read(network)).toMatchObject({ effective_status: "available" });
  });

  it("sends status and load with every heartbeat, which is one command for the registry, and the health score only when it changed", async () => {
    const { network, agent } = await joined();
    await network.pass(30_000);
    expect(beats(network).at(-1)!.body).toEqual({ status: "available", current_load: 0 });
    agent.healthScore = 0.5;
    await network.pass(100);
    expect(beats(network).at(-1)!.body).toEqual({ status: "available", current_load: 0, health_score: 0.5 });
    await network.pass(30_000);
    expect(beats(network).at(-1)!.body).toEqual({ status: "available", current_load: 0 });
    expect(await read(network)).toMatchObject({ health_score: 0.5 });
  });

  it("reports a change at once, and many changes once a second", async () => {
    const { network, agent } = await joined();
    await network.pass(5000);
    const before = beats(network).length;
    agent.load = 3;
    await network.pass(1);
    expect(await read(network)).toMatchObject({ current_load: 3 });
    for (let load = 0; load < 100; load += 1) {
      agent.load = load;
      await network.pass(20);
    }
    await network.pass(1000);
    expect(beats(network).length - before).toBeLessThanOrEqual(5);
    agent.status = "busy";
    await network.pass(1000);
    expect(await read(network)).toMatchObject({ current_load: 99, status: "busy" });
  });

  it("sends nothing when the load is set to its present value, and refuses an impossible load", async () => {
    const { network, agent } = await joined();
    await network.pass(5000);
    agent.load = 0;
    await network.pass(5000);
    expect(beats(network)).toHaveLength(0);
    for (const wrong of [-1, Number.NaN, Infinity]) expect(() => (agent.load = wrong)).toThrow(RangeError);
    expect(() => (agent.healthScore = 1.1)).toThrow(RangeError);
    expect(agent.load).toBe(0);
  });

  it("is restored when the registry has lost it, with its token, and its present load and status", async () => {
    const { network, agent } = await joined();
    const first = agent.leaseToken;
    agent.load = 7;
    agent.status = "busy";
    await network.pass(2000);
    network.registry = new Registry({ startAt: network.registry.now });
    await network.pass(30_000);
    expect(agent.state).toBe("joined");
    expect(agent.leaseToken).toBe(first);
    expect(await read(network)).toMatchObject({ current_load: 7, status: "busy" });
  });

  it("ends when another process has taken its id, and does not unregister that one", async () => {
    const { network, agent } = await joined();
    const usurper = await network.registry.register({ id: SCOUT.id });
    await network.pass(30_000);
    const ending = await agent.ended;
    expect(ending.reason).toBe("lease_lost");
    expect(ending.error).toBeInstanceOf(RollcallError);
    expect(ending.error).toMatchObject({ code: "lease_lost", status: 409, action: "stop" });
    expect(agent.state).toBe("ended");
    expect(agent.leaseToken).toBeUndefined();
    await agent.leave();
    expect((await network.registry.heartbeat("agent/scout", usurper.lease_token)).status).toBe(200);
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("ends when somebody has unregistered it", async () => {
    const { network, agent } = await joined();
    await network.registry.call("DELETE", PATH);
    await network.pass(30_000);
    expect((await agent.ended).reason).toBe("lease_lost");
    expect((await network.registry.get(PATH)).status).toBe(404);
  });

  it("is drained from the first where its id is, and does not flip", async () => {
    const network = new Network();
    await network.registry.register(SCOUT);
    await network.registry.post(`${PATH}/drain`);
    const told: string[] = [];
    const onChange = ({ state, desiredState }: JoinedAgent) => void told.push(`${state} ${desiredState}`);
    const agent = await network.until(clientOver(network).join(SCOUT, { onChange }));
    expect(agent.desiredState).toBe("drain");
    await network.pass(60_000);
    expect(told).toEqual(["joined drain"]);
  });

  it("learns that it is to drain, and that it may run again, and calls onChange each time", async () => {
    const told: string[] = [];
    const onChange = ({ state, desiredState }: JoinedAgent) => void told.push(`${state} ${desiredState}`);
    const { network, client, agent } = await joined(SCOUT, { onChange });
    await network.until(client.agents.drain("agent/scout"));
    await network.pass(30_000);
    expect(agent.desiredState).toBe("drain");
    await network.until(client.agents.cancelDrain("agent/scout"));
    await network.pass(30_000);
    expect(agent.desiredState).toBe("run");
    await network.until(agent.leave());
    expect(told).toEqual(["joined run", "joined drain", "joined run", "ended run"]);
  });

  it("unregisters when its block ends, leaves no timer, and sends nothing more", async () => {
    const network = new Network();
    await network.until(
      (async () => {
        await using agent = await clientOver(network).join(SCOUT);
        expect((await network.registry.get(PATH)).status).toBe(200);
        expect(agent.id).toBe("agent/scout");
      })(),
    );
    expect((await network.registry.get(PATH)).status).toBe(404);
    expect(network.clock.pendingTimers).toBe(0);
    const sent = network.sent.length;
    await network.pass(600_000);
    expect(network.sent).toHaveLength(sent);
  });

  it("leaves when its signal is aborted, and only once however often leave is called", async () => {
    const controller = new AbortController();
    const { network, agent } = await joined(SCOUT, { signal: controller.signal });
    controller.abort();
    await network.until(Promise.all([agent.leave(), agent.leave()]));
    expect(await agent.ended).toEqual({ reason: "left" });
    expect(network.sent.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  });

  it.each([{ kind: "cut" }, { kind: "stall" }, { kind: "answer", status: 503 }] as const)(
    "leaves in good time with the registry out of reach ($kind)",
    async (weather) => {
      const { network, agent } = await joined();
      network.weather = weather;
      const since = network.clock.elapsed;
      await network.until(agent.leave());
      expect(network.clock.elapsed - since).toBeLessThanOrEqual(5000);
      expect(await agent.ended).toEqual({ reason: "left" });
      expect(network.clock.pendingTimers).toBe(0);
    },
  );

  it("cuts a stalled heartbeat short when it leaves", async () => {
    const { network, agent } = await joined();
    await network.pass(20_000);
    network.weather = { kind: "stall" };
    await network.pass(11_000);
    network.weather = { kind: "fine" };
    const since = network.clock.elapsed;
    await network.until(agent.leave());
    expect(network.clock.elapsed).toBe(since);
    expect((await network.registry.get(PATH)).status).toBe(404);
  });

  it("without a heartbeat interval sends nothing until something changes, and has no timer", async () => {
    const { network, agent } = await joined({ ...SCOUT, heartbeat_interval_seconds: null });
    await network.pass(86_400_000);
    expect(beats(network)).toHaveLength(0);
    expect(network.clock.pendingTimers).toBe(0);
    agent.load = 1;
    await network.pass(1);
    expect(await read(network)).toMatchObject({ current_load: 1 });
    await network.until(agent.leave());
    expect((await network.registry.get(PATH)).status).toBe(404);
  });
});

describe("during network faults", () => {
  it("is registered again after an outage longer than the lease", async () => {
    const { network, agent } = await joined();
    network.weather = { kind: "answer", status: 503 };
    await network.pass(400_000);
    network.weather = { kind: "fine" };
    await network.pass(35_000);
    expect(agent.state).toBe("joined");
    expect(await read(network)).toMatchObject({ effective_status: "available" });
  });

  it("retries sooner than the next heartbeat is due, ever less often, and at another time than other clients", async () => {
    const attempts = async (chance: number) => {
      const { network } = await joined();
      network.clock.chance = chance;
      await network.pass(30_000);
      network.weather = { kind: "cut" };
      const before = beats(network).length;
      const since = network.clock.elapsed;
      await network.pass(120_000);
      return beats(network)
        .slice(before)
        .map(({ at }) => at - since);
    };
    const early = await attempts(0);
    const late = await attempts(0.999);
    const gaps = late.slice(1).map((at, index) => at - late[index]!);
    expect(gaps[0]).toBeLessThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(early.length).toBeGreaterThan(late.length);
  });

  it.each([503, 429])("waits after a %i for as long as its Retry-After says", async (status) => {
    const { network, agent } = await joined();
    network.weather = { kind: "answer", status, retryAfter: 120 };
    await network.pass(30_000);
    const [refused] = beats(network);
    network.weather = { kind: "fine" };
    agent.load = 5;
    await network.pass(refused!.at + 119_999 - network.clock.elapsed);
    expect(beats(network)).toHaveLength(1);
    await network.pass(20_000);
    expect(beats(network).length).toBeGreaterThan(1);
    expect(await read(network)).toMatchObject({ current_load: 5 });
  });

  it("registers again within five seconds after the machine has slept for ten minutes", async () => {
    const { network, agent } = await joined();
    await network.pass(3000);
    await network.sleep(600_000);
    await network.pass(5000);
    expect(agent.state).toBe("joined");
    expect(await read(network)).toMatchObject({ effective_status: "available" });
  });

  it.each([600_000, -600_000])("keeps its interval when the clock jumps by %i ms", async (ms) => {
    const { network, agent } = await joined();
    await network.pass(10_000);
    network.clock.jump(ms);
    for (let i = 0; i < 20; i += 1) {
      await network.pass(30_000);
      expect(await read(network)).toMatchObject({ effective_status: "available" });
    }
    expect(beats(network).length).toBeLessThanOrEqual(24);
    expect(agent.state).toBe("joined");
  });

  it("gives up a stalled heartbeat, and sends another before it would be unreachable", async () => {
    const { network } = await joined();
    await network.pass(26_000);
    network.weather = { kind: "stall" };
    await network.pass(5000);
    network.weather = { kind: "fine" };
    for (let i = 0; i < 30; i += 1) {
      await network.pass(1000);
      expect(await read(network)).toMatchObject({ effective_status: "available" });
    }
  });

  it("does not end when its own unanswered registration takes effect late", async () => {
    const network = new Network();
    network.weather = { kind: "late", ms: 15_000 };
    const joining = clientOver(network).join(SCOUT);
    await network.pass(10_000);
    network.weather = { kind: "fine" };
    const agent = await network.until(joining);
    await network.pass(60_000);
    expect(network.sent.filter(({ path }) => path === "/v1/agents").length).toBeGreaterThanOrEqual(2);
    expect(agent.state).toBe("joined");
    expect((await network.registry.heartbeat("agent/scout", agent.leaseToken)).status).toBe(200);
    const { events } = (await network.registry.get<{ events: unknown[] }>("/v1/events")).body;
    expect(events).toHaveLength(1);
  });

  it.each(["failover", "emptied Redis"])(
    "of two processes with one id the newer stays joined after one %s",
    async (loss) => {
      const backend = redisBackend();
      const network = new Network({ backend });
      const losses = lossesOf(backend);
      const older = await network.until(clientOver(network).join(SCOUT));
      const failOver = await losses.replicate();
      const newer = await network.until(clientOver(network).join(SCOUT));
      const token = newer.leaseToken;
      await (loss === "failover" ? failOver() : losses.empty());
      await network.pass(60_000);
      expect((await older.ended).reason).toBe("lease_lost");
      expect([newer.state, newer.leaseToken]).toEqual(["joined", token]);
      expect((await network.registry.heartbeat("agent/scout", token)).status).toBe(200);
    },
  );

  it.each([
    { status: 400, code: "unexpected_answer" },
    { status: 401, code: "unexpected_answer" },
  ])("ends with the reason when the registry refuses it ($status)", async ({ status, code }) => {
    const { network, agent } = await joined();
    network.weather = { kind: "answer", status };
    await network.pass(30_000);
    expect(await agent.ended).toMatchObject({ reason: "refused", error: { code, status } });
    expect(network.clock.pendingTimers).toBe(0);
  });
});

describe("joining", () => {
  it("retries during a short outage, and replaces what an unanswered try has registered", async () => {
    const network = new Network();
    network.weather = { kind: "cut-reply" };
    const joining = clientOver(network).join({ name: "scout", type: "research" });
    await network.pass(5000);
    network.weather = { kind: "fine" };
    const agent = await network.until(joining);
    const { body } = await network.registry.get<{ agents: { id: string }[] }>("/v1/agents");
    expect(body.agents.map(({ id }) => id)).toEqual([agent.id]);
  });

  it.each([
    { weather: { kind: "cut" }, code: "network" },
    { weather: { kind: "stall" }, code: "timeout" },
    { weather: { kind: "answer", status: 503 }, code: "unexpected_answer" },
  ] as const)(
    "rejects with $code when the registry stays out of reach for half a minute",
    async ({ weather, code }) => {
      const network = new Network();
      network.weather = weather;
      await expect(network.until(clientOver(network).join(SCOUT))).rejects.toMatchObject({ code });
      expect(network.clock.elapsed).toBeGreaterThanOrEqual(30_000);
      expect(network.clock.elapsed).toBeLessThanOrEqual(40_000);
      expect(network.clock.pendingTimers).toBe(0);
    },
  );

  it("rejects at once with what is wrong with the registration", async () => {
    const network = new Network();
    const wrong = clientOver(network).join({ ...SCOUT, ttl_seconds: 1 });
    await expect(network.until(wrong)).rejects.toMatchObject({
      code: "invalid_request",
      status: 400,
      errors: [{ pointer: "/ttl_seconds" }],
    });
    expect(network.sent).toHaveLength(1);
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("leaves nothing registered when its signal is aborted", async () => {
    const network = new Network();
    const controller = new AbortController();
    const joining = clientOver(network).join(SCOUT, { signal: controller.signal });
    controller.abort(new Error("changed my mind"));
    await expect(network.until(joining)).rejects.toThrow("changed my mind");
    expect((await network.registry.get(PATH)).status).toBe(404);
    expect(network.clock.pendingTimers).toBe(0);
  });
});
