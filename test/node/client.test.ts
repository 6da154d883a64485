import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/client/clock.ts";
import { createClient, type JoinedAgent, type Registration } from "../../src/client/index.ts";
import { registry } from "../../src/client/registry.ts";
import { BridgeControl } from "../support/bridge-control.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

/** The shortest lease, because these tests run in real time. */
const BRIEF: Registration = { name: "brief", type: "worker", ttl_seconds: 2, heartbeat_interval_seconds: 1 };
const SOON = { timeout: 20_000, interval: 50 };

const bridge = new BridgeControl();
let embedded: RunningWorker;
let redis: RunningWorker;

beforeAll(async () => {
  const vars = { ACCESS: "open", REDIS_TIMEOUT_MS: "300", REDIS_PREFIX: `t-${crypto.randomUUID()}` };
  const upstash = { UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token };
  const bundle = await buildWorker();
  embedded = await startWorker(bundle, vars);
  redis = await startWorker(bundle, { ...vars, ...upstash });
});
afterAll(async () => {
  await embedded.stop();
  await redis.stop();
});

const statusOf = async ({ url }: RunningWorker, { id }: JoinedAgent) =>
  createClient({ url, retries: 0 })
    .agents.get(id)
    .then(
      (found) => found.effective_status,
      (error: unknown) => (error as { code?: string }).code,
    );

/** "" for an agent that is gone. */
const lastSeen = async ({ url }: RunningWorker, { id }: JoinedAgent) =>
  createClient({ url, retries: 0 })
    .agents.get(id)
    .then(
      (found) => found.last_seen,
      () => "",
    );

describe("an agent and a running registry", () => {
  it.each([{ keep: true }, { keep: false }])(
    "outlives a restart (with what was kept: $keep)",
    async ({ keep }) => {
      await using agent = await createClient({ url: embedded.url }).join({ ...BRIEF, ttl_seconds: 30 });
      const first = agent.leaseToken;
      await embedded.restart(keep);
      const restarted = new Date().toISOString();
      await expect.poll(() => lastSeen(embedded, agent), SOON).toSatisfy((at) => at > restarted);
      expect(agent.state).toBe("joined");
      expect(agent.leaseToken).toBe(first);
    },
  );

  it("outlives a Redis that stalls until the lease has ended, without registering again", async () => {
    await using agent = await createClient({ url: redis.url }).join(BRIEF);
    const first = agent.leaseToken;
    await bridge.fail({ kind: "stall" });
    await expect.poll(() => statusOf(redis, agent), SOON).toBe("store_unavailable");
    await expect
      .poll(async () => bridge.raw("KEYS", "t-*:lease:*"), SOON)
      .not.toContainEqual(expect.stringContaining(agent.id));
    await bridge.heal();
    await expect.poll(() => statusOf(redis, agent), SOON).toBe("available");
    expect(agent.leaseToken).toBe(first);
  });

  it("ends when another process joins under its id", async () => {
    const client = createClient({ url: embedded.url });
    await using first = await client.join({ ...BRIEF, id: "worker/one" });
    await using second = await client.join({ ...BRIEF, id: "worker/one" });
    expect(await first.ended).toMatchObject({ reason: "lease_lost", error: { code: "lease_lost" } });
    expect(second.state).toBe("joined");
    expect(await statusOf(embedded, second)).toBe("available");
  });

  it.each([600_000, -600_000])("stays registered when the clock jumps by %i ms", async (jump) => {
    let offset = 0;
    const clock = { ...systemClock, now: () => Date.now() + offset };
    await using agent = await registry({ url: embedded.url }, clock).join(BRIEF);
    offset = jump;
    const before = await lastSeen(embedded, agent);
    await expect.poll(() => lastSeen(embedded, agent), SOON).not.toBe(before);
    expect(await statusOf(embedded, agent)).toBe("available");
  });

  it("reports its load, is found by it, and is gone after it leaves", async () => {
    const client = createClient({ url: redis.url });
    const agent = await client.join({ ...BRIEF, capabilities: ["translate"], max_concurrency: 10 });
    const found = async () => (await client.discover({ capability: "translate" })).agents.length;
    expect(await found()).toBe(1);
    agent.load = 9;
    await expect.poll(found, SOON).toBe(0);
    await agent.leave();
    expect(await statusOf(redis, agent)).toBe("agent_not_found");
  });
});

describe("a program that has joined", () => {
  const start = async (id: string): Promise<ChildProcess> => {
    const path = fileURLToPath(new URL("../support/joining.node.ts", import.meta.url));
    const program = spawn(process.execPath, [path, embedded.url, id], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(program.stdout, "data");
    return program;
  };

  it.each(["SIGTERM", "SIGINT"] as const)("unregisters on %s, and ends by it", async (signal) => {
    const id = `program/${signal}`;
    const client = createClient({ url: embedded.url });
    const program = await start(id);
    expect((await client.agents.get(id)).effective_status).toBe("available");
    program.kill(signal);
    const [, endedBy] = (await once(program, "exit")) as [number | null, string | null];
    expect(endedBy).toBe(signal);
    await expect(client.agents.get(id)).rejects.toMatchObject({ code: "agent_not_found" });
  });
});
