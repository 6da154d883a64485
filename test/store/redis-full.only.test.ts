import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { Problem } from "../../src/core/problem.ts";
import { absent, EVENTS_SPARED, type Store } from "../../src/store/store.ts";
import { BridgeControl } from "../support/bridge-control.ts";
import { entryOf } from "../support/entries.ts";
import { Registry } from "../support/registry.ts";
import { redisBackend, TIMEOUT_MS } from "../support/stores.ts";
import { eventOf, historyOf, ref, T0 } from "./conformance/opened.ts";

const bridge = new BridgeControl(inject("fullBridgeUrl"));
const fill = () => bridge.raw("CONFIG", "SET", "maxmemory", 1);
const drain = () => bridge.raw("CONFIG", "SET", "maxmemory", 0);
afterEach(drain);

const open = () => redisBackend(TIMEOUT_MS, bridge);
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => "done",
    (reason: unknown) => (reason instanceof Problem ? reason.code : String(reason)),
  );
const write = (store: Store) =>
  store.commit([{ before: absent(ref("a")), after: entryOf({ id: "a" }, T0) }], T0);

describe("a store that says it is full", () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'",
    "ERR DB capacity quota exceeded",
    "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000",
    "ERR max requests limit exceeded",
  ])("is store_full to reads and writes, and asked once: %s", async (message) => {
    const shared = redisBackend();
    const store = shared.open("default");
    await shared.bridge.fail({ kind: "command-error", message });
    for (const call of [() => write(store), () => store.latest(1)]) {
      const { requests } = await shared.bridge.cost(async () => {
        expect(await codeOf(call())).toBe("store_full");
      });
      expect(requests).toBe(1);
    }
  });

  it("is not believed where the words are a caller's", async () => {
    const shared = redisBackend();
    await shared.bridge.fail({ kind: "command-error", message: "ERR syntax error near OOM command" });
    expect(await codeOf(shared.open("default").latest(1))).toBe("store_unavailable");
  });
});

describe("a Redis that is full", () => {
  it("refuses what takes room with 503 store_full and Retry-After, and takes removals", async () => {
    const logged: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => logged.push(line));
    const registry = new Registry({ backend: open() });
    const { lease_token } = await registry.register({ id: "a" });
    await fill();
    const refused = [
      await registry.post("/v1/agents", { id: "b", name: "b", type: "t" }),
      await registry.heartbeat("a", lease_token),
    ];
    for (const { status, body, headers } of refused) {
      expect(status).toBe(503);
      expect(body).toMatchObject({ code: "store_full" });
      expect(headers.get("Retry-After")).toBe("30");
    }
    expect(logged.map((line) => (JSON.parse(line) as { code: string }).code)).toEqual([
      "store_full",
      "store_full",
    ]);
    vi.restoreAllMocks();
    expect((await registry.get("/v1/agents/a")).status).toBe(200);
    expect(
      (await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": lease_token })).status,
    ).toBe(204);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("is not ready, by one small write every 5 s", async () => {
    const registry = new Registry({ backend: open() });
    const ready = async () => (await registry.get<{ code?: string }>("/ready")).body.code ?? "ready";
    const commands = async (...expected: string[]) => {
      const codes: string[] = [];
      const { log } = await bridge.cost(async () => codes.push(await ready()));
      expect([...codes, ...log.map((line) => line.split(" ")[0])]).toEqual(expected);
    };
    await commands("ready", "SET");
    await fill();
    await registry.pass(4999);
    await commands("ready", "PING");
    await registry.pass(1);
    await commands("store_full", "SET");
    await drain();
    await commands("store_full", "PING");
    await registry.pass(5000);
    await commands("ready", "SET");
  });

  it("is swept without marks: who is back is told, what had lapsed goes, and stale members, and older events", async () => {
    const backend = open();
    const store = backend.open("default");
    const registry = new Registry({ backend });
    await registry.register({ id: "gone", ttl_seconds: 60 });
    const { lease_token } = await registry.register({ id: "back", ttl_seconds: 3600 });
    await registry.pass(60_001);
    await registry.post("/v1/sweep");
    await registry.register({ id: "late", ttl_seconds: 60 });
    await registry.register({ id: "silent", ttl_seconds: 3600 });
    await registry.heartbeat("back", lease_token);
    await registry.pass(60_001);
    await registry.heartbeat("back", lease_token);
    const index = (term: string) => `${backend.prefix}:default:ix:${term}`;
    const stale = "stranger\x1ff1";
    await bridge.raw("ZADD", index("type:worker"), 0, stale);
    // Before the stale member comes one that is to be put back, which takes room.
    await registry.register({ id: "astray", ttl_seconds: 3600 });
    const members = await bridge.raw<string[]>("ZRANGE", index("agent"), 0, -1);
    await bridge.raw(
      "ZREM",
      index("agent"),
      members.find((member) => member.startsWith("astray"))!,
    );
    const told = Array.from({ length: EVENTS_SPARED + 10 }, (_, i) => ({
      before: absent(ref("x")),
      after: undefined,
      event: eventOf(`e${i}`, registry.now),
    }));
    await store.commit(told, registry.now);

    await fill();
    expect(await registry.post("/v1/sweep")).toMatchObject({ status: 503, body: { code: "store_full" } });
    const types = async () =>
      (await historyOf(store))
        .filter(({ type }) => type !== "renewed")
        .map(({ type, id }) => `${type} ${id}`);
    expect(await types()).toEqual(["recovered back", "reaped gone"]);
    expect(await historyOf(store)).toHaveLength(EVENTS_SPARED);
    expect(await bridge.raw("ZSCORE", index("type:worker"), stale)).toBeNull();
    await drain();
    expect(await registry.post("/v1/sweep")).toMatchObject({
      status: 200,
      body: { unreachable: ["silent"], lapsed: ["late"], reaped: [], recovered: [] },
    });
  });
});
