import { termCounts } from "../support/audit.ts";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/entry.ts";
import { Connection } from "../../src/store/redis/connection.ts";
import { KnownDocuments } from "../../src/store/redis/known-documents.ts";
import { redisStore } from "../../src/store/redis/redis-store.ts";
import type { EventType } from "../../src/core/event.ts";
import { LOG_KEPT_MS, type Store } from "../../src/store/store.ts";
import { sweepStore, sweepUntilReaped } from "../support/sweep.ts";
import { entryOf, UNREACHABLE } from "../support/entries.ts";
import { member, openRedis } from "../support/opened-redis.ts";
import { entryAt, eventOf, pageThrough, put, ref, remove, snapshotOf, T0 } from "./conformance/opened.ts";

const renewal = ({ document, lease }: Entry, ttlMs: number | null) => ({
  ref: ref(document.registration.id),
  fence: document.fence,
  lease: lease!,
  ttlMs,
});
const runSweep = (store: Store) => sweepStore(store, T0);

describe("the keys", () => {
  const entry = entryOf({ id: "a/b", capabilities: ["spot"], tags: ["eu"] }, T0, "f1");

  it("are those of the layout, and hold what it says", async () => {
    const { store, redis, keys, members } = openRedis();
    const before = await snapshotOf(store, "a/b", T0);
    const after = { ...entry, draining: true, mark: UNREACHABLE };
    await store.commit([{ before, after, event: eventOf("a/b") }], T0);

    const indexes = ["agent", "capability:spot", "tag:eu", "type:worker"];
    expect(await keys()).toEqual(
      [
        "directives",
        "doc:agent:a/b",
        "events",
        ...indexes.map((term) => `ix:${term}`),
        "lease:agent:a/b:f1",
        "ledger",
        "log:agent:a/b",
        "stamps",
        "term_names",
        "usage",
      ].toSorted(),
    );
    const json = await redis<string>("GET", "doc:agent:a/b");
    expect(JSON.parse(json)).toEqual(entry.document);
    expect(json).toMatch(/^{"fence":"f1",/);
    expect(JSON.parse(await redis("GET", "lease:agent:a/b:f1"))).toEqual(entry.lease);
    for (const term of indexes) {
      expect(await members(term)).toEqual([member("a/b", "f1")]);
      expect(await redis("ZSCORE", `ix:${term}`, member("a/b", "f1"))).toBe("0");
      expect(await redis("ZSCORE", "term_names", term)).toBe("0");
    }
    expect(await redis("HGETALL", "stamps")).toEqual(["agent:a/b", expect.stringMatching(/^[\w+/]{16}$/)]);
    expect(await redis("HGETALL", "directives")).toEqual(["agent:a/b", "f1"]);
    expect(await redis("HGETALL", "ledger")).toEqual(["agent:a/b", "f1 unreachable"]);
    expect(await redis("HGET", "usage", "revision")).toBe("1");
    expect(await redis("XRANGE", "events", "-", "+")).toEqual([
      [expect.stringMatching(/^1-\d{1,19}$/), ["event", JSON.stringify(eventOf("a/b"))]],
    ]);
  });

  it("leave nothing of a replaced registration", async () => {
    const { store, redis, keys, members } = openRedis();
    await put(store, T0, { ...entry, draining: true, mark: UNREACHABLE });
    await put(store, T0, entryOf({ id: "a/b", capabilities: ["chart"] }, T0, "f2"));
    const left = [
      "doc:agent:a/b",
      "ix:agent",
      "ix:capability:chart",
      "ix:type:worker",
      "lease:agent:a/b:f2",
      "stamps",
      "term_names",
      "usage",
    ];
    expect(await keys()).toEqual(left);
    expect(await members("type:worker")).toEqual([member("a/b", "f2")]);
    expect(await redis<string[]>("ZRANGE", "term_names", 0, -1)).toEqual([
      "agent",
      "capability:chart",
      "type:worker",
    ]);
  });

  it("leave nothing of who unregistered but the history, and counts of nothing", async () => {
    const { store, keys } = openRedis();
    await put(store, T0, { ...entry, draining: true, mark: UNREACHABLE });
    await runSweep(store);
    await remove(store, T0, "a/b");
    expect(await keys()).toEqual(["events", "log:agent:a/b", "sweep", "usage"]);
  });

  it("have each event in its entry's log, which ends 30 days after the entry did", async () => {
    const { store, redis } = openRedis();
    const tell = (type: EventType) => store.tell([{ ...eventOf("a"), type }]);
    const before = await snapshotOf(store, "a", T0);
    const commit = (type: EventType) =>
      store.commit([{ before, after: undefined, event: { ...eventOf("a"), type } }], T0);
    await commit("registered");
    expect(await redis("PTTL", "log:agent:a")).toBe(-1);
    await commit("unregistered");
    const end = await redis<number>("PTTL", "log:agent:a");
    expect(end).toBeGreaterThan(LOG_KEPT_MS - 60_000);
    expect(end).toBeLessThanOrEqual(LOG_KEPT_MS);
    await tell("status_changed");
    expect(await redis<number>("PTTL", "log:agent:a")).toBeGreaterThan(0);
    await commit("registered");
    expect(await redis("PTTL", "log:agent:a")).toBe(-1);
    const [[id]] = await redis<[[string]]>("XREVRANGE", "events", "+", "-", "COUNT", 1);
    expect(await redis("LINDEX", "log:agent:a", 0)).toBe(
      `${id} ${JSON.stringify({ ...eventOf("a"), type: "registered" })}`,
    );
  });

  it("have at most 219 events in an entry's log", async () => {
    const { store, redis } = openRedis();
    for (const [told, kept] of [
      [219, 219],
      [1, 200],
      [15, 215],
    ] as const) {
      await store.tell(Array.from({ length: told }, () => eventOf("a")));
      expect(await redis("LLEN", "log:agent:a")).toBe(kept);
    }
  });

  it("leave nothing of who was reaped but the history, and counts of nothing", async () => {
    const { store, redis, keys } = openRedis();
    await put(store, T0, { ...entry, draining: true, mark: UNREACHABLE });
    await redis("DEL", "lease:agent:a/b:f1");
    expect(await sweepUntilReaped(store, T0)).toEqual(["a/b"]);
    expect(await keys()).toEqual(["events", "log:agent:a/b", "sweep", "usage"]);
  });

  it("keep namespaces and prefixes apart", async () => {
    const { open, store, bridge } = openRedis();
    await put(store, T0, entry);
    const elsewhere = redisStore({
      connection: new Connection({ url: bridge.url, token: bridge.token, timeoutMs: 2000 }),
      namespace: "default",
      prefix: crypto.randomUUID(),
      documents: new KnownDocuments(),
    });
    for (const other of [open("other"), elsewhere]) {
      expect(await termCounts(other)).toEqual(new Map());
      expect(await entryAt(other, "a/b", T0)).toBeUndefined();
      expect(await other.renew([renewal(entry, 60_000)], T0)).toEqual(["gone"]);
    }
  });
});

describe("a lease's time to live", () => {
  const entry = entryOf({ id: "a" }, T0, "f1");
  const still = entryOf({ id: "a", heartbeat_interval_seconds: null }, T0, "f1");
  const LEASE = "lease:agent:a:f1";
  // Redis counts on while the test runs; ten seconds are far more than it takes.
  const expectAbout = (left: number, ms: number) => {
    expect(left).toBeLessThanOrEqual(ms);
    expect(left).toBeGreaterThan(ms - 10_000);
  };

  it("is what is left of it when it is committed", async () => {
    const { store, redis } = openRedis();
    await put(store, T0 + 100_000, entry);
    expectAbout(await redis("PTTL", LEASE), 200_000);
  });

  it("begins anew with each heartbeat", async () => {
    const { store, redis } = openRedis();
    await put(store, T0, entry);
    await redis("PEXPIRE", LEASE, 100_000);
    await store.renew([renewal(entry, 300_000)], T0);
    expectAbout(await redis("PTTL", LEASE), 300_000);
  });

  it("goes on when something else of the entry changes", async () => {
    const { store, redis } = openRedis();
    await put(store, T0, entry);
    await redis("PEXPIRE", LEASE, 100_000);
    const before = await snapshotOf(store, "a", T0);
    await store.commit([{ before, after: { ...before.entry!, draining: true } }], T0);
    expectAbout(await redis("PTTL", LEASE), 100_000);
  });

  it("is none for a static entry, and stays none when it calls in", async () => {
    const { store, redis } = openRedis();
    await put(store, T0, still);
    expect(await redis("PTTL", LEASE)).toBe(-1);
    await store.renew([renewal(still, null)], T0);
    expect(await redis("PTTL", LEASE)).toBe(-1);
  });

  it("comes and goes with the terms of the registration", async () => {
    const { store, redis } = openRedis();
    await put(store, T0, still);
    await put(store, T0, entry);
    expectAbout(await redis("PTTL", LEASE), 300_000);
    await put(store, T0, still);
    expect(await redis("PTTL", LEASE)).toBe(-1);
  });

  it("is kept by a heartbeat that knows of no end", async () => {
    const { store, redis } = openRedis();
    await put(store, T0, entry);
    await redis("PEXPIRE", LEASE, 100_000);
    await store.renew([renewal(still, null)], T0);
    expectAbout(await redis("PTTL", LEASE), 100_000);
  });
});

describe("directives", () => {
  it("given elsewhere reach a heartbeat at most 5 s late, at two commands more", async () => {
    const { store, bridge, elsewhere } = openRedis();
    const other = elsewhere();
    const entry = entryOf({ id: "a" }, T0, "f1");
    await put(store, T0, entry);
    const beat = async (now: number) => {
      let answer: string[] = [];
      const cost = await bridge.cost(async () => {
        answer = await store.renew([renewal(entry, 300_000)], now);
      });
      return { answer: answer[0], requests: cost.requests, commands: cost.commands };
    };
    // The directives, and how often agents are to call in.
    expect(await beat(T0)).toEqual({ answer: "run", requests: 1, commands: 3 });
    await put(other, T0, { ...entry, draining: true });
    expect(await beat(T0 + 5000)).toEqual({ answer: "run", requests: 1, commands: 1 });
    expect(await beat(T0 + 5001)).toEqual({ answer: "drain", requests: 1, commands: 3 });
    expect(await beat(T0 + 5002)).toEqual({ answer: "drain", requests: 1, commands: 1 });
  });
});

describe("what was kept of another registration of the id", () => {
  it("drains this one too, and marks it with nothing", async () => {
    const { store, redis } = openRedis();
    const entry = entryOf({ id: "a" }, T0, "f1");
    await put(store, T0, entry);
    await redis("HSET", "directives", "agent:a", "f0");
    await redis("HSET", "ledger", "agent:a", "f0");

    const drained = { ...entry, draining: true };
    expect(await entryAt(store, "a", T0)).toEqual(drained);
    expect(await pageThrough(store, ["agent"], 5, T0)).toEqual([drained]);
    const { calls } = await store.roll({ kind: "agent", after: "", limit: 5 }, T0);
    expect(calls).toEqual([{ id: "a", fence: "f1", lease: entry.lease, mark: null }]);
    expect(await store.renew([renewal(entry, 300_000)], T0)).toEqual(["drain"]);
  });
});
