import { expect, it } from "vitest";
import type { WatchOptions, WatchQuery } from "../../src/client/watch.ts";
import { watchingClient } from "../support/client.ts";
import { Network, type Weather } from "../support/network.ts";

const AGENT = { ttl_seconds: 86_400, heartbeat_interval_seconds: 43_200, capabilities: ["x"] };

/** What a watch yields, by ids and loads, until it is stopped; and how it ended. */
function watching(
  query: WatchQuery = { capability: ["x"] },
  options: WatchOptions = {},
  weather: Network["weather"] = { kind: "fine" },
) {
  const network = new Network();
  network.weather = weather;
  const statuses: number[] = [];
  const client = watchingClient(network, {
    onResponse: ({ url, status }) => void (url.includes("/v1/discover") && statuses.push(status)),
  });
  const controller = new AbortController();
  const seen: string[] = [];
  const ended = (async () => {
    for await (const agents of client.watch(query, { signal: controller.signal, ...options }))
      seen.push(agents.map(({ id, current_load }) => `${id}:${current_load}`).join(" "));
  })();
  ended.catch(() => undefined);
  return {
    network,
    statuses,
    seen,
    ended,
    stop: () => controller.abort(),
    /** When it looked, ms. */
    looked: () => network.sent.flatMap(({ path, at }) => (path.startsWith("/v1/discover") ? [at] : [])),
  };
}

it("yields who is there at once, and again when that changes, not when time passes", async () => {
  const { network, statuses, seen, ended, looked, stop } = watching();
  const { registry } = network;
  await network.settle();
  expect(seen).toEqual([""]);
  const { lease_token } = await registry.register({ ...AGENT, id: "a" });
  await registry.register({ ...AGENT, id: "z", capabilities: ["y"] });
  await network.pass(5000);
  await network.pass(60_000);
  expect(seen.splice(0)).toEqual(["", "a:0"]);
  // One request at a time waits, which here is one a second.
  expect(network.sent.length - looked().length).toBeLessThanOrEqual(66);
  expect(statuses.splice(0)).toEqual([200, 200, ...Array.from({ length: 13 }, () => 304)]);
  await registry.heartbeat("a", lease_token, { current_load: 2 });
  await network.pass(5000);
  await registry.call("DELETE", "/v1/agents/a");
  await network.pass(5000);
  expect(seen).toEqual(["a:2", ""]);
  stop();
  await ended;
  expect(network.clock.pendingTimers).toBe(0);
});

it("sees after a second who registered or reported another status, and a load when it looks next", async () => {
  const { network, seen, stop } = watching();
  const { registry } = network;
  await network.pass(1000);
  const { lease_token } = await registry.register({ ...AGENT, id: "a" });
  await network.pass(1000);
  expect(seen).toEqual(["", "a:0"]);
  await registry.heartbeat("a", lease_token, { current_load: 2 });
  await network.pass(4000);
  expect(seen).toEqual(["", "a:0"]);
  await network.pass(1000);
  expect(seen.splice(0)).toEqual(["", "a:0", "a:2"]);
  await registry.heartbeat("a", lease_token, { status: "offline", current_load: 2 });
  await network.pass(1000);
  expect(seen).toEqual([""]);
  stop();
});

it("looks at most once a second for what it is told, however much changes", async () => {
  const { network, looked, stop } = watching();
  await network.pass(1000);
  const before = looked().length;
  for (let i = 0; i < 20; i += 1) {
    await network.registry.register({ ...AGENT, id: `a${i}` });
    await network.pass(250);
  }
  expect(looked().length - before).toBeLessThanOrEqual(5);
  stop();
});

it("asks for changes only while it is read", async () => {
  const network = new Network();
  const found = watchingClient(network).watch({ capability: "x" });
  await network.until(found.next());
  await network.pass(60_000);
  expect(network.sent.filter(({ path }) => path.startsWith("/v1/watch"))).toEqual([]);
  expect(network.clock.pendingTimers).toBe(0);
});

it("asks for changes no sooner than the registry wants", async () => {
  const weather = (path: string): Weather =>
    path.startsWith("/v1/watch") ? { kind: "answer", status: 429, retryAfter: 60 } : { kind: "fine" };
  const { network, looked, stop } = watching(undefined, {}, weather);
  await network.pass(59_000);
  expect([network.sent.length - looked().length, looked().length]).toEqual([1, 12]);
  await network.pass(6000);
  expect(network.sent.length - looked().length).toBe(2);
  stop();
});

it("goes by its interval alone where the registry does not tell of changes", async () => {
  const weather = (path: string): Weather =>
    path.startsWith("/v1/watch") ? { kind: "answer", status: 404 } : { kind: "fine" };
  const { network, looked, seen, stop } = watching(undefined, {}, weather);
  await network.settle();
  await network.registry.register({ ...AGENT, id: "a" });
  await network.pass(20_000);
  expect([seen, looked()]).toEqual([
    ["", "a:0"],
    [0, 5000, 10_000, 15_000, 20_000],
  ]);
  expect(network.sent).toHaveLength(6);
  stop();
});

it("sees a change within the time that is asked for", async () => {
  const { network, seen, stop } = watching({}, { intervalMs: 200 });
  await network.settle();
  await network.registry.register({ ...AGENT, id: "a" });
  await network.pass(199);
  expect(seen).toEqual([""]);
  await network.pass(1);
  expect(seen).toEqual(["", "a:0"]);
  stop();
});

it("is quiet while the registry is out, asks ever less often, and goes on with what changed", async () => {
  const { network, seen, ended, looked, stop } = watching();
  await network.settle();
  await network.registry.register({ ...AGENT, id: "a" });
  network.weather = { kind: "cut" };
  await network.pass(120_000);
  const times = looked();
  // Half of each pause is random, and chance is 0.5 here.
  const pauses = times.slice(1).map((at, i) => at - times[i]!);
  expect(pauses).toEqual([1000, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500, 22_500]);
  expect(seen).toEqual([""]);
  network.weather = { kind: "fine" };
  await network.pass(30_000);
  expect(seen).toEqual(["", "a:0"]);
  const asked = looked().length;
  await network.pass(10_000);
  expect(looked().length).toBe(asked + 2);
  network.weather = { kind: "cut" };
  await network.pass(6000);
  const [failed, next] = looked().slice(asked + 2);
  expect(next! - failed!).toBe(750);
  stop();
  await ended;
});

it("ends by the signal also while it asks, and where its loop is left", async () => {
  const { network, ended, stop } = watching();
  await network.settle();
  network.weather = { kind: "stall" };
  await network.pass(6000);
  stop();
  await expect(ended).resolves.toBeUndefined();
  network.weather = { kind: "fine" };
  const { lease_token } = await network.registry.register({ ...AGENT, id: "a" });
  const left = (async () => {
    for await (const [agent] of watchingClient(network).watch()) if (agent?.current_load === 2) break;
  })();
  await network.pass(10_000);
  await network.registry.heartbeat("a", lease_token, { current_load: 2 });
  await network.until(left);
  await network.settle();
  expect(network.clock.pendingTimers).toBe(0);
});

it("rejects with what the registry refuses", async () => {
  const { ended } = watching({ limit: 0 });
  await expect(ended).rejects.toMatchObject({ code: "invalid_request" });
});

it("looks at every match, so that a sample is not taken for a change", async () => {
  const { network, seen, statuses, stop } = watching({ type: "worker", limit: 8 });
  for (let i = 0; i < 201; i += 1) await network.registry.register({ ...AGENT, id: `a${i}` });
  await network.pass(15_000);
  expect(seen.map((list) => list.split(" ").length).slice(-1)).toEqual([8]);
  expect(statuses.slice(-2)).toEqual([304, 304]);
  stop();
});
