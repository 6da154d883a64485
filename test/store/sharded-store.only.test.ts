import { describe, expect, it } from "vitest";
import { durableStore } from "../../src/store/embedded/durable-store.ts";
import { rendezvous } from "../../src/store/sharded/rendezvous.ts";
import { shardedStore } from "../../src/store/sharded/sharded-store.ts";
import {
  absent,
  EVENTS_SPARED,
  type EventCursor,
  type EventPage,
  type Store,
} from "../../src/store/store.ts";
import { entryOf } from "../support/entries.ts";
import { embeddedBackend } from "../support/stores.ts";
import {
  entryAt,
  eventOf,
  idOf,
  idsOf,
  pageThrough,
  put,
  ref,
  snapshotOf,
  T0,
} from "./conformance/opened.ts";

const NAMES = ["one", "two", "three"] as const;
const shardOf = rendezvous(NAMES);
const IDS = Array.from({ length: 300 }, (_, i) => `agent-${i}`);
const livingOn = (shard: number): string[] => IDS.filter((id) => shardOf(id) === shard);

/** Three stores, and the namespace that they are. */
function openShards() {
  const { open } = embeddedBackend(T0);
  const stores = NAMES.map((name) => open(name));
  const over = (used: readonly Store[]) =>
    shardedStore([
      { name: NAMES[0], store: used[0]! },
      { name: NAMES[1], store: used[1]! },
      { name: NAMES[2], store: used[2]! },
    ]);
  return { stores, over, store: over(stores) };
}

const entriesOf = (ids: readonly string[]) => ids.map((id) => entryOf({ id }, T0, `f-${id}`));

describe("which shard an id lives on", () => {
  it("is for ever what it was", () => {
    expect(IDS.slice(0, 12).map(shardOf)).toEqual([1, 1, 2, 2, 0, 1, 0, 2, 0, 2, 0, 1]);
  });

  it("changes for those alone that a new shard takes, and it takes its part of each", () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `agents/${i}`);
    const after = rendezvous([...NAMES, "four"]);
    const moved = ids.filter((id) => after(id) !== shardOf(id));
    expect(moved.every((id) => after(id) === 3)).toBe(true);
    for (const shard of [0, 1, 2]) {
      const lost = moved.filter((id) => shardOf(id) === shard).length;
      expect(lost / 20_000).toBeCloseTo(1 / 12, 2);
    }
  });

  it("does not depend on the order of the names", () => {
    const others = ["three", "one", "two"];
    const elsewhere = rendezvous(others);
    for (const id of IDS) expect(others[elsewhere(id)]).toBe(NAMES[shardOf(id)]);
  });
});

describe("a namespace over three shards", () => {
  it("asks the shard of an id, and no other, for what is of the id", async () => {
    const { stores, over } = openShards();
    const asked: [shard: number, method: string][] = [];
    const counted = stores.map(
      (store, shard) =>
        new Proxy(store, {
          get(target, method: string) {
            const own: unknown = Reflect.get(target, method);
            if (typeof own !== "function") return own;
            return (...args: never[]) => {
              asked.push([shard, method]);
              return (own as (...args: never[]) => unknown)(...args);
            };
          },
        }),
    );
    const store = over(counted);
    const [id] = livingOn(1);
    await put(store, T0, ...entriesOf([id!]));
    await store.readHeld(ref(id!), T0);
    const { lease } = entryOf({ id: id! }, T0);
    await store.renew([{ ref: ref(id!), fence: `f-${id!}`, lease, ttlMs: 1000 }], T0);
    expect(asked).toEqual([
      [1, "read"],
      [1, "commit"],
      [1, "readHeld"],
      [1, "renew"],
    ]);
  });

  it("draws from each shard in proportion to what it has", async () => {
    const { store } = openShards();
    const fleet = [...livingOn(0).slice(0, 60), ...livingOn(1).slice(0, 20), ...livingOn(2).slice(0, 10)];
    await put(store, T0, ...entriesOf(fleet));
    const drawn = [0, 0, 0];
    const DRAWS = 150;
    for (let nth = 0; nth < DRAWS; nth += 1) {
      const query = { kind: "agent", terms: ["agent"], exhaustive: 5, size: 6 } as const;
      const first = await store.sample(query, T0);
      const { entries } = await first.more(3);
      for (const entry of [...first.entries, ...entries]) drawn[shardOf(idOf(entry))]! += 1;
    }
    // 0.065 is five standard deviations of a share among 9 × 150 drawn, as if each had been drawn by itself.
    for (const [shard, share] of [60 / 90, 20 / 90, 10 / 90].entries())
      expect(Math.abs(drawn[shard]! / (9 * DRAWS) - share)).toBeLessThan(0.065);
  });

  it("never shows an entry that lives elsewhere", async () => {
    const { store, stores } = openShards();
    const [home, stray] = livingOn(0);
    await put(store, T0, ...entriesOf([home!]));
    await put(stores[1]!, T0, ...entriesOf([stray!]));
    const all = { kind: "agent", terms: ["agent"], exhaustive: 10, size: 10 } as const;
    expect(idsOf((await store.sample(all, T0)).entries)).toEqual([home]);
    expect(idsOf(await pageThrough(store, ["agent"], 1, T0))).toEqual([home]);
    const { calls } = await store.roll({ kind: "agent", after: "", limit: 10 }, T0);
    expect(calls.map(({ id }) => id)).toEqual([home]);
    expect(await entryAt(store, stray!, T0)).toBeUndefined();
  });

  it("brings home what a roll came upon elsewhere, with its lease, but nothing that has registered or ended there", async () => {
    const { store, stores } = openShards();
    const [moving, registered, ended] = livingOn(0) as [string, string, string];
    const draining = { ...entryOf({ id: moving, current_load: 3 }, T0, "old"), draining: true };
    await put(stores[1]!, T0, draining, ...entriesOf([registered, ended]));
    const anew = entryOf({ id: registered }, T0, "anew");
    await put(store, T0, anew, entryOf({ id: ended }, T0, "last"));
    const before = await snapshotOf(store, ended, T0);
    await store.commit([{ before, after: undefined, ended: "last" }], T0);

    await store.roll({ kind: "agent", after: "", limit: 100 }, T0);
    expect((await store.heal({ kind: "agent", suspects: [], after: "" })).healed).toBe(3);
    expect(await entryAt(store, moving, T0)).toEqual(draining);
    expect(await entryAt(store, registered, T0)).toEqual(anew);
    expect(await entryAt(store, ended, T0)).toBeUndefined();
    expect(await stores[1]!.count("agent")).toBe(0);
    expect(await store.count("agent")).toBe(2);
  });

  it("is out for what needs a shard that is out, and works for the rest", async () => {
    const { stores, over } = openShards();
    const out = durableStore(() => {
      throw new Error("out");
    });
    const store = over([stores[0]!, out, stores[2]!]);
    const [[here], [there]] = [livingOn(0), livingOn(1)];
    await put(store, T0, ...entriesOf([here!]));
    expect((await entryAt(store, here!, T0))?.document.fence).toBe(`f-${here!}`);
    const query = { kind: "agent", terms: ["agent"] } as const;
    const calls: (() => Promise<unknown>)[] = [
      () => store.ping(T0),
      () => entryAt(store, there!, T0),
      () => store.read([ref(here!), ref(there!)], T0),
      () => store.sample({ ...query, exhaustive: 5, size: 5 }, T0),
      () => store.page({ ...query, after: "", limit: 5 }, T0),
      () => store.roll({ kind: "agent", after: "", limit: 5 }, T0),
      () => store.terms({ prefix: "", after: "", limit: 5 }),
      () => store.count("agent"),
      () => store.events({ since: undefined, limit: 5 }),
      () => store.latest(5),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("the history of three shards", () => {
  /** Tells one event of each of these ids, on the shards where they live. */
  const tell = (store: Store, from: number, to: number) =>
    store.commit(
      IDS.slice(from, to).map((id, i) => ({
        before: absent(ref(id)),
        after: undefined,
        event: eventOf(id, T0 + from + i),
      })),
      T0,
    );
  const after = async (store: Store, since: EventCursor | undefined, limit: number): Promise<EventPage> => {
    const page = await store.events({ since, limit });
    if (page === "too_old") throw new Error("too old");
    return page;
  };

  it("is one history, in the order of its instants, that can be gone through either way from any place", async () => {
    const { store } = openShards();
    await tell(store, 0, 40);
    const { events } = await after(store, undefined, 100);
    expect(events.map(({ id }) => id)).toEqual(IDS.slice(0, 40));
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, i) => i + 1));
    for (const [i, event] of events.entries()) {
      expect((await after(store, event, 3)).events).toEqual(events.slice(i + 1, i + 4));
      expect(await store.latest(3, event)).toEqual(events.slice(Math.max(0, i - 2), i + 1).toReversed());
    }
  });

  it("loses nothing that follows a cursor, on whichever shards", async () => {
    const { store } = openShards();
    const seen: string[] = [];
    let { next } = await after(store, undefined, 2);
    for (let from = 0; from < 30; from += 5) {
      await tell(store, from, from + 5);
      const page = await after(store, next, 4);
      seen.push(...page.events.map(({ id }) => id));
      ({ next } = page);
    }
    const rest = await after(store, next, 100);
    expect([...seen, ...rest.events.map(({ id }) => id)]).toEqual(IDS.slice(0, 30));
  });

  it("says too_old where a shard of which nothing was read yet has forgotten something", async () => {
    const { store } = openShards();
    const [first, others] = [livingOn(0)[0]!, livingOn(1)[0]!];
    await store.commit([{ before: absent(ref(first)), after: undefined, event: eventOf(first, T0) }], T0);
    const many = Array.from({ length: EVENTS_SPARED + 1 }, () => ({
      before: absent(ref(others)),
      after: undefined,
      event: eventOf(others, T0 + 1),
    }));
    await store.commit(many, T0);
    const { next } = await after(store, undefined, 1);
    expect((await after(store, next, 2000)).events).toHaveLength(EVENTS_SPARED + 1);
    await store.makeRoom();
    expect(await store.events({ since: next, limit: 1 })).toBe("too_old");
  });

  it("says too_old to a cursor of one shard, of more, and to one that it did not make", async () => {
    const { store, stores } = openShards();
    await tell(store, 0, 20);
    const { events } = await after(store, undefined, 100);
    const [own] = await stores[0]!.latest(1);
    const last = events.at(-1)!;
    const strangers = [own!, { revision: 20, nonce: `${last.nonce}.1-1` }, { ...last, revision: 19 }];
    for (const since of strangers) expect(await store.events({ since, limit: 5 })).toBe("too_old");
    expect(await stores[0]!.events({ since: last, limit: 5 })).toBe("too_old");
  });
});
