import { expect, it } from "vitest";
import type { ClientOptions } from "../../src/client/options.ts";
import { clientOver, pollingClient } from "../support/client.ts";
import { Network } from "../support/network.ts";

const CALLS = "/v1/toolsets/text/tools/it/calls";
const CALL = { toolset: "text", tool: "it", payload: null, meta: { run_id: "r", session_id: "s" } };

/** A healthy toolset whose provider has left, so that its calls wait; and a caller who may give up. */
async function waiting(options: Partial<ClientOptions> = {}) {
  const network = new Network();
  const tools = { it: { payload_schema: {}, handle: () => null } };
  const served = await network.until(pollingClient(network).serveToolset({ name: "text", tools }));
  await network.until(served.leave());
  const client = clientOver(network, options);
  const giveUp = new AbortController();
  const begin = () => {
    const called = client.callTool(CALL, { signal: giveUp.signal });
    return expect(called).rejects.toThrow("enough");
  };
  return {
    network,
    begin,
    giveUp: () => giveUp.abort(new Error("enough")),
    load: () => client.toolsets.load("text"),
    cancelled: () => network.sent.flatMap(({ path }) => (path.endsWith("/cancel") ? [path] : [])),
  };
}

it("cancels a call that its caller gives up", async () => {
  const { network, begin, giveUp, load } = await waiting();
  network.weather = (path) => ({ kind: path.includes("?wait=") ? "stall" : "fine" });
  const rejected = begin();
  await network.settle();
  expect(await load()).toMatchObject({ queued: 1 });
  giveUp();
  await rejected;
  expect(await load()).toMatchObject({ queued: 0 });
  expect(network.clock.pendingTimers).toBe(0);
});

it("cancels a call that is given up before the registry has answered", async () => {
  const answered = Promise.withResolvers<void>();
  const { network, begin, giveUp, load } = await waiting({
    fetch: (url, init) => {
      const sent = network.fetch(url, init);
      return url.endsWith(CALLS) ? sent.finally(() => answered.promise) : sent;
    },
  });
  const rejected = begin();
  await network.settle();
  expect(await load()).toMatchObject({ queued: 1 });
  giveUp();
  answered.resolve();
  await rejected;
  expect(await load()).toMatchObject({ queued: 0 });
  expect(network.clock.pendingTimers).toBe(0);
});

it.each([
  { silent: "does not confirm the cancellation", isCallTaken: true, cancellations: 1 },
  { silent: "has not answered the call", isCallTaken: false, cancellations: 0 },
])("waits 2 s and no longer when it gives up, where the registry $silent", async (silence) => {
  const { network, begin, giveUp, cancelled } = await waiting();
  network.weather = (path) => ({ kind: path === CALLS && silence.isCallTaken ? "fine" : "stall" });
  const rejected = begin();
  await network.settle();
  giveUp();
  const since = network.clock.elapsed;
  await network.until(rejected);
  expect(network.clock.elapsed - since).toBe(2000);
  expect(cancelled()).toHaveLength(silence.cancellations);
});

it("makes no call after it was given up", async () => {
  const { network, begin, giveUp, load, cancelled } = await waiting();
  network.weather = { kind: "cut" };
  const rejected = begin();
  await network.pass(100);
  giveUp();
  network.weather = { kind: "fine" };
  await rejected;
  await network.pass(60_000);
  expect(await load()).toMatchObject({ queued: 0 });
  expect(cancelled()).toEqual([]);
});
