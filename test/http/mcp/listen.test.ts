import { describe, expect, it } from "vitest";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { type Json, requestOf, resultOf, rpc, type RpcAnswer, type Sent } from "../../support/mcp.ts";
import { outlinesOf } from "../../../src/registry/toolsets/outlines.ts";
import type { Store } from "../../../src/store/store.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { START } from "../../support/start.ts";
import { BACKENDS, embeddedBackend, redisBackend } from "../../support/stores.ts";
import { ECHO, openToolsets, type Toolsets } from "../../support/toolsets.ts";

const ID = "io.modelcontextprotocol/subscriptionId";
const TOOLS = { notifications: { toolsListChanged: true } };
const LOOK_MS = 5000;
const MINUTE = 60_000;

type Message = RpcAnswer & { method?: string; params?: Json };

/** A registry whose waits are over when the test says so, and clients that listen. */
function open(options: Parameters<typeof openToolsets>[0] = {}) {
  const held = new ManualPause();
  const registry = openToolsets({ ...options, pause: held.pause });
  const listeners: (() => Promise<Message | null | undefined>)[] = [];
  let paused = 0;
  /** Listens; its first message. */
  const listen = async (sent: Sent = {}): Promise<Message> => {
    const next = await listenTo(registry, sent);
    listeners.push(next);
    return (await next())!;
  };
  /** What each listener gets next: a message, null for a sign of life, undefined at the end. */
  const read = () => Promise.all(listeners.map((next) => next()));
  /** What each gets at its next look. */
  const look = async () => {
    paused += listeners.length;
    await held.begun(paused);
    await registry.pass(LOOK_MS);
    held.end();
    return read();
  };
  const methods = async () => (await look()).map((message) => message?.method ?? null);
  return { registry, listen, read, look, methods };
}

async function listenTo(registry: Toolsets, sent: Sent): Promise<() => Promise<Message | null | undefined>> {
  const { body, headers } = requestOf("subscriptions/listen", { params: TOOLS, ...sent });
  const response = await registry.fetch(sent.url ?? "/mcp", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  return async () => {
    const { value, done } = await reader.read();
    if (done) return undefined;
    return value.startsWith(":") ? null : (JSON.parse(value.slice(value.indexOf("data: ") + 6)) as Message);
  };
}

const CHANGED = "notifications/tools/list_changed";

describe.each(BACKENDS)(
  "a client that listens for changes of the list of tools, $backend",
  ({ openBackend }) => {
    it("is told of each change once, and of nothing else", async () => {
      const { registry, listen, look, methods } = open({ backend: openBackend() });
      const token = await registry.serve();
      expect(await listen({ id: "l-1" })).toEqual({
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: { ...TOOLS, _meta: { [ID]: "l-1" } },
      });
      expect(await look()).toEqual([null]);
      // A pong.
      await registry.attach(token);
      expect(await look()).toEqual([null]);
      // Nothing of it is in the list until it has answered a ping.
      const other = await registry.offer({ name: "other" });
      expect(await look()).toEqual([null]);
      await registry.attach(other, "other");
      expect(await look()).toEqual([{ jsonrpc: "2.0", method: CHANGED, params: { _meta: { [ID]: "l-1" } } }]);
      expect(await look()).toEqual([null]);
      // Amended without a change, and with one.
      await registry.offer({ version: "2.0.0" }, { "Lease-Token": token });
      expect(await methods()).toEqual([null]);
      await registry.offer({ tools: [{ ...ECHO, description: "Says it." }] }, { "Lease-Token": token });
      expect(await methods()).toEqual([CHANGED]);
      const removed = await registry.call("DELETE", "/v1/toolsets/tools", undefined, {
        "Lease-Token": token,
      });
      expect(removed.status).toBe(204);
      expect(await methods()).toEqual([CHANGED]);
    });

    it("is told when a toolset has been silent for too long to be listed, and when its provider is back", async () => {
      const { registry, listen, methods } = open({ backend: openBackend() });
      const token = await registry.serve();
      await registry.pass(15 * MINUTE - LOOK_MS);
      await listen();
      expect(await methods()).toEqual([null]);
      expect(await methods()).toEqual([CHANGED]);
      await registry.attach(token);
      expect(await methods()).toEqual([CHANGED]);
    });
  },
);

describe("a client that listens for changes of the list of tools", () => {
  it("is told of what is in its own list alone", async () => {
    const writer: TestKey = { name: "writer", token: "w".repeat(32), scopes: ["read", "write"] };
    const reader: TestKey = { name: "reader", token: "r".repeat(32), scopes: ["read"] };
    const { registry, listen, methods } = open({ access: await keysAccess([writer, reader]) });
    const key = bearer(writer.token);
    const serve = async (fields: Json) => {
      const token = await registry.offer(fields, key);
      const claim = { consumer: "c", max: 1 };
      const as = { ...key, "Lease-Token": token };
      const path = `/v1/toolsets/${fields["name"] as string}`;
      const { body } = await registry.post<{ messages: [{ ping_id: string }] }>(`${path}/claims`, claim, as);
      await registry.post(`${path}/pong`, { ping_id: body.messages[0].ping_id }, as);
    };
    await serve({ name: "a", tags: ["x"] });
    for (const url of ["/mcp", "/mcp?tag=x", "/mcp/toolsets/a", "/mcp?healthy=true", "/mcp?tools=find"])
      await listen({ url, headers: key });
    await listen({ headers: bearer(reader.token) });
    expect(await methods()).toEqual([null, null, null, null, null, null]);
    await serve({ name: "b" });
    expect(await methods()).toEqual([CHANGED, null, null, CHANGED, null, null]);
    await serve({ name: "c", tags: ["x"] });
    expect(await methods()).toEqual([CHANGED, CHANGED, null, CHANGED, null, null]);
    // All are unhealthy now, and still listed.
    await registry.pass(MINUTE);
    expect(await methods()).toEqual([null, null, null, CHANGED, null, null]);
  });

  it("is told of no other list, and of none that it did not ask for", async () => {
    const { registry, listen, look } = open();
    const asked = { toolsListChanged: false, promptsListChanged: true, resourceSubscriptions: ["a:b"] };
    expect((await listen({ id: 7, params: { notifications: asked } })).params).toEqual({
      notifications: {},
      _meta: { [ID]: 7 },
    });
    await registry.serve();
    expect(await look()).toEqual([null]);
  });

  it("is sent away after ten minutes, with a result that says so", async () => {
    const { listen, look, read } = open();
    await listen({ id: "l" });
    for (let ms = 0; ms < 10 * MINUTE; ms += LOOK_MS) expect(await look()).toEqual([null]);
    expect(await read()).toEqual([
      {
        jsonrpc: "2.0",
        id: "l",
        result: { resultType: "complete", _meta: expect.objectContaining({ [ID]: "l" }) as unknown },
      },
    ]);
    expect(await read()).toEqual([undefined]);
  });

  it.each([{}, { notifications: true }, { notifications: { toolsListChanged: "yes" } }])(
    "is refused a filter that is none: %j",
    async (params) => {
      const { status, body } = await rpc(openToolsets(), "subscriptions/listen", { params });
      expect([status, body.error?.code]).toEqual([200, -32602]);
    },
  );

  it("is known to be able to by what the server says of itself, in the era that has it", async () => {
    const registry = openToolsets();
    const { capabilities } = await resultOf(registry, "server/discover");
    expect(capabilities).toMatchObject({ tools: { listChanged: true } });
    const legacy = await resultOf(registry, "initialize", { era: "legacy" });
    expect(legacy["capabilities"]).toEqual({ tools: {} });
    const { body } = await rpc(registry, "subscriptions/listen", { era: "legacy", params: TOOLS });
    expect(body.error?.code).toBe(-32601);
  });
});

describe.each(BREAKABLE)("a store that fails, $name", ({ openBreakable }) => {
  it("ends what listens with an error, and listens to nobody", async () => {
    const { backend, fail } = openBreakable();
    const { registry, listen, look } = open({ backend });
    await listen({ id: "l" });
    await fail();
    const error = { code: -32603, data: expect.objectContaining({ code: "store_unavailable" }) as unknown };
    expect(await look()).toEqual([
      { jsonrpc: "2.0", id: "l", error: expect.objectContaining(error) as unknown },
    ]);
    const { status, body } = await rpc(registry, "subscriptions/listen", { params: TOOLS });
    expect([status, body.error]).toEqual([503, expect.objectContaining(error)]);
  });
});

describe("what listening costs", () => {
  it("is one command to Redis in five seconds, however many listen", async () => {
    const backend = redisBackend();
    const { bridge } = backend;
    const { registry, listen, look } = open({ backend });
    await registry.serve();
    await registry.serve({ name: "other" });
    const all = Array.from({ length: 20 }, (_, id) => listen({ id }));
    const once = { requests: 1, commands: 1 };
    expect(await bridge.cost(() => Promise.all(all))).toMatchObject(once);
    // The documents are known by now: what comes back names them, and has the pulses.
    await look();
    expect(await bridge.cost(look)).toMatchObject(once);
  });

  it("is no wait for a request that is gone in the middle of its look", async () => {
    const held = new ManualPause();
    const store = embeddedBackend().open("default");
    let now = START;
    let looks = 0;
    const gone = new Promise<never>(() => {});
    const sample = ((...query: Parameters<Store["sample"]>) =>
      (looks += 1) === 1 ? gone : store.sample(...query)) as Store["sample"];
    const outlines = outlinesOf({ ...store, sample }, { clock: () => now, pause: held.pause });
    void outlines();
    now += 1000;
    const second = outlines();
    expect(await held.begun()).toEqual([4000]);
    now += 4000;
    held.end();
    expect(await second).toEqual({ at: START + 5000, toolsets: [] });
  });
});
