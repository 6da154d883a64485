import { env, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/entry.ts";
import { Entries } from "../../src/store/embedded/entries.ts";
import { Holders } from "../../src/store/embedded/holders.ts";
import { History } from "../../src/store/embedded/history.ts";
import { KnownRows } from "../../src/store/embedded/known-rows.ts";
import { Members } from "../../src/store/embedded/members.ts";
import type { SentChange } from "../../src/store/embedded/registry-calls.ts";
import { Search } from "../../src/store/embedded/search.ts";
import { byId } from "../../src/core/order.ts";
import { entryOf } from "../support/entries.ts";
import { runs } from "../support/seed.ts";
import { eventOf, ref, T0 } from "./conformance/opened.ts";

const IDS = ["a", "b", "c", "d", "e", "f"];
const TAGS = ["x", "y", "z"];
const TERMS = ["agent", ...TAGS.map((tag) => `tag:${tag}`)];

/** What an object is made of, on real tables, with room for so many bytes of ids. */
function partsOn(storage: DurableObjectStorage, bytesMax?: number) {
  const { sql } = storage;
  const [members, rows] = [new Members(sql, bytesMax), new KnownRows(sql)];
  const entries = new Entries(storage, new History(storage), members, rows);
  const search = new Search(sql, members, rows);
  const commit = (id: string, after: Entry | undefined) => {
    const [before] = entries.read([ref(id)], T0);
    const change: SentChange = { before: { ref: ref(id), version: before!.version }, after };
    return entries.commit([{ ...change, event: eventOf(id) }], T0, T0);
  };
  const holders = new Holders(sql, rows);
  const leaseOf = (id: string, load: number) => entryOf({ id, current_load: load }, T0).lease;
  const renew = (id: string, load: number, holder?: string) => {
    const lease = { ...leaseOf(id, load), ...(holder !== undefined && { holder }) };
    return entries.renew([{ ref: ref(id), fence: "f", lease, ttlMs: 300_000 }], T0, T0 + 1);
  };
  const detach = (id: string, load: number) =>
    holders.detach(
      [{ ref: ref(id), fence: "f", holder: "h", lease: leaseOf(id, load), ttlMs: 300_000 }],
      T0 + 1,
    );
  const drawn = (terms: readonly string[], { exhaustive = 100, size = 0, clock = T0 } = {}) =>
    search.sample({ kind: "agent", terms, exhaustive, size, examined: [] }, clock);
  const read = (ids: readonly string[], clock: number) =>
    entries.read(ids.map(ref), clock).map(({ row }) => row);
  return { commit, renew, detach, drawn, read };
}

const inObject = <R>(work: (storage: DurableObjectStorage) => R | Promise<R>): Promise<R> =>
  runInDurableObject(env.REGISTRY.getByName(crypto.randomUUID()), (_, { storage }) => work(storage));

const idsIn = (table: SqlStorageCursor<{ id: string }>): string[] => table.toArray().map(({ id }) => id);

const under = ({ sql }: DurableObjectStorage, [first, second = first]: readonly string[]): string[] =>
  idsIn(
    sql.exec(
      `SELECT id FROM term WHERE kind = 'agent' AND term = ? INTERSECT
       SELECT id FROM term WHERE kind = 'agent' AND term = ? ORDER BY id`,
      first!,
      second!,
    ),
  );

type Step = (storage: DurableObjectStorage, parts: ReturnType<typeof partsOn>) => typeof parts;

const id = fc.constantFrom(...IDS);
const after = fc.option(fc.subarray(TAGS), { nil: undefined });
const offer = (name: string, tags: string[] | undefined) => tags && entryOf({ id: name, tags }, T0, "f");

const commits = fc.tuple(id, after).map(([name, tags]): Step => (_, parts) => {
  expect(parts.commit(name, offer(name, tags))).toEqual(["committed"]);
  return parts;
});
/** The table of events is the last that a commit writes. */
const rollsBack = fc.tuple(id, after).map(([name, tags]): Step => ({ sql }, parts) => {
  sql.exec("ALTER TABLE event RENAME TO mislaid");
  expect(() => parts.commit(name, offer(name, tags))).toThrow(/event/);
  sql.exec("ALTER TABLE mislaid RENAME TO event");
  return parts;
});
const holder = fc.constantFrom(undefined, "h");
const renews = fc.tuple(id, fc.nat(9), holder).map(([name, load, held]): Step => (_, parts) => {
  parts.renew(name, load, held);
  return parts;
});
const detaches = fc.tuple(id, fc.nat(9)).map(([name, load]): Step => (_, parts) => {
  parts.detach(name, load);
  return parts;
});
/** Before any lease ends, when the first ends, and when all have ended. */
const clock = fc.constantFrom(T0, T0 + 300_001, T0 + 300_002);
const draws = fc
  .tuple(fc.subarray(TERMS, { minLength: 1, maxLength: 2 }), clock)
  .map(([terms, at]): Step => (storage, parts) => {
    const { rows, total } = parts.drawn(terms, { clock: at });
    const ids = under(storage, terms);
    expect(rows.toSorted(byId)).toEqual(parts.read(ids, at));
    expect(total).toBe(ids.length);
    return parts;
  });
/** From none at all, over that of one or two terms, to that of all. */
const bound = fc.constantFrom(0, 200, 500, undefined);
const wakes = bound.map(
  (bytesMax): Step =>
    (storage) =>
      partsOn(storage, bytesMax),
);

describe("what an object keeps in memory", () => {
  it("is what the tables have, whatever was committed, renewed, rolled back or forgotten before", async () => {
    const steps = fc.array(fc.oneof(commits, commits, renews, detaches, rollsBack, draws, draws, wakes), {
      maxLength: 40,
      size: "max",
    });
    const property = fc.asyncProperty(bound, steps, (bytesMax, taken) =>
      inObject((storage) => {
        let parts = partsOn(storage, bytesMax);
        for (const step of taken) parts = step(storage, parts);
        for (const first of TERMS) {
          for (const second of TERMS) {
            const found = parts.drawn([first, second]).rows.map((row) => row.id);
            expect(found.toSorted()).toEqual(under(storage, [first, second]));
          }
        }
      }),
    );
    await fc.assert(property, { numRuns: runs(60) });
  });

  it("is drawn equally often, by one term and by two", async () => {
    const shares = await inObject((storage) => {
      const { commit, drawn } = partsOn(storage);
      for (const [i, name] of IDS.entries())
        commit(name, entryOf({ id: name, tags: i < 4 ? ["x", "y"] : ["x"] }, T0, "f"));
      const count = (terms: string[], size: number) => {
        const counts = new Map<string, number>();
        for (let nth = 0; nth < 3000; nth += 1) {
          for (const row of drawn(terms, { exhaustive: 1, size }).rows)
            counts.set(row.id, (counts.get(row.id) ?? 0) + 1);
        }
        return [...counts.values()].map((times) => times / 3000);
      };
      return { one: count(["agent"], 2), two: count(["tag:x", "tag:y"], 2) };
    });
    expect(shares.one).toHaveLength(6);
    expect(shares.two).toHaveLength(4);
    // 0.055 is six standard deviations of a share among 3,000 draws.
    for (const share of shares.one) expect(Math.abs(share - 2 / 6)).toBeLessThan(0.055);
    for (const share of shares.two) expect(Math.abs(share - 2 / 4)).toBeLessThan(0.055);
  });

  it("is the terms that were used last; the others are read again", async () => {
    const read = await inObject((storage) => {
      const names = Array.from({ length: 40 }, (_, i) => `agent-${i}`);
      // Those of two terms fit, of three not.
      const { commit, drawn } = partsOn(storage, 40 * 75 * 2);
      for (const name of names) commit(name, entryOf({ id: name, tags: TAGS }, T0, "f"));
      const { sql } = storage;
      const exec = sql.exec.bind(sql);
      const walks: unknown[] = [];
      sql.exec = ((query: string, ...bindings: SqlStorageValue[]) => {
        if (query.startsWith("SELECT id FROM term")) walks.push(bindings.at(-1));
        return exec(query, ...bindings);
      }) as typeof sql.exec;
      for (const tag of ["x", "y", "x", "z", "x", "y"]) drawn([`tag:${tag}`]);
      return walks;
    });
    expect(read).toEqual(["tag:x", "tag:y", "tag:z", "tag:y"]);
  });
});
