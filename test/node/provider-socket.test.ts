import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createClient, type Registry } from "../../src/client/index.ts";
import { BridgeControl } from "../support/bridge-control.ts";
import { type Proxy, startProxy } from "../support/proxy.node.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

const SOON = { timeout: 20_000, interval: 20 };
const PAYLOAD = { payload: null, meta: { run_id: "run", session_id: "session" } };
const PREFIX = `t-${crypto.randomUUID()}`;

const bridge = new BridgeControl();
const workers: Record<string, RunningWorker> = {};
const proxies: Proxy[] = [];
beforeAll(async () => {
  const bundle = await buildWorker();
  const vars = { ACCESS: "open", PING_INTERVAL_SECONDS: "1" };
  const upstash = { UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token };
  const redis = { ...upstash, REDIS_PREFIX: PREFIX, REDIS_TIMEOUT_MS: "10000" };
  workers["embedded"] = await startWorker(bundle, vars);
  workers["redis"] = await startWorker(bundle, { ...vars, ...redis });
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});
afterAll(async () => {
  for (const worker of Object.values(workers)) await worker.stop();
});

/** A toolset with one tool, `add`, served through a proxy by a client of Node's. */
async function serving({ backend = "embedded", sockets = true } = {}) {
  const { url } = workers[backend]!;
  const proxy = await startProxy(url, { sockets });
  proxies.push(proxy);
  const namespace = crypto.randomUUID();
  const definition = { name: "sums", tools: { add: { payload_schema: {}, handle: () => "done" } } };
  const served = await createClient({ url: proxy.url, namespace }).serveToolset(definition);
  const caller: Registry = createClient({ url, namespace });
  const claims = (method: string) =>
    proxy.requests.filter((line) => line.startsWith(`${method} /v1/toolsets/sums/claims`)).length;
  return {
    proxy,
    served,
    caller,
    namespace,
    sockets: () => claims("GET"),
    polls: () => claims("POST"),
    pongs: () => proxy.requests.filter((line) => line.endsWith("/pong")).length,
    call: () => caller.callTool({ toolset: "sums", tool: "add", ...PAYLOAD }),
  };
}

it("gets pings and calls over one WebSocket, and never polls", async () => {
  const { served, sockets, polls, pongs, call } = await serving();
  for (let n = 0; n < 5; n += 1) expect((await call()).result).toBe("done");
  await expect.poll(pongs, SOON).toBeGreaterThan(2);
  expect([sockets(), polls()]).toEqual([1, 0]);
  await served.leave();
});

it("leaves at once, and is no consumer any more", async () => {
  const { served, caller } = await serving();
  expect((await caller.toolsets.load("sums")).consumers).toBe(1);
  await served.leave();
  await expect.poll(async () => (await caller.toolsets.load("sums")).consumers, SOON).toBe(0);
});

it("polls through a proxy that lets no WebSocket through", async () => {
  const { served, sockets, polls, call } = await serving({ sockets: false });
  expect((await call()).result).toBe("done");
  expect(sockets()).toBe(1);
  expect(polls()).toBeGreaterThan(0);
  await served.leave();
});

it("opens another socket when its connection was cut, and when the registry has started again", async () => {
  const { proxy, served, sockets, call } = await serving();
  proxy.cut();
  await expect.poll(sockets, SOON).toBe(2);
  expect((await call()).result).toBe("done");
  await workers["embedded"]!.restart(true);
  await expect.poll(sockets, SOON).toBeGreaterThan(2);
  expect((await call()).result).toBe("done");
  await served.leave();
});

it("registers again when a pong tells that the store has lost the toolset", async () => {
  const { served, caller, namespace, sockets, call } = await serving({ backend: "redis" });
  const keys = await bridge.raw<string[]>("KEYS", `${PREFIX}:${namespace}:*`);
  expect(keys.length).toBeGreaterThan(0);
  await bridge.raw("DEL", ...keys);
  await expect(caller.toolsets.get("sums")).rejects.toMatchObject({ code: "toolset_not_found" });
  const isHealthy = () =>
    caller.toolsets.get("sums").then(
      ({ health }) => health.healthy,
      () => false,
    );
  await expect.poll(isHealthy, SOON).toBe(true);
  expect((await call()).result).toBe("done");
  expect(sockets()).toBeGreaterThan(1);
  await served.leave();
});
