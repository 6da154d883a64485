import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { legacyList } from "../../src/http/answers/legacy.ts";
import { BridgeControl } from "../support/bridge-control.ts";
import { apiKeys } from "../support/keys.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/python", import.meta.url));
/** With what a URL has other meanings for, as `openssl rand -base64` makes it. */
const KEY = "a/b+c@d:e==";
const SOON = { timeout: 20_000, interval: 50 };

const bridge = new BridgeControl();
const workers: Record<string, RunningWorker> = {};
const running: ChildProcess[] = [];

beforeAll(async () => {
  const vars = {
    API_KEYS: await apiKeys([{ name: "agents", token: KEY, scopes: ["read", "write"] }]),
    HEARTBEAT_INTERVAL_SECONDS: "1",
    REDIS_PREFIX: `t-${crypto.randomUUID()}`,
  };
  const upstash = { UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token };
  const bundle = await buildWorker();
  workers["embedded"] = await startWorker(bundle, vars);
  workers["redis"] = await startWorker(bundle, { ...vars, ...upstash });
});
afterAll(async () => {
  for (const program of running) program.kill("SIGKILL");
  await Promise.all(Object.values(workers).map((worker) => worker.stop()));
});

/** The URL with a key in it, as the helper is given it. */
const withKey = (url: string, key: string) => url.replace("//", `//agent:${encodeURIComponent(key)}@`);

async function ask(worker: string, method: string, path: string): Promise<unknown> {
  const headers = { Authorization: `Bearer ${KEY}` };
  return (await fetch(`${workers[worker]!.url}${path}`, { method, headers })).json();
}
const agents = async (worker: string) => legacyList.parse(await ask(worker, "GET", "/agents/")).agents;

interface Program {
  /** What it has logged. */
  log: () => string;
  /** Sends SIGTERM. @returns the exit code */
  stop: () => Promise<number | null>;
}

function start(worker: string, key = KEY): Program {
  const env = { ...process.env, ORCHESTRATOR_URL: withKey(workers[worker]!.url, key) };
  const program = spawn("python3", ["agent.py"], { cwd: EXAMPLE, env, stdio: ["ignore", "ignore", "pipe"] });
  running.push(program);
  let log = "";
  program.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  return {
    log: () => log,
    async stop() {
      program.kill("SIGTERM");
      const [code] = (await once(program, "exit")) as [number | null];
      return code;
    },
  };
}

/** The rest of a life that has begun: found, heard, forgotten and back, and stopped. */
async function expectLife(expect: ExpectStatic, worker: string, program: Program): Promise<void> {
  await expect.poll(() => agents(worker), SOON).toHaveLength(1);
  const [first] = await agents(worker);
  expect(first).toMatchObject({
    name: "cost-agent-1",
    type: "cost",
    host: "localhost",
    port: 8001,
    capabilities: ["spot_migration", "reserved_instances"],
    status: "healthy",
    version: "1.0.0",
    metadata: { zone: "a" },
  });
  await expect
    .poll(async () => (await agents(worker)).map(({ last_seen }) => last_seen), SOON)
    .not.toEqual([first!.last_seen]);

  await ask(worker, "POST", `/agents/${first!.id}/unregister`);
  await expect.poll(() => agents(worker), SOON).toEqual([expect.objectContaining({ status: "healthy" })]);
  expect((await agents(worker))[0]?.id).not.toBe(first!.id);

  expect(await program.stop()).toBe(0);
  expect(await agents(worker)).toEqual([]);
  expect(program.log()).not.toContain(KEY);
}

describe.concurrent("the Python example, with a key in its URL", () => {
  it("calls in, registers again when it is forgotten, and leaves on SIGTERM [2-30, 2-31]", ({ expect }) =>
    expectLife(expect, "embedded", start("embedded")));

  it("does so on Redis too, and registers once a registry that was out is back", async ({ expect }) => {
    await bridge.fail({ kind: "status", status: 500 });
    const program = start("redis");
    await expect.poll(program.log, SOON).toContain("not registered: 503");
    await bridge.heal();
    await expectLife(expect, "redis", program);
  });

  it("says that its key is not known, and ends all the same", async ({ expect }) => {
    const program = start("embedded", "another key");
    await expect.poll(program.log, SOON).toContain("not registered: 401");
    expect(await program.stop()).toBe(0);
  });

  it("says False, and raises nothing, where nobody answers", async ({ expect }) => {
    const code =
      "from registration import AgentRegistration as A; " +
      "a = A('a', 'cost', 'h', 1, [], orchestrator_url='http://agent:k@127.0.0.1:1/'); " +
      "print(a.register(), a.agent_id); a.unregister()";
    const { stdout } = await promisify(execFile)("python3", ["-c", code], { cwd: EXAMPLE });
    expect(stdout.trim()).toBe("False None");
  });
});
