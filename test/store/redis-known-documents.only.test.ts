import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/entry.ts";
import { KnownDocuments } from "../../src/store/redis/known-documents.ts";
import type { Store } from "../../src/store/store.ts";
import { entryOf } from "../support/entries.ts";
import { member, openRedis } from "../support/opened-redis.ts";
import { asOwnRequest } from "../support/own-request.ts";
import { runs } from "../support/seed.ts";
import { draw, idsOf, put, remove, T0 } from "./conformance/opened.ts";

const EVERY = { kind: "agent", terms: ["type:worker"], exhaustive: 100, size: 5 } as const;

const byId = (a: Entry, b: Entry) => (idsOf([a])[0]! < idsOf([b])[0]! ? -1 : 1);
const everyone = async (store: Store): Promise<Entry[]> =>
  (await draw(store, EVERY, T0)).entries.toSorted(byId);
const tagged = (id: string, tag: string, fence = "f1"): Entry => entryOf({ id, tags: [tag] }, T0, fence);
const tagsOf = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ document }) => document.registration.tags);

/** `a` and `b`, and an isolate that was asked for all until it knew them. */
async function familiar(documents = new KnownDocuments()) {
  const opened = openRedis();
  await put(opened.store, T0, tagged("a", "eu"), tagged("b", "eu"));
  const store = opened.elsewhere(documents);
  for (let time = 0; time < 3; time += 1) await everyone(store);
  return {
    ...opened,
    store,
    other: opened.store,
    /** Writes a document past the stamps, as we never do. */
    tamper: (id: string, tag: string) =>
      opened.redis("SET", `doc:agent:${id}`, JSON.stringify(tagged(id, tag).document)),
    cost: async (work: () => Promise<unknown>) => (await opened.bridge.cost(work)).requests,
  };
}

describe("an isolate that knows all documents that a query comes upon", () => {
  it("is sent none of them again", async () => {
    const { store, elsewhere, tamper } = await familiar();
    await tamper("a", "us");
    expect(tagsOf(await everyone(store))).toEqual(["eu", "eu"]);
    expect(tagsOf(await everyone(elsewhere()))).toEqual(["us", "eu"]);
  });

  it("is sent a document that has lost its stamp", async () => {
    const { store, redis, tamper, cost } = await familiar();
    await tamper("a", "us");
    await redis("HDEL", "stamps", "agent:a");
    expect(await cost(async () => expect(tagsOf(await everyone(store))).toEqual(["us", "eu"]))).toBe(1);
  });

  it("notices that a document was lost, and what is left of it goes", async () => {
    const { store, redis, members } = await familiar();
    await redis("DEL", "doc:agent:a");
    expect(idsOf(await everyone(store))).toEqual(["b"]);
    expect(await members("type:worker")).toEqual([member("b", "f1")]);
    expect(await redis("HKEYS", "stamps")).toEqual(["agent:b"]);
  });

  it("finds a registration whose writer left the old one's stamp", async () => {
    const { store, redis } = await familiar();
    const { document, lease } = tagged("a", "us", "f2");
    await redis("SET", "doc:agent:a", JSON.stringify(document));
    await redis("SET", "lease:agent:a:f2", JSON.stringify(lease));
    for (const term of ["agent", "type:worker", "tag:us"]) {
      await redis("ZREM", `ix:${term}`, member("a", "f1"));
      await redis("ZADD", `ix:${term}`, 0, member("a", "f2"));
    }
    expect(tagsOf(await everyone(store))).toEqual(["us", "eu"]);
    const { entries } = await draw(store, { ...EVERY, terms: ["tag:us"] }, T0);
    expect(idsOf(entries)).toEqual(["a"]);
  });

  it("finds an agent under a term that its document had not when it was read", async () => {
    const { store, redis } = await familiar();
    await redis("SET", "doc:agent:a", JSON.stringify(tagged("a", "us").document));
    await redis("ZADD", "ix:tag:us", 0, member("a", "f1"));
    const us = { ...EVERY, terms: ["tag:us"] };
    for (let time = 0; time < 3; time += 1) {
      expect(idsOf((await draw(store, us, T0)).entries)).toEqual(["a"]);
    }
  });

  it("reads leases and directives afresh", async () => {
    const { store, other, redis } = await familiar();
    const [a, b] = await everyone(other);
    await put(other, T0, { ...a!, draining: true });
    await redis("DEL", "lease:agent:b:f1");
    expect(await everyone(store)).toEqual([
      { ...a, draining: true },
      { ...b, lease: null },
    ]);
  });

  it("takes one round trip, one more for what was written since, and then one again", async () => {
    const { store, other, cost } = await familiar();
    const trips = async () => {
      const costs: number[] = [];
      for (let time = 0; time < 3; time += 1) costs.push(await cost(() => everyone(store)));
      return costs;
    };
    expect(await trips()).toEqual([1, 1, 1]);
    await put(other, T0, tagged("a", "us"), tagged("c", "us"));
    expect(await trips()).toEqual([2, 1, 1]);
    expect(tagsOf(await everyone(store))).toEqual(["us", "eu", "us"]);
    await remove(other, T0, "a");
    expect(await trips()).toEqual([1, 1, 1]);
  });

  it("draws a newcomer as it would anybody, and says that its document is still to come", async () => {
    const { store, other } = await familiar();
    await put(other, T0, tagged("c", "us"));
    const { entries, unread, total, more } = await store.sample(EVERY, T0);
    expect(idsOf(entries).toSorted()).toEqual(["a", "b"]);
    expect({ unread, total }).toEqual({ unread: 1, total: 3 });
    expect(idsOf((await more(0)).entries)).toEqual(["c"]);
  });

  it("finds a newcomer that was replaced meanwhile, and none that left or is of other terms", async () => {
    const { store, other, cost, members } = await familiar();
    await put(other, T0, tagged("c", "us"), tagged("d", "us"), tagged("e", "us"));
    const first = await store.sample(EVERY, T0);
    expect(first.unread).toBe(3);
    await remove(other, T0, "c");
    const replaced = tagged("d", "eu", "f2");
    await put(other, T0, replaced, entryOf({ id: "e", type: "planner" }, T0, "f2"));
    for (const size of [0, 5, 100]) {
      const trips = await cost(async () => {
        expect(await first.more(size)).toMatchObject({ entries: [replaced], unread: 0 });
      });
      expect(trips).toBe(1);
    }
    expect(await members("type:worker")).toEqual([member("a", "f1"), member("b", "f1"), member("d", "f2")]);
  });

  it("reads what is unread first, and as many others as it is asked for", async () => {
    const { store, other } = await familiar();
    await put(other, T0, ...["c", "d", "e", "f", "g", "h"].map((id) => tagged(id, "us")));
    // Of the eight, six are drawn: at least four of them are news.
    const first = await store.sample({ ...EVERY, exhaustive: 0, size: 6 }, T0);
    const known = idsOf(first.entries);
    expect(known.length + first.unread).toBe(6);
    const unread = idsOf((await first.more(0)).entries);
    expect(unread).toHaveLength(first.unread);
    const two = idsOf((await first.more(2)).entries);
    expect(two.slice(0, first.unread).toSorted()).toEqual(unread.toSorted());
    expect([...known, ...two].toSorted()).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
    const one = idsOf((await first.more(1)).entries);
    expect(new Set([...known, ...one]).size).toBe(7);
  });

  it("leaves unread once more what is too large to come at once", async () => {
    const { store, other } = await familiar();
    const ids = Array.from({ length: 97 }, (_, i) => `large-${i}`);
    const large = ids.map((id) => entryOf({ id, metadata: { text: "x".repeat(16_300) } }, T0));
    await put(other, T0, ...large);
    let look = await store.sample(EVERY, T0);
    const came = idsOf(look.entries);
    expect(look.unread).toBe(97);
    for (let trip = 2; look.unread > 0; trip += 1) {
      expect(trip).toBeLessThanOrEqual(3);
      look = await look.more(0);
      came.push(...idsOf(look.entries));
    }
    expect(came.toSorted()).toEqual(["a", "b", ...ids].toSorted());
  });

  it("leaves unread what it draws for its lease and is too large to come at once", async () => {
    const { store, other } = await familiar();
    const ids = Array.from({ length: 97 }, (_, i) => `large-${i}`);
    const large = ids.map((id) =>
      entryOf({ id, metadata: { text: "x".repeat(16_300) }, status: "busy" }, T0),
    );
    await put(other, T0, ...large);
    const first = await store.sample({ ...EVERY, exhaustive: 0, size: 1 }, T0);
    const look = await first.more(99, { statuses: ["busy"], entriesMax: 97 });
    expect(look.unread).toBeGreaterThan(0);
    const rest = await look.more(0);
    expect(rest.unread).toBe(0);
    expect(idsOf([...look.entries, ...rest.entries]).toSorted()).toEqual(ids.toSorted());
  });

  it("looks twice for nobody because a stale member of theirs is news", async () => {
    const { store, redis, cost } = await familiar();
    await redis("ZADD", "ix:type:worker", 0, member("a", "f0"));
    let ids: string[] = [];
    expect(await cost(async () => (ids = idsOf(await everyone(store))))).toBe(1);
    expect(ids).toEqual(["a", "b"]);
  });

  it("leaves nothing unread of what a second trip draws", async () => {
    const { store, other } = await familiar();
    await put(other, T0, tagged("c", "us"), tagged("d", "us"));
    const first = await store.sample({ ...EVERY, exhaustive: 0, size: 1 }, T0);
    const { entries, unread } = await first.more(9);
    expect(idsOf([...first.entries, ...entries]).toSorted()).toEqual(["a", "b", "c", "d"]);
    expect(unread).toBe(0);
  });

  it("answers as one that knows nothing, whatever was written in between", async () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("put" as const),
        id,
        tag: fc.constantFrom("eu", "us"),
        fence: fc.constantFrom("f1", "f2"),
        draining: fc.boolean(),
      }),
      fc.record({ kind: fc.constant("remove" as const), id }),
      fc.record({ kind: fc.constant("lose" as const), what: fc.constantFrom("doc", "stamp", "lease"), id }),
      fc.record({ kind: fc.constant("look" as const) }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 15 }), (steps) =>
      asOwnRequest(async () => {
        const { store, elsewhere, redis } = openRedis();
        const warm = elsewhere();
        for (const does of steps) {
          if (does.kind === "put")
            await put(store, T0, { ...tagged(does.id, does.tag, does.fence), draining: does.draining });
          else if (does.kind === "remove") await remove(store, T0, does.id);
          else if (does.kind === "look") await everyone(warm);
          else if (does.what === "doc") await redis("DEL", `doc:agent:${does.id}`);
          else if (does.what === "lease") await redis("DEL", `lease:agent:${does.id}:f1`);
          else await redis("HDEL", "stamps", `agent:${does.id}`);
          expect(await everyone(warm)).toEqual(await everyone(elsewhere()));
        }
      }),
    );
    await fc.assert(property, { numRuns: runs(30) });
  });
});

describe("an isolate", () => {
  it("is sent documents whole while some of them are news to it", async () => {
    const { store, elsewhere, bridge } = openRedis();
    await put(store, T0, ...Array.from({ length: 40 }, (_, i) => tagged(`agent-${i}`, "eu")));
    const newcomer = elsewhere();
    const look = () => draw(newcomer, { ...EVERY, exhaustive: 5, size: 10 }, T0);
    // That the second draw holds nobody new happens once in 800 million runs.
    for (let time = 0; time < 2; time += 1) expect((await bridge.cost(look)).requests).toBe(1);
  });

  it("keeps nothing of a query with more matches than it has room for", async () => {
    const roomy = await familiar(new KnownDocuments(1_000_000, 2));
    await roomy.tamper("a", "us");
    expect(tagsOf(await everyone(roomy.store))).toEqual(["eu", "eu"]);
    const cramped = await familiar(new KnownDocuments(1_000_000, 1));
    await cramped.tamper("a", "us");
    expect(tagsOf(await everyone(cramped.store))).toEqual(["us", "eu"]);
  });

  it("keeps documents for as many bytes as they may take, and forgets those unused for longest", () => {
    const { document } = tagged("a", "eu");
    // Four a character, 64 for each bracket that opens, and 24 a key.
    const json = `{"a":[${"1".repeat(11)}]}`;
    const documents = new KnownDocuments(5 * (4 * 19 + 64 * 2 + 24));
    const stamps = ["1", "2", "3", "4", "5"];
    for (const stamp of stamps) documents.keep("agent", stamp, document, json);
    expect(stamps.map((stamp) => documents.get("agent", stamp))).toEqual(stamps.map(() => document));
    documents.keep("agent", "5", document, `${json} `);
    expect(documents.get("agent", "1")).toBeUndefined();
    expect(documents.get("agent", "2")).toBe(document);
  });

  it("takes no document of one kind for one of another", () => {
    const { document } = tagged("a", "eu");
    const documents = new KnownDocuments();
    documents.keep("agent", "1", document, "{}");
    expect(documents.get("toolset", "1")).toBeUndefined();
    expect(documents.get("agent", "1")).toBe(document);
  });

  it("remembers a million characters of queries, and forgets those unused for longest", () => {
    const documents = new KnownDocuments();
    const queries = Array.from({ length: 11 }, (_, i) => `query ${i}`.padEnd(100_000));
    for (const query of queries.slice(0, 10)) documents.rememberQuery(query, 1, true);
    expect(queries.filter((query) => documents.formFor(query) === "stamps")).toEqual(queries.slice(0, 10));
    documents.rememberQuery(queries[7]!, 1, false);
    expect(documents.formFor(queries[7]!)).toBe("stamped");
    documents.rememberQuery(queries[7]!, 1, true);
    documents.rememberQuery(queries[10]!, 1, true);
    expect(queries.filter((query) => documents.formFor(query) === "stamps")).toEqual(queries.slice(1));
  });

  it("sends no stamps for what it would not keep", () => {
    const documents = new KnownDocuments(1000, 3);
    const formOf = (matches: number) => {
      documents.rememberQuery("query", matches, false);
      return documents.formFor("query");
    };
    expect([formOf(3), formOf(4), formOf(3)]).toEqual(["stamped", "documents", "stamped"]);
  });

  it("remembers no query that nobody answers to", async () => {
    const { store, other, cost } = await familiar();
    const us = { ...EVERY, terms: ["tag:us"] };
    for (let time = 0; time < 3; time += 1) await draw(store, us, T0);
    await put(other, T0, tagged("c", "us"));
    expect(await cost(() => draw(store, us, T0))).toBe(1);
  });
});
