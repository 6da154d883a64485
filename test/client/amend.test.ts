import { expect, it } from "vitest";
import type { ServedTool, ServeOptions } from "../../src/client/served-toolset.ts";
import { pollingClient } from "../support/client.ts";
import { Network } from "../support/network.ts";
import { Registry } from "../support/registry.ts";

const META = { run_id: "r", session_id: "s" };

const answering = (answer: unknown, result_schema: Record<string, unknown> = {}): ServedTool => ({
  payload_schema: {},
  result_schema,
  handle: () => answer,
});

/** A toolset with one tool, `it`, that is healthy. */
async function serving(tool: ServedTool = answering("first"), options: ServeOptions = {}) {
  const network = new Network();
  const client = pollingClient(network);
  const served = await network.until(client.serveToolset({ name: "text", tools: { it: tool } }, options));
  return {
    network,
    client,
    served,
    /** Calls a tool; what is returned reads the outcome, a poll later. */
    call: async (name: string) => {
      const taken = await client.toolsets.call("text", name, { payload: null, meta: META });
      return async () => {
        await network.pass(1500);
        return client.toolsets.result("text", taken.call_id);
      };
    },
    tools: async () => (await client.toolsets.get("text")).tools.map(({ name }) => name),
    leave: async () => {
      await network.until(served.leave());
      expect(network.clock.pendingTimers).toBe(0);
    },
  };
}

it("amends without ending a call in hand, which goes on under its own schema", async () => {
  const free = Promise.withResolvers<string>();
  const { network, served, client, call, leave } = await serving({
    ...answering(null, { type: "string" }),
    handle: () => free.promise,
  });
  const before = await client.toolsets.get("text");
  const inHand = await call("it");
  await network.pass(2000);
  expect(served.running).toBe(1);
  const { leaseToken } = served;
  const tools = { it: answering(2, { type: "number" }), more: answering("more") };
  await served.amend({ description: "new", tools });
  expect(served.leaseToken).toBe(leaseToken);
  expect(await client.toolsets.get("text")).toMatchObject({
    description: "new",
    registered_at: before.registered_at,
    health: { healthy: true },
  });
  free.resolve("in hand");
  expect(await inHand()).toMatchObject({ status: "done", result: "in hand" });
  for (const [name, result] of [
    ["it", 2],
    ["more", "more"],
  ] as const) {
    const outcome = await call(name);
    expect(await outcome()).toMatchObject({ status: "done", result });
  }
  await leave();
});

it("carries out a call of a new tool that comes before the answer to the amendment", async () => {
  const { network, served, call, leave } = await serving();
  network.weather = (path) => ({ kind: path === "/v1/toolsets" ? "cut-reply" : "fine" });
  const amended = served.amend({ tools: { more: answering("more") } });
  await network.settle();
  const outcome = await call("more");
  expect(await outcome()).toMatchObject({ status: "done", result: "more" });
  network.weather = { kind: "fine" };
  await network.until(amended);
  await leave();
});

it("fails a call that waited for a tool which is gone", async () => {
  const { served, call, leave } = await serving();
  const outcome = await call("it");
  await served.amend({ tools: { other: answering("other") } });
  expect(await outcome()).toMatchObject({ status: "failed", error: { code: "execution_failed" } });
  await leave();
});

it("registers as amended when the registry has lost the toolset later", async () => {
  const { network, served, tools, leave } = await serving();
  await served.amend({ tools: { other: answering("other") } });
  network.registry = new Registry({ startAt: network.registry.now });
  await network.pass(5000);
  expect(await tools()).toEqual(["other"]);
  await leave();
});

it("restores as amended what the registry has lost already", async () => {
  const { network, served, tools, client, leave } = await serving();
  network.registry = new Registry({ startAt: network.registry.now });
  await served.amend({ tools: { other: answering("other") } });
  expect(await tools()).toEqual(["other"]);
  await network.pass(5000);
  expect(await tools()).toEqual(["other"]);
  expect((await client.toolsets.get("text")).health.healthy).toBe(true);
  await leave();
});

it("retries an amendment while the registry cannot be reached, and makes the next one after it", async () => {
  const { network, served, tools, leave } = await serving();
  let cuts = 1;
  network.weather = (path) => {
    if (path !== "/v1/toolsets" || cuts === 0) return { kind: "fine" };
    cuts -= 1;
    return { kind: "cut" };
  };
  const amended = [
    served.amend({ tools: { second: answering(2) } }),
    served.amend({ tools: { third: answering(3) } }),
  ];
  await network.until(Promise.all(amended));
  expect(cuts).toBe(0);
  expect(await tools()).toEqual(["third"]);
  await leave();
});

it("is not undone by the registration that it was made in the midst of", async () => {
  const { network, served, tools, leave } = await serving();
  network.registry = new Registry({ startAt: network.registry.now });
  network.weather = (path) => (path === "/v1/toolsets" ? { kind: "late", ms: 3000 } : { kind: "fine" });
  await network.pass(2000);
  expect(network.sent.at(-1)).toMatchObject({ path: "/v1/toolsets" });
  network.weather = { kind: "fine" };
  const amended = served.amend({ tools: { other: answering("other") } });
  await network.until(amended);
  await network.pass(10_000);
  expect(await tools()).toEqual(["other"]);
  await leave();
});

it("serves as before after a refused amendment, and registers so when the registry has lost it", async () => {
  const { network, served, tools, call, leave } = await serving();
  const refused = served.amend({ tools: { other: answering(1, { type: "text" }) } });
  await expect(refused).rejects.toMatchObject({ code: "invalid_request" });
  const outcome = await call("it");
  expect(await outcome()).toMatchObject({ status: "done", result: "first" });
  network.registry = new Registry({ startAt: network.registry.now });
  await network.pass(5000);
  expect(await tools()).toEqual(["it"]);
  await leave();
});

it("refuses to amend what another process has registered since", async () => {
  const { network, served, client } = await serving();
  const another = { name: "text", tools: [{ name: "theirs", payload_schema: {} }] };
  await network.pass(1);
  await client.toolsets.register(another);
  const amended = served.amend({ tools: { other: answering(1) } });
  await expect(amended).rejects.toMatchObject({ code: "lease_lost" });
  expect(await network.until(served.ended)).toMatchObject({ reason: "lease_lost" });
  expect(network.clock.pendingTimers).toBe(0);
});

it("gives an amendment up when it leaves", async () => {
  const { network, served, leave } = await serving();
  network.weather = { kind: "cut" };
  const amended = expect(served.amend({ tools: { other: answering(1) } })).rejects.toMatchObject({
    code: "network",
  });
  await network.pass(1);
  await leave();
  await amended;
});

it("registers the sound tools of several where it is to, and says which are refused", async () => {
  const { served, tools, leave } = await serving(answering("first"), { partial: true });
  expect(served.registered).not.toHaveProperty("refused");
  await served.amend({ tools: { odd: answering(1, { type: "text" }), sound: answering(2) } });
  expect(served.registered).toMatchObject({ refused: [{ index: 0, name: "odd", code: "invalid_request" }] });
  expect(await tools()).toEqual(["sound"]);
  await leave();
});
