import { describe, expect, it } from "vitest";
import { RollcallError } from "../../src/client/problem.ts";
import type { Registry as Client } from "../../src/client/registry.ts";
import type { ToolsetRegistration } from "../../src/client/shapes.ts";
import { endpoints } from "../../src/http/routes.ts";
import { clientOver } from "../support/client.ts";
import { keysAccess } from "../support/keys.ts";
import { Network } from "../support/network.ts";
import { answersOf, RESIDENT, registerResident } from "../support/samples.ts";

const { id, service } = RESIDENT;

const TOOLSET: ToolsetRegistration = {
  name: "text",
  tags: ["demo", "text"],
  tools: [{ name: "upper", payload_schema: {}, result_schema: { type: "string" } }],
};
const SUBSCRIPTION = { url: "https://receiver.example/hooks" };
const callUpper = (client: Client) =>
  client.toolsets.call("text", "upper", { payload: "a", meta: { run_id: "r", session_id: "s" } });

/** Registers the toolset and answers its first ping. */
async function provide(client: Client) {
  const { lease_token: leaseToken } = await client.toolsets.register(TOOLSET);
  const { messages } = await client.toolsets.claim(
    "text",
    { consumer: "c", max: 1, wait: 0 },
    { leaseToken },
  );
  const [ping] = messages.filter((message) => message.type === "ping");
  return { leaseToken, pong: await client.toolsets.pong("text", ping!.ping_id, { leaseToken }) };
}

async function claim(client: Client, leaseToken: string): Promise<string> {
  const { messages } = await client.toolsets.claim(
    "text",
    { consumer: "c", max: 1, wait: 0 },
    { leaseToken },
  );
  return messages.filter((message) => message.type === "call")[0]!.claim_id;
}

/** One call for every operation, with all that it takes. */
const CALLS: Record<string, (client: Client, leaseToken: string) => Promise<unknown>> = {
  registerAgent: (client) =>
    client.agents.register({ name: "n", type: "t", capabilities: ["a", { name: "b" }] }),
  watchAgents: ({ agents }) => agents.changes({ capability: "spot", wait: 0 }),
  listAgents: (client) =>
    client.agents.list({ type: "t", capability: ["a", "b"], tag: "x", status: "available", limit: 5 }),
  getAgent: (client) => client.agents.get(id),
  heartbeat: (client, leaseToken) => client.agents.heartbeat(id, { status: "busy" }, { leaseToken }),
  heartbeats: (client, lease_token) => client.agents.heartbeats([{ id, lease_token, current_load: 2 }]),
  drainAgent: (client, leaseToken) => client.agents.drain(id, { leaseToken }),
  cancelDrain: (client) => client.agents.cancelDrain(id),
  agentEvents: (client) => client.agents.events(id, { limit: 5 }),
  importAgents: (client) =>
    client.agents.import([{ type: "skill", name: "s", activated: true }], { static: true }),
  discover: (client) =>
    client.discover({
      capability: "spot",
      tag: ["eu"],
      min_health_score: 0.5,
      max_load_ratio: 1,
      explain: true,
      exact: true,
    }),
  listCapabilities: (client) => client.capabilities(),
  stats: (client) => client.stats(),
  marker: (client) => client.marker(),
  listServiceNames: (client) => client.services.names({ prefix: "l" }),
  statsHistory: (client) => client.statsHistory(),
  listAlerts: (client) => client.alerts(),
  listEvents: (client) => client.events({ limit: 10 }),
  sweep: (client) => client.sweep({ olderThanSeconds: 60 }),
  exportAll: ({ backup }) => backup.part({ cursor: null }).then(({ lines }) => lines),
  restore: ({ backup }) => backup.restore(['{"kind":"drain","agent_id":"a"}'], { dryRun: true }),
  unregisterAgents: (client) => client.agents.unregisterAll("agent/", { dry_run: true }),
  createKey: (client) => client.keys.create({ name: "new", scopes: ["read"] }),
  listKeys: (client) => client.keys.list(),
  rotateKey: async ({ keys }) =>
    keys.rotate((await keys.create({ name: "old", scopes: ["read"] })).id, { overlapSeconds: 0 }),
  revokeKey: async ({ keys }) => keys.revoke((await keys.create({ name: "old", scopes: ["read"] })).id),
  subscribe: (client) =>
    client.subscriptions.create({ ...SUBSCRIPTION, types: ["lapsed"], filter: { prefix: "agent/" } }),
  listSubscriptions: (client) => client.subscriptions.list(),
  getSubscription: async ({ subscriptions }) =>
    subscriptions.get((await subscriptions.create(SUBSCRIPTION)).id),
  rotateSubscription: async ({ subscriptions }) =>
    subscriptions.rotate((await subscriptions.create(SUBSCRIPTION)).id, { overlapSeconds: 0 }),
  testSubscription: async ({ subscriptions }) =>
    subscriptions.test((await subscriptions.create(SUBSCRIPTION)).id),
  unsubscribe: async ({ subscriptions }) =>
    subscriptions.remove((await subscriptions.create(SUBSCRIPTION)).id),
  whoAmI: (client) => client.whoami(),
  resolveService: (client) =>
    client.services.resolve(service, {
      handler: "h",
      capability: [],
      exclude: ["x", "y"],
      fallback_to_global: true,
      explain: true,
      dry_run: true,
    }),
  listSelections: (client) => client.services.selections(service, { limit: 3 }),
  reportOutcomes: (client) =>
    client.services.reportAll([{ service, provider_id: id, success: true, latency_ms: 2 }]),
  servicesReady: (client) => client.services.ready([service], { timeoutSeconds: 0 }),
  checkServices: (client) => client.services.checkHealth(),
  listServices: (client) => client.services.list({ handler: "h", service_type: service }),
  servicesHealth: (client) => client.services.health(),
  selectionLogic: (client) => client.services.selectionLogic(),
  setServicePriority: (client) =>
    client.services.setPriority(id, { priority: "high" }, { filter: { service_type: service } }),
  resetCircuitBreakers: (client) => client.services.resetBreakers({ service_type: service }),
  registerToolset: (client) => client.toolsets.register(TOOLSET),
  listToolsets: async (client) => {
    await client.toolsets.register(TOOLSET);
    return client.toolsets.list({ tag: ["demo", "text"], healthy: false });
  },
  searchToolsets: (client) => client.toolsets.search("x", { healthy: true }),
  toolsetEvents: async (client) => {
    await provide(client);
    return client.toolsets.events("text");
  },
  getToolset: async (client) => {
    await client.toolsets.register(TOOLSET);
    return client.toolsets.get(TOOLSET.name);
  },
  unregisterToolset: async (client) => {
    const { lease_token: leaseToken } = await client.toolsets.register(TOOLSET);
    return client.toolsets.unregister(TOOLSET.name, { leaseToken });
  },
  claimCalls: async (client) => {
    const { lease_token: leaseToken } = await client.toolsets.register(TOOLSET);
    return client.toolsets.claim(TOOLSET.name, { consumer: "c", max: 0, wait: 0 }, { leaseToken });
  },
  pong: (client) => provide(client).then(({ pong }) => pong),
  toolsetLoad: async (client) => {
    await provide(client);
    return client.toolsets.load(TOOLSET.name);
  },
  callTool: (client) => provide(client).then(() => callUpper(client)),
  callResult: async (client) => {
    await provide(client);
    const { call_id } = await callUpper(client);
    return client.toolsets.result(TOOLSET.name, call_id, { wait: 0 });
  },
  cancelCall: async (client) => {
    await provide(client);
    const { call_id } = await callUpper(client);
    return client.toolsets.cancel(TOOLSET.name, call_id);
  },
  sendDelta: async (client) => {
    const { leaseToken } = await provide(client);
    const { call_id } = await callUpper(client);
    const claim_id = await claim(client, leaseToken);
    const delta = { claim_id, stream: "stdout", delta: "a", seq: 1 };
    return client.toolsets.delta(TOOLSET.name, call_id, delta, { leaseToken });
  },
  settleCall: async (client) => {
    const { leaseToken } = await provide(client);
    const { call_id } = await callUpper(client);
    const claim_id = await claim(client, leaseToken);
    return client.toolsets.settle(TOOLSET.name, call_id, { claim_id, result: "A" }, { leaseToken });
  },
  health: (client) => client.health(),
  ready: (client) => client.ready(),
  unregisterAgent: (client, leaseToken) => client.agents.unregister(id, { leaseToken }),
};

describe("the client", () => {
  it("has a method for every operation but those of the older APIs, MCP, the sockets, the metrics and the document", async () => {
    const others = new Set(["metrics", "openProviderSocket", "openPresence"]);
    const wanted = endpoints.filter(
      ({ dialect, group, operationId }) => dialect !== "bare" && group !== "mcp" && !others.has(operationId),
    );
    expect(Object.keys(CALLS).toSorted()).toEqual(wanted.map(({ operationId }) => operationId).toSorted());
    for (const [operation, call] of Object.entries(CALLS)) {
      const network = new Network();
      const { lease_token } = await registerResident(network.registry);
      const answer = await network.until(call(clientOver(network), lease_token));
      const { method, path } = network.sent.at(-1)!;
      const declared = wanted.find(({ operationId }) => operationId === operation)!;
      expect(method).toBe(declared.method);
      expect(path.split("?")[0]).toMatch(new RegExp(`^${declared.path.replace(/:\w+/g, "[^/]+")}$`));
      const shape = Object.values(answersOf({ operation })).map(({ body, lines }) => body ?? lines?.array());
      expect(shape.some((body) => (body ? body.safeParse(answer).success : answer === undefined))).toBe(true);
    }
  });

  it("reads every page", async () => {
    const network = new Network();
    for (let i = 0; i < 205; i += 1) await network.registry.register({ id: `a${1000 + i}` });
    const seen: string[] = [];
    for await (const agent of clientOver(network).agents.all()) seen.push(agent.id);
    expect(seen).toHaveLength(205);
    expect(network.sent).toHaveLength(2);
  });

  it("sends its key and its namespace", async () => {
    const access = await keysAccess([{ name: "k", token: "secret", scopes: ["read"] }]);
    const network = new Network({ access });
    await expect(clientOver(network, { key: "secret" }).stats()).resolves.toBeDefined();
    await expect(clientOver(network, { key: "wrong" }).stats()).rejects.toMatchObject({
      code: "unauthorized",
    });
    const inUrl = (url: string, key?: string) => clientOver(network, { url, key }).stats();
    await expect(inUrl("http://agent:secret@registry.test")).resolves.toBeDefined();
    await expect(inUrl("http://a@b:%73ecret@registry.test/")).resolves.toBeDefined();
    await expect(inUrl("http://agent:wrong@registry.test", "secret")).resolves.toBeDefined();
    await expect(inUrl("http://secret@registry.test")).rejects.toMatchObject({ code: "unauthorized" });
    expect(new Set(network.sent.map(({ path }) => path))).toEqual(new Set(["/v1/stats"]));
    const open = new Network();
    await clientOver(open, { namespace: "elsewhere" }).agents.register({ name: "n", type: "t" });
    expect(await clientOver(open).stats()).toMatchObject({ total_components: 0 });
    expect(await clientOver(open, { namespace: "elsewhere" }).stats()).toMatchObject({ total_components: 1 });
  });
});

describe("an error", () => {
  it("has a code, and everything that the registry says about it", async () => {
    const network = new Network();
    const client = clientOver(network);
    const refused = async (call: Promise<unknown>) => {
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof RollcallError)) throw new Error("not refused");
      return error;
    };
    const missing = await refused(client.agents.get("nobody"));
    expect(missing).toMatchObject({ code: "agent_not_found", status: 404, transient: false });
    expect(missing.message).toContain("nobody");
    expect(missing.requestId).toBeTypeOf("string");

    const invalid = await refused(client.discover({ limit: -1 }));
    expect(invalid.errors[0]?.pointer).toBe("/limit");

    await network.registry.register({ id: "p", status: "offline", services: [{ service: "llm" }] });
    const none = await refused(client.services.resolve("llm"));
    expect(none).toMatchObject({ code: "no_provider_available", transient: true, retryAfterMs: 1000 });
    expect(none.reasons[0]).toMatchObject({ id: "p" });

    const notReady = await refused(client.services.ready(["tts"], { timeoutSeconds: 0 }));
    expect(notReady).toMatchObject({ code: "services_not_ready", missing: ["tts"] });
  });

  it.each([
    { weather: { kind: "cut" }, code: "network", transient: true, status: 0 },
    { weather: { kind: "stall" }, code: "timeout", transient: true, status: 0 },
    { weather: { kind: "answer", status: 502 }, code: "unexpected_answer", transient: true, status: 502 },
    { weather: { kind: "answer", status: 404 }, code: "unexpected_answer", transient: false, status: 404 },
    { weather: { kind: "answer", status: 200 }, code: "unexpected_answer", transient: true, status: 200 },
  ] as const)("of the network is $code", async ({ weather, ...expected }) => {
    const network = new Network();
    network.weather = weather;
    await expect(network.until(clientOver(network).stats())).rejects.toMatchObject(expected);
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("is the reason of the signal, if the caller aborts the request", async () => {
    const network = new Network();
    network.weather = { kind: "stall" };
    const controller = new AbortController();
    const call = clientOver(network).stats({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(network.clock.pendingTimers).toBe(0);
  });
});

describe("following events", () => {
  it("goes on with the oldest event that is kept where the cursor is too old, as a number is", async () => {
    const network = new Network();
    const client = clientOver(network);
    await network.registry.register({ id: "a" });
    const controller = new AbortController();
    for await (const event of client.follow({ since: "120", signal: controller.signal })) {
      expect(event).toMatchObject({ id: "a", type: "registered" });
      controller.abort();
    }
    expect(controller.signal.aborted).toBe(true);
  });

  it("yields the events of one agent, or of some types, alone", async () => {
    const network = new Network();
    const client = clientOver(network);
    for (const name of ["a", "b", "a", "b"]) await network.registry.register({ id: name });
    for (const [filter, expected] of [
      [{ id: "b" }, ["b registered", "b replaced"]],
      [{ type: ["replaced", "lapsed"] }, ["a replaced", "b replaced"]],
    ] as const) {
      const controller = new AbortController();
      const seen: string[] = [];
      for await (const { id: who, type } of client.follow({ ...filter, signal: controller.signal }))
        if (seen.push(`${who} ${type}`) === expected.length) controller.abort();
      expect(seen).toEqual(expected);
      const { events } = await client.latestEvents(filter);
      expect(events.map(({ id: who, type }) => `${who} ${type}`)).toEqual(expected.toReversed());
    }
  });

  it("yields each event once and in order, over an outage, until the signal is aborted", async () => {
    const network = new Network();
    const client = clientOver(network);
    await network.registry.register({ id: "a" });
    const controller = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { id: who, type } of client.follow({ signal: controller.signal }))
        seen.push(`${who} ${type}`);
    })();
    await network.pass(1000);
    network.weather = { kind: "answer", status: 503 };
    await network.registry.register({ id: "b" });
    await network.pass(60_000);
    network.weather = { kind: "fine" };
    await network.pass(40_000);
    await network.registry.call("DELETE", "/v1/agents/a");
    await network.pass(2000);
    controller.abort();
    await following;
    expect(seen).toEqual(["a registered", "b registered", "a unregistered"]);
    expect(network.clock.pendingTimers).toBe(0);
  });
});
