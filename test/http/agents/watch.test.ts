import { describe, expect, it } from "vitest";
import type { AgentRecord } from "../../../src/core/agents/record.ts";
import { LOOK_EVERY_MS } from "../../../src/registry/marker.ts";
import { sweep } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

interface Changes {
  changes: ({ type: "updated"; agent: AgentRecord } | { type: "removed"; id: string })[];
  cursor: string;
  resync: boolean;
}

const watch = async (registry: Registry, query = ""): Promise<Changes> => {
  const { status, body } = await registry.get<Changes>(`/v1/watch?${query}`);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
};
const WHOLE = { status: "busy", current_load: 1 };
const told = ({ changes }: Changes) =>
  changes.map((change) =>
    change.type === "updated" ? `${change.agent.id} ${change.agent.status}` : `-${change.id}`,
  );

describe.each(BACKENDS)("a watch on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("begins where it is, and says that the list is to be read first", async () => {
    const registry = open();
    await registry.register({ id: "a" });
    const begun = await watch(registry);
    expect(begun).toMatchObject({ changes: [], resync: true });
    expect(await watch(registry, `since=${begun.cursor}`)).toEqual({ ...begun, resync: false });
  });

  it("tells each agent that changed once, as it is now, and who is gone", async () => {
    const registry = open();
    const { cursor } = await watch(registry);
    const a = await registry.register({ id: "a" });
    const b = await registry.register({ id: "b" });
    await registry.register({ id: "c" });
    await registry.heartbeat("a", a.lease_token, WHOLE);
    await registry.call("DELETE", "/v1/agents/b", undefined, { "Lease-Token": b.lease_token });
    const found = await watch(registry, `since=${cursor}`);
    expect(told(found)).toEqual(["a busy", "-b", "c available"]);
    expect(told(await watch(registry, `since=${found.cursor}`))).toEqual([]);
  });

  it("tells a change of status however it was reported, and of metadata and health, and no other heartbeat", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    let { cursor } = await watch(registry);
    const after = async (body: object) => {
      await registry.heartbeat("a", lease_token, body);
      const found = await watch(registry, `since=${cursor}`);
      ({ cursor } = found);
      return told(found);
    };
    expect(await after(WHOLE)).toEqual(["a busy"]);
    expect(await after({ ...WHOLE, current_load: 5 })).toEqual([]);
    expect(await after({ status: "degraded" })).toEqual(["a degraded"]);
    expect(await after({})).toEqual([]);
    expect(await after({ metadata: { x: 1 } })).toEqual(["a degraded"]);
    expect(await after({ metadata: { x: 1 } })).toEqual([]);
    expect(await after({ health_score: 0.5 })).toEqual(["a degraded"]);
  });

  it("keeps of an agent's flips within 5 s one event, the last, and goes on from those that were replaced", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const { cursor } = await watch(registry);
    const cursors: string[] = [];
    for (const status of ["busy", "available", "degraded", "busy"]) {
      await registry.heartbeat("a", lease_token, { status, current_load: 0 });
      cursors.push((await watch(registry, `since=${cursor}`)).cursor);
      await registry.pass(1000);
    }
    const events = async () => {
      const { body } = await registry.get<{ events: { status: string }[] }>("/v1/events?type=status_changed");
      return body.events.map(({ status }) => status);
    };
    expect(await events()).toEqual(["busy"]);
    for (const since of cursors.slice(0, 3)) {
      const found = await watch(registry, `since=${since}`);
      expect([found.resync, told(found)]).toEqual([false, ["a busy"]]);
    }
    await registry.pass(1000);
    await registry.heartbeat("a", lease_token, { status: "available", current_load: 0 });
    expect(await events()).toEqual(["busy", "available"]);
  });

  it("leaves out who does not match, and says of who no longer does that it is gone", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", capabilities: ["x"], tags: ["eu"] });
    const other = await registry.register({ id: "b", capabilities: ["y"] });
    const query = "capability=x&tag=eu";
    const { cursor } = await watch(registry, query);
    await registry.heartbeat("b", other.lease_token, WHOLE);
    expect(told(await watch(registry, `${query}&since=${cursor}`))).toEqual([]);
    await registry.heartbeat("a", lease_token, WHOLE);
    expect(told(await watch(registry, `${query}&since=${cursor}`))).toEqual(["a busy"]);
    await registry.register({ id: "a", capabilities: ["y"] }, { "Lease-Token": lease_token });
    expect(told(await watch(registry, `${query}&since=${cursor}`))).toEqual(["-a"]);
  });

  it("tells drains, silence and what lapsed", async () => {
    const registry = open();
    await registry.register({ id: "a", ttl_seconds: 60 });
    let { cursor } = await watch(registry);
    const next = async () => {
      const found = await watch(registry, `since=${cursor}`);
      ({ cursor } = found);
      return found.changes.map((change) =>
        change.type === "updated" ? change.agent.effective_status : `-${change.id}`,
      );
    };
    await registry.post("/v1/agents/a/drain");
    expect(await next()).toEqual(["draining"]);
    await registry.call("DELETE", "/v1/agents/a/drain");
    await registry.pass(46_000);
    await sweep(registry);
    expect(await next()).toEqual(["unreachable"]);
    await registry.pass(60_000);
    await sweep(registry);
    expect(await next()).toEqual(["-a"]);
  });

  it("says that the list is to be read again where the history is gone", async () => {
    const registry = open();
    await registry.register({ id: "a" });
    const { cursor } = await watch(registry);
    const { store } = registry.open("default");
    await registry.register({ id: "b" });
    await store.makeRoom();
    const elsewhere = open();
    await elsewhere.register({ id: "x" });
    expect((await watch(elsewhere, `since=${cursor}`)).resync).toBe(true);
    expect((await watch(registry, "since=7")).resync).toBe(true);
  });

  it("refuses what is no cursor, and waits of more than 30 s", async () => {
    const registry = open();
    expect((await registry.get("/v1/watch?since=nothing")).status).toBe(400);
    expect((await registry.get("/v1/watch?wait=31")).status).toBe(400);
  });

  it("waits until something is told", async () => {
    let changed = async () => {};
    const registry: Registry = new Registry({
      backend: openBackend(),
      pause: async (ms) => {
        await registry.pass(ms);
        await changed();
      },
    });
    const { lease_token } = await registry.register({ id: "a" });
    const { cursor } = await watch(registry);
    let looks = 0;
    changed = async () => {
      looks += 1;
      if (looks === 3) await registry.heartbeat("a", lease_token, WHOLE);
    };
    const found = await watch(registry, `since=${cursor}&wait=30`);
    expect(told(found)).toEqual(["a busy"]);
    expect(looks).toBeLessThanOrEqual(5);
    changed = async () => {};
    const before = registry.now;
    expect(told(await watch(registry, `since=${found.cursor}&wait=30`))).toEqual([]);
    expect(registry.now - before).toBe(30_000);
  });

  it("streams the same as events, and goes on after the last that was read", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const { cursor } = await watch(registry);
    await registry.heartbeat("a", lease_token, WHOLE);
    const first = async (headers: Record<string, string>, query = "") => {
      const headersSent = { Accept: "text/event-stream", ...headers };
      const { body } = await registry.fetch(`/v1/watch${query}`, { headers: headersSent });
      const reader = body!.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return new TextDecoder().decode(value);
    };
    const text = await first({}, `?since=${cursor}`);
    expect(text).toMatch(/^id: \S+\nevent: change\ndata: \{"changes":\[\{"type":"updated"/);
    const [, id] = /^id: (\S+)/.exec(text) ?? [];
    await registry.heartbeat("a", lease_token, { status: "available", current_load: 0 });
    expect(await first({ "Last-Event-ID": id! })).toContain('"status":"available"');
    expect(await first({})).toMatch(/\nevent: resync\n/);
  });
});

describe("the cost of a watch", () => {
  it("is a command a second and isolate, however many wait", async () => {
    const backend = redisBackend();
    const waiting: (() => void)[] = [];
    let arrived = () => {};
    const pause = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 20) arrived();
      });
    const registry = new Registry({ backend, pause });
    await registry.register({ id: "a" });
    const { cursor } = await watch(registry);
    let all = new Promise<void>((resolve) => (arrived = resolve));
    const answers = Array.from({ length: 20 }, () => watch(registry, `since=${cursor}&wait=10`));
    const goOn = async () => {
      all = new Promise<void>((resolve) => (arrived = resolve));
      for (const resume of waiting.splice(0)) resume();
      await all;
    };
    await all;
    const { commands } = await backend.bridge.cost(async () => {
      for (let second = 0; second < 9; second += 1) {
        await registry.pass(LOOK_EVERY_MS);
        await goOn();
      }
    });
    expect(commands).toBeLessThanOrEqual(9);
    expect(commands).toBeGreaterThan(5);
    await registry.pass(2 * LOOK_EVERY_MS);
    for (const resume of waiting.splice(0)) resume();
    expect((await Promise.all(answers)).map(({ changes }) => changes)).toEqual(answers.map(() => []));
  });

  it("is one trip and command for a heartbeat that changes no status, and one more for one that does", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a" });
    const cost = (status: string) =>
      backend.bridge.cost(() => registry.heartbeat("a", lease_token, { status, current_load: 2 }));
    await cost("busy");
    expect(await cost("busy")).toMatchObject({ requests: 1, commands: 1 });
    expect(await cost("available")).toMatchObject({ requests: 2, commands: 2 });
  });
});

describe("a change of status that cannot be told", () => {
  it("is told with the next heartbeat, and costs the first one nothing", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a" });
    const { cursor } = await watch(registry);
    await backend.bridge.fail({ kind: "status", after: 1 });
    expect((await registry.heartbeat("a", lease_token, WHOLE)).status).toBe(200);
    await backend.bridge.heal();
    expect(told(await watch(registry, `since=${cursor}`))).toEqual([]);
    await registry.heartbeat("a", lease_token, { ...WHOLE, current_load: 2 });
    expect(told(await watch(registry, `since=${cursor}`))).toEqual(["a busy"]);
  });
});
