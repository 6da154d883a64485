import { termCounts } from "../support/audit.ts";
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { Problem } from "../../src/core/problem.ts";
import type { DurableRegistryObject } from "../../src/store/embedded/durable-registry-object.ts";
import { durableStore } from "../../src/store/embedded/durable-store.ts";
import { MIGRATIONS } from "../../src/store/embedded/schema.ts";
import type { Store } from "../../src/store/store.ts";
import type { EventType } from "../../src/core/event.ts";
import { LOG_KEPT_MS } from "../../src/store/store.ts";
import { sweepStore, sweepUntilReaped } from "../support/sweep.ts";
import { entryOf, UNREACHABLE } from "../support/entries.ts";
import { embeddedBackend, embeddedStore } from "../support/stores.ts";
import {
  entryAt,
  eventOf,
  everythingIn,
  historyOf,
  put,
  ref,
  remove,
  snapshotOf,
  T0,
} from "./conformance/opened.ts";

function openEmbedded() {
  const stub = env.REGISTRY.getByName(crypto.randomUUID());
  let now = T0;
  const setClock = () => runInDurableObject(stub, ({ hosted }) => void (hosted.inner.clock = () => now));
  return {
    stub,
    store: embeddedStore(
      () => stub,
      () => now,
    ),
    inside: <R>(work: (object: DurableRegistryObject, storage: DurableObjectStorage) => R) =>
      runInDurableObject(stub, (object, { storage }) => work(object, storage)),
    advance: (to: number) => void (now = to),
    /** The platform starts the object anew. */
    evict: async () => {
      await evictDurableObject(stub);
      await setClock();
    },
  };
}

const a = { ...entryOf({ id: "a", capabilities: ["x"], tags: ["eu"] }, T0, "f1"), draining: true };
const renewal = { ref: ref("a"), fence: "f1", lease: { ...a.lease, currentLoad: 7 }, ttlMs: 300_000 };

async function tables(storage: DurableObjectStorage) {
  const count = (table: string) =>
    storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  return Object.fromEntries(
    ["entry", "lease", "term", "event", "report"].map((table) => [table, count(table)]),
  );
}

describe("an eviction", () => {
  it("loses nothing", async () => {
    const { store, evict } = openEmbedded();
    await put(store, T0, a, { ...entryOf({ id: "b", ttl_seconds: 60 }, T0, "f2"), mark: UNREACHABLE });
    const before = await snapshotOf(store, "a", T0);
    await store.commit([{ before, after: { ...a, draining: false }, event: eventOf("a") }], T0);
    await store.renew([renewal], T0);
    await sweepStore(store, T0);
    const everything = await everythingIn(store, ["a", "b"], T0);
    const report = await store.sweepReport();
    expect(everything.events).toHaveLength(2);

    await evict();
    expect(await everythingIn(store, ["a", "b"], T0)).toEqual(everything);
    expect(await store.sweepReport()).toEqual(report);
    expect(report?.recovered).toBe(1);
  });

  it("between a reading and its commit changes nothing", async () => {
    const { store, evict } = openEmbedded();
    await put(store, T0, a);
    const before = await snapshotOf(store, "a", T0);
    await evict();
    expect(await store.commit([{ before, after: undefined, event: eventOf("a") }], T0)).toEqual([
      "committed",
    ]);
    await evict();
    expect(await historyOf(store)).toEqual([{ revision: 1, ...eventOf("a") }]);
  });

  it("has each migration run once, however often the object wakes", async () => {
    const { store, inside, evict } = openEmbedded();
    for (let wake = 0; wake < 3; wake += 1) {
      await store.ping(T0);
      const numbers = await inside((_, { sql }) => sql.exec("SELECT number FROM migration").toArray());
      expect(numbers).toEqual(MIGRATIONS.map((__, number) => ({ number })));
      await evict();
    }
  });
});

/** Runs `work` inside the object, and counts the rows that its statements read and write. */
const rowsOf = (
  inside: ReturnType<typeof openEmbedded>["inside"],
  work: (object: DurableRegistryObject) => unknown,
): Promise<{ read: number; written: number }> =>
  inside((object, { sql }) => {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    }) as typeof sql.exec;
    work(object);
    sql.exec = exec;
    expect(cursors.length).toBeGreaterThan(0);
    return {
      read: cursors.reduce((rows, cursor) => rows + cursor.rowsRead, 0),
      written: cursors.reduce((rows, cursor) => rows + cursor.rowsWritten, 0),
    };
  });

describe("what is read", () => {
  const fleetOf = async (size: number) => {
    const { store, inside } = openEmbedded();
    const fleet = Array.from({ length: size }, (_, i) =>
      entryOf({ id: `a-${i}`, capabilities: ["x", `own-${i}`], tags: i === 0 ? ["rare"] : [] }, T0),
    );
    await put(store, T0, ...fleet);
    return (work: (object: DurableRegistryObject) => unknown) => rowsOf(inside, work);
  };

  it("in one call does not grow with the fleet", async () => {
    const small = await fleetOf(150);
    const large = await fleetOf(1500);
    const page = { kind: "agent", after: "", limit: 20 } as const;
    const calls: ((object: DurableRegistryObject) => unknown)[] = [
      (object) => object.page({ ...page, terms: ["agent"] }),
      (object) => object.page({ ...page, terms: ["agent", "capability:x"] }),
      (object) => object.page({ ...page, terms: ["agent", "tag:rare"] }),
      (object) => object.terms({ prefix: "capability:own-", after: "", limit: 50 }),
      (object) => object.count("agent"),
      (object) => object.roll({ ...page, limit: 100 }),
      (object) => object.read([ref("a-7")]),
    ];
    for (const call of calls) expect(await large(call)).toEqual(await small(call));
  });

  it("for a draw is at most two rows an entry drawn, and one of the list of their ids, however large the fleet", async () => {
    const call = await fleetOf(1500);
    const draw = { kind: "agent", exhaustive: 20, size: 30, examined: [] } as const;
    for (const terms of [["agent"], ["agent", "capability:x"]]) {
      const sample = (object: DurableRegistryObject) => object.sample({ ...draw, terms });
      // The first reads the ids of its terms.
      await call(sample);
      const { read } = await call(sample);
      expect(read).toBeLessThanOrEqual(3 * 30);
    }
  });

  it("is asked for in pieces, so that heartbeats come in between", async () => {
    const { stub, store } = openEmbedded();
    const fleet = Array.from({ length: 1100 }, (_, i) => entryOf({ id: `a-${i}` }, T0));
    await put(store, T0, ...fleet);
    const asked: unknown[] = [];
    const watched = durableStore(
      () =>
        new Proxy(stub, {
          get: (target, method) => (query: { limit: number }, now: number) => {
            asked.push([method, query.limit]);
            return (target as unknown as Record<PropertyKey, (...args: unknown[]) => unknown>)[method]!(
              query,
              now,
            );
          },
        }),
    );
    const all = { kind: "agent", terms: ["agent"], after: "", limit: 1050 } as const;
    expect((await watched.page(all, T0)).entries).toHaveLength(1050);
    expect((await watched.roll({ ...all, limit: 5000 }, T0)).calls).toHaveLength(1100);
    expect(asked).toEqual([
      ["page", 500],
      ["page", 500],
      ["page", 50],
      ["roll", 1000],
      ["roll", 1000],
    ]);
  });
});

describe("terms", () => {
  it("of an object from before they were counted are counted when it wakes", async () => {
    const { store, inside, evict } = openEmbedded();
    await put(store, T0, a, entryOf({ id: "b" }, T0, "f2"));
    const counts = await termCounts(store);
    await inside((_, { sql }) => {
      sql.exec(
        "DROP TABLE term_count; DROP TABLE secret; DROP TABLE ended; DROP TABLE holder; DROP TABLE replaced; DROP TABLE usage; DROP TABLE api_key; DROP TABLE log; DROP TABLE log_end; ALTER TABLE event DROP COLUMN nonce;",
      );
      sql.exec("ALTER TABLE entry DROP COLUMN mark");
      sql.exec("ALTER TABLE entry ADD COLUMN unreachable INTEGER NOT NULL DEFAULT 0");
      sql.exec("DELETE FROM migration WHERE number >= 1");
    });
    await evict();
    expect(await termCounts(store)).toEqual(counts);
  });
});

describe("what entries are in all", () => {
  it("is counted when an object wakes that is from before it was", async () => {
    const { store, inside, evict } = openEmbedded();
    const mine = entryOf({ id: "b", tags: ["x"] }, T0, "f2");
    mine.document.owner = "mine";
    await put(store, T0, a, mine);
    const [all, own] = [await store.usage(null), await store.usage("mine")];
    expect([all.agents, own.agents]).toEqual([2, 1]);
    await inside((_, { sql }) => {
      sql.exec(
        "DROP TABLE usage; DROP TABLE api_key; DROP TABLE log; DROP TABLE log_end; ALTER TABLE term_count DROP COLUMN owner",
      );
      sql.exec("DELETE FROM migration WHERE number >= 8");
    });
    await evict();
    expect(await store.usage(null)).toEqual(all);
    // Whose entry brought a term was not written down then.
    expect(await store.usage("mine")).toEqual({ ...own, terms: 0 });
  });
});

describe("the ledger", () => {
  it("of an object from before lapsed registrations were kept still says who is unreachable", async () => {
    const { store, inside, evict } = openEmbedded();
    await put(store, T0, a, entryOf({ id: "b" }, T0, "f2"));
    await inside((_, { sql }) => {
      sql.exec("ALTER TABLE entry DROP COLUMN mark");
      sql.exec("ALTER TABLE entry ADD COLUMN unreachable INTEGER NOT NULL DEFAULT 0");
      sql.exec("UPDATE entry SET unreachable = 1 WHERE id = 'b'");
      sql.exec(
        "DROP TABLE ended; DROP TABLE holder; DROP TABLE replaced; DELETE FROM migration WHERE number >= 4",
      );
      sql.exec(
        "DROP TABLE usage; DROP TABLE api_key; DROP TABLE log; DROP TABLE log_end; ALTER TABLE term_count DROP COLUMN owner",
      );
    });
    await evict();
    const { calls } = await store.roll({ kind: "agent", after: "", limit: 5 }, T0);
    expect(calls.map(({ id, mark }) => [id, mark])).toEqual([
      ["a", null],
      ["b", UNREACHABLE],
    ]);
  });
});

describe("what is written", () => {
  const rowsWritten = async (...args: Parameters<typeof rowsOf>): Promise<number> =>
    (await rowsOf(...args)).written;

  it("is one row for a heartbeat, and none for one that is not heard", async () => {
    const { store, inside } = openEmbedded();
    await put(store, T0, a, entryOf({ id: "b" }, T0, "f2"));
    const beats = (...fences: string[]) =>
      rowsWritten(inside, (object) =>
        object.renew(
          fences.map((fence) => ({ ...renewal, fence })),
          T0,
        ),
      );
    expect(await beats("f1")).toBe(1);
    expect(await beats("f1", "f1")).toBe(2);
    expect(await beats("f2", "stranger")).toBe(0);
  });

  it("is nothing for reads", async () => {
    const { store, inside } = openEmbedded();
    await put(store, T0, a);
    const rows = await rowsWritten(inside, (object) => {
      object.read([ref("a")]);
      object.terms({ prefix: "", after: "", limit: 5 });
      object.page({ kind: "agent", terms: ["agent", "tag:eu"], after: "", limit: 5 });
      object.sample({ kind: "agent", terms: ["agent"], exhaustive: 5, size: 5, examined: [] });
      object.roll({ kind: "agent", after: "", limit: 5 });
    });
    expect(rows).toBe(0);
  });

  it("is gone with the entry, but for the history", async () => {
    const { store, inside } = openEmbedded();
    await put(store, T0, a);
    expect(await inside((_, storage) => tables(storage))).toEqual({
      entry: 1,
      lease: 1,
      term: 4,
      event: 0,
      report: 0,
    });
    await remove(store, T0, "a");
    expect(await inside((_, storage) => tables(storage))).toEqual({
      entry: 0,
      lease: 0,
      term: 0,
      event: 0,
      report: 0,
    });
  });

  it("is gone once a lapsed entry was reaped", async () => {
    const { store, inside, advance } = openEmbedded();
    await put(store, T0, a);
    advance(T0 + 300_001);
    expect(await sweepUntilReaped(store, T0 + 300_001)).toEqual(["a"]);
    expect(await inside((_, storage) => tables(storage))).toEqual({
      entry: 0,
      lease: 0,
      term: 0,
      // That it lapsed and was reaped, and what went out of use with it.
      event: 3,
      report: 1,
    });
  });
});

describe("the log of an entry", () => {
  it("has 200 rows at most, and none 30 days after the entry ended, unless it is there again", async () => {
    const { store, inside } = openEmbedded();
    const rows = () =>
      inside((_, { sql }) => sql.exec<{ n: number }>("SELECT count(*) AS n FROM log").one().n);
    const tell = (id: string, type: EventType, at: number) => store.tell([{ ...eventOf(id, at), type }]);
    await store.tell(Array.from({ length: 231 }, () => eventOf("a")));
    expect(await rows()).toBe(200);
    await tell("a", "unregistered", T0);
    const end = T0 + LOG_KEPT_MS;
    expect(await store.log(ref("a"), 10, end - 1)).toHaveLength(10);
    expect(await store.log(ref("a"), 10, end)).toEqual([]);
    await tell("b", "registered", end - 1);
    expect(await rows()).toBe(201);
    await tell("b", "unregistered", end);
    expect(await rows()).toBe(2);
    await tell("b", "registered", end + 1);
    await tell("c", "registered", end + 2 * LOG_KEPT_MS);
    expect(await rows()).toBe(4);
  });
});

describe("the clock", () => {
  it.each([600_000, -600_000])(
    "is the object's: a caller's that is off by %i ms hides and reaps nobody",
    async (skew) => {
      const { store, advance } = openEmbedded();
      const theirs = T0 + skew;
      const entry = entryOf({ id: "a", ttl_seconds: 60 }, theirs, "f1");
      await put(store, theirs, entry);
      advance(T0 + 60_000);
      for (const now of [theirs, T0 + 60_000, T0 + 3_600_000]) {
        expect(await entryAt(store, "a", now)).toEqual(entry);
        expect((await store.readHeld(ref("a"), now))?.lease).toEqual(entry.lease);
        expect((await store.roll({ kind: "agent", after: "", limit: 5 }, now)).calls).toMatchObject([
          { id: "a", lease: entry.lease },
        ]);
      }
      const beat = { ...renewal, lease: entry.lease, ttlMs: 60_000 };
      expect(await store.renew([beat], theirs + 3_600_000)).toEqual(["run"]);
      advance(T0 + 120_000);
      expect((await entryAt(store, "a", theirs))?.lease).toEqual(entry.lease);
      advance(T0 + 120_001);
      expect((await entryAt(store, "a", theirs))?.lease).toBeNull();
    },
  );

  it("forgets what has ended after a day", async () => {
    const { store, advance } = openEmbedded();
    await put(store, T0, a);
    const before = await snapshotOf(store, "a", T0);
    await store.commit([{ before, after: undefined, ended: "f1" }], T0);
    advance(T0 + 86_400_000);
    expect((await snapshotOf(store, "a", T0)).ended).toBe("f1");
    advance(T0 + 86_400_001);
    expect((await snapshotOf(store, "a", T0)).ended).toBeUndefined();
  });
});

describe("a lease's end", () => {
  it("is kept by a heartbeat that knows of none, whatever changes next", async () => {
    const { store, advance } = openEmbedded();
    await put(store, T0, a);
    const endless = { ...renewal.lease, expiresAt: null, intervalSeconds: null };
    await store.renew([{ ...renewal, lease: endless, ttlMs: null }], T0 + 1000);
    const before = await snapshotOf(store, "a", T0 + 1000);
    await store.commit([{ before, after: { ...before.entry!, draining: false } }], T0 + 1000);
    advance(T0 + 300_000);
    expect((await entryAt(store, "a", T0 + 300_000))?.lease).toEqual(endless);
    advance(T0 + 300_001);
    expect((await entryAt(store, "a", T0 + 300_001))?.lease).toBeNull();
  });
});

describe("namespaces", () => {
  it("are objects of their own", async () => {
    const { open } = embeddedBackend();
    await put(open("one"), T0, a);
    expect(await termCounts(open("two"))).toEqual(new Map());
    expect(await open("two").renew([renewal], T0)).toEqual(["gone"]);
    expect(await entryAt(open("one"), "a", T0)).toEqual(a);
  });
});

describe("an object that throws", () => {
  const CALLS: [name: string, call: (store: Store) => Promise<unknown>][] = [
    ["read", (store) => store.read([ref("a")], T0)],
    [
      "commit",
      (store) => store.commit([{ before: { ref: ref("b"), entry: undefined, version: "" }, after: a }], T0),
    ],
    ["renew", (store) => store.renew([renewal], T0)],
    ["page", (store) => store.page({ kind: "agent", terms: ["agent"], after: "", limit: 5 }, T0)],
    ["sample", (store) => store.sample({ kind: "agent", terms: ["agent"], exhaustive: 5, size: 5 }, T0)],
    ["terms", (store) => store.terms({ prefix: "", after: "", limit: 5 })],
    ["roll", (store) => store.roll({ kind: "agent", after: "", limit: 5 }, T0)],
    ["events", (store) => store.events({ since: undefined, limit: 5 })],
    ["sweepReport", (store) => store.sweepReport()],
  ];

  it.each(CALLS)(
    "is store_unavailable to %s, not an empty answer, and gives nothing away",
    async (name, call) => {
      const { store, inside } = openEmbedded();
      await put(store, T0, a);
      await inside((_, { sql }) => {
        for (const table of ["entry", "lease", "term", "term_count", "event", "report"])
          sql.exec(`DROP TABLE ${table}`);
      });
      const outcome = await call(store).catch((reason: unknown) => reason);
      if (!(outcome instanceof Problem)) throw new Error(`it answered ${JSON.stringify(outcome)}`);
      expect(outcome.code).toBe("store_unavailable");
      expect(outcome.kind.retryAfterSeconds).toBe(2);
      expect(outcome.message).toContain(`(${name})`);
      expect(outcome.message).not.toMatch(/sql|table/i);
    },
  );

  it("has written nothing of the change that failed", async () => {
    const { store, inside } = openEmbedded();
    await put(store, T0, a);
    await inside((_, { sql }) => sql.exec("ALTER TABLE event RENAME TO mislaid"));
    const before = await snapshotOf(store, "a", T0);
    const failing = store.commit([{ before, after: undefined, event: eventOf("a") }], T0);
    await expect(failing).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await entryAt(store, "a", T0)).toEqual(a);
    expect((await termCounts(store)).get("tag:eu")).toBe(1);
  });
});
