import { beforeAll, describe, expect, it } from "vitest";
import { DISCOVERY_DEFAULTS } from "../../../src/core/agents/discovery.ts";
import type { LiveEntry } from "../../../src/core/entry.ts";
import { orThrow, Problem } from "../../../src/core/problem.ts";
import { discover, type DiscoveryQuery } from "../../../src/registry/agents/discover.ts";
import { change } from "../../../src/store/change.ts";
import { absent, type Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { BACKENDS } from "../../support/stores.ts";

const T0 = Date.UTC(2026, 0, 1);
const WANTED: DiscoveryQuery = {
  ...DISCOVERY_DEFAULTS,
  capability: ["spot"],
  tag: [],
  exact: false,
  failOpen: false,
  explained: false,
};

const fleetOf = (size: number, fieldsOf: (i: number) => object = () => ({})): LiveEntry[] =>
  Array.from({ length: size }, (_, i) =>
    entryOf({ id: `agent-${String(i).padStart(4, "0")}`, capabilities: ["spot"], ...fieldsOf(i) }, T0),
  );

const add = (store: Store, fleet: readonly LiveEntry[]) =>
  change(
    store,
    fleet.map(({ document }) => absent({ kind: "agent", id: document.registration.id })),
    (_, i) => ({ result: undefined, write: { entry: fleet[i] } }),
    T0,
  );

/** The same store, which tells how often it was asked for candidates. */
function counted(store: Store): { store: Store; trips: () => number } {
  let trips = 0;
  return {
    trips: () => trips,
    store: {
      ...store,
      async sample(query, now) {
        trips += 1;
        const draw = await store.sample(query, now);
        return {
          ...draw,
          more(size, narrowed) {
            trips += 1;
            return draw.more(size, narrowed);
          },
        };
      },
    },
  };
}

describe.each(BACKENDS)("discover on $backend", ({ openBackend }) => {
  async function fleet(size: number, fieldsOf?: (i: number) => object) {
    const store = openBackend().open("default");
    await add(store, fleetOf(size, fieldsOf));
    return async (query: Partial<DiscoveryQuery> = {}) => {
      const watched = counted(store);
      const found = orThrow(await discover(watched, { ...WANTED, ...query }, T0));
      return { ...found, ids: found.agents.map(({ id }) => id), trips: watched.trips() };
    };
  }

  it("examines everybody in one look when they are few, whether or not enough pass", async () => {
    const find = await fleet(200, (i) => (i === 7 ? {} : { status: "busy" }));
    expect(await find()).toMatchObject({
      ids: ["agent-0007"],
      examined: 200,
      sampled: false,
      matches: 200,
      live: 200,
      passed: 1,
      trips: 1,
    });
  });

  it("puts the least loaded first, and explains who is not among them", async () => {
    const find = await fleet(4, (i) => ({ current_load: [0, 1, 2, 9][i], max_concurrency: 10 }));
    const found = await find({ limit: 2 });
    expect(found.ids).toEqual(["agent-0000", "agent-0001"]);
    expect(found.explain().map(({ id, stage }) => [id, stage])).toEqual([
      ["agent-0002", "limit"],
      ["agent-0003", "load"],
    ]);
  });

  it("finds nobody where nobody is", async () => {
    const find = await fleet(3);
    const none = { ids: [], examined: 0, sampled: false, matches: 0, trips: 1 };
    expect(await find({ capability: ["other"] })).toMatchObject(none);
  });

  describe("of a crowd", () => {
    let find: Awaited<ReturnType<typeof fleet>>;
    beforeAll(async () => {
      find = await fleet(1300, (i) => ({
        health_score: 0.9,
        ...(i % 13 === 0 ? { tags: ["able"] } : { status: "busy" }),
      }));
    });

    it("examines a sample, of which the size grows with the limit", async () => {
      const busy = { statuses: ["busy", "available"] } as const;
      const first = { sampled: true, matches: 1300, trips: 1 };
      expect(await find({ ...busy, limit: 1 })).toMatchObject({ ...first, examined: 64 });
      expect(await find({ ...busy, limit: 10 })).toMatchObject({ ...first, examined: 80 });
      expect(await find({ ...busy, limit: 100 })).toMatchObject({ ...first, examined: 200 });
    });

    it("draws anew for each caller", async () => {
      const busy = { statuses: ["busy"], limit: 1 } as const;
      const chosen = new Set<string>();
      // That 20 draws of 64 have the same best happens once in a million runs at most.
      for (let round = 0; round < 20; round += 1) chosen.add((await find(busy)).ids[0]!);
      expect(chosen.size).toBeGreaterThan(1);
    });

    it("takes a second look where too few pass, and never a third", async () => {
      expect(await find({ limit: 90 })).toMatchObject({ examined: 1200, trips: 2 });
      expect(await find({ statuses: ["offline"], limit: 1 })).toMatchObject({
        ids: [],
        examined: 1064,
        trips: 2,
      });
    });

    it("counts nobody twice in a second look", async () => {
      const { ids, explain, live, examined } = await find({
        statuses: ["busy"],
        limit: 1000,
        explained: true,
      });
      const all = [...ids, ...explain().map(({ id }) => id)];
      expect([all.length, new Set(all).size, live]).toEqual([1200, 1200, 1200]);
      expect(examined).toBe(1200);
    });

    it("reads no more than 200 further ones whole where their leases tell nothing", async () => {
      const anything = { statuses: ["busy", "available"], minHealthScore: 1, limit: 1 } as const;
      const found = await find(anything);
      expect(found).toMatchObject({ ids: [], examined: 264, live: 264, trips: 2 });
      expect(await find({ ...anything, explained: true })).toMatchObject({ ids: [], examined: 1064 });
      expect(await find({ ...anything, statuses: ["unreachable"] })).toMatchObject({ examined: 264 });
      expect(await find({ ...anything, failOpen: true })).toMatchObject({ examined: 264 });
    });

    it("reads as many as are asked for where that is more than 200", async () => {
      const found = await find({ statuses: ["busy"], limit: 900 });
      expect(found).toMatchObject({ examined: 1200, trips: 2 });
      expect(found.ids.length).toBe(900);
    });

    it("examines everybody on demand", async () => {
      const found = await find({ exact: true, limit: 1000 });
      expect(found).toMatchObject({ examined: 1300, sampled: false, matches: 1300, passed: 100, trips: 0 });
      expect(found.ids).toEqual(found.ids.toSorted());
    });

    it("finds the few of a crowd that have another name too", async () => {
      const found = await find({ tag: ["able"], limit: 1000 });
      expect(found).toMatchObject({ examined: 100, sampled: false, matches: 100, passed: 100, trips: 1 });
    });
  });

  it("refuses to examine more than 5,000 on demand", async () => {
    const store = openBackend().open("default");
    await add(store, fleetOf(5000));
    const exact = { ...WANTED, exact: true };
    expect(await discover({ store }, exact, T0)).toMatchObject({ examined: 5000, matches: 5000 });
    await add(store, [entryOf({ id: "one-more", capabilities: ["spot"] }, T0)]);
    const refused = await discover({ store }, exact, T0);
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({ code: "too_many_candidates" });
  });

  it("knows the lapsed from the living", async () => {
    const backend = openBackend(T0);
    const store = backend.open("default");
    await add(
      store,
      fleetOf(3, (i) => (i === 1 ? { ttl_seconds: 60 } : {})),
    );
    await backend.advance(T0 + 60_001);
    const found = orThrow(await discover({ store }, WANTED, T0 + 60_001));
    expect(found).toMatchObject({ examined: 3, matches: 2, live: 2 });
    expect(found.explain()).toMatchObject([
      { id: "agent-0000", stage: "status" },
      { id: "agent-0001", stage: "lease", reason: "lapsed" },
      { id: "agent-0002", stage: "status" },
    ]);
  });

  it("finds in a second look too who will do as a last resort", async () => {
    const backend = openBackend(T0);
    const store = backend.open("default");
    await add(
      store,
      fleetOf(600, () => ({ ttl_seconds: 60 })),
    );
    await backend.advance(T0 + 60_001);
    const query = { ...WANTED, failOpen: true, limit: 300 };
    const found = orThrow(await discover({ store }, query, T0 + 60_001));
    expect(found.agents).toHaveLength(300);
    expect(found).toMatchObject({ examined: 600, failedOpen: true, lapsed: 600 });
  });
});
