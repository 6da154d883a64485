import { describe, expect, it } from "vitest";
import { absent, type EventCursor, type Store } from "../../src/store/store.ts";
import { openRedis } from "../support/opened-redis.ts";
import { eventOf, historyOf, ref, T0 } from "./conformance/opened.ts";

type Redis = ReturnType<typeof openRedis>;

const tell = (store: Store, ...ids: string[]) =>
  store.commit(
    ids.map((id) => ({ before: absent(ref(id)), after: undefined, event: eventOf(id) })),
    T0,
  );

/** Where a follower stands that has seen everything. */
async function standing(store: Store): Promise<EventCursor> {
  const page = await store.events({ since: undefined, limit: 100 });
  if (page === "too_old") throw new Error("without a cursor nothing is too old");
  return page.next;
}

const after = (store: Store, since: EventCursor) => store.events({ since, limit: 100 });

async function empty({ bridge, keys, key }: Redis): Promise<void> {
  for (const name of await keys()) await bridge.raw("DEL", key(name));
}

describe("a follower of events", () => {
  it("is told too_old after Redis was emptied, whatever has happened since", async () => {
    const redis = openRedis();
    const { store } = redis;
    const beginning = await standing(store);
    await tell(store, "a", "b");
    const seen = await standing(store);
    await empty(redis);
    for (let happened = 0; happened < 4; happened += 1) {
      expect(await after(store, beginning)).toBe("too_old");
      expect(await after(store, seen)).toBe("too_old");
      await tell(store, "c");
    }
  });

  it("is told too_old after a failover that used the revisions it has seen again", async () => {
    const { store, redis } = openRedis();
    await tell(store, "a", "b");
    const kept = await standing(store);
    await tell(store, "c", "d");
    const seen = await standing(store);
    // The replica had the first two.
    const had = await redis<[id: string, fields: string[]][]>("XRANGE", "events", "-", "+", "COUNT", 2);
    await redis("DEL", "events");
    for (const [id, fields] of had) await redis("XADD", "events", id, ...fields);
    await redis("HSET", "usage", "revision", 2);
    expect(await after(store, seen)).toBe("too_old");
    // The same events even, at the same instants.
    await tell(store, "c", "d", "e");
    expect((await historyOf(store)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
    expect(await after(store, seen)).toBe("too_old");
    expect(await after(store, kept)).toMatchObject({ events: [{ id: "c" }, { id: "d" }, { id: "e" }] });
  });

  it.each(["events", "history", "usage"])("misses nothing where the key %s alone is lost", async (lost) => {
    const { store, redis } = openRedis();
    const beginning = await standing(store);
    await tell(store, "a", "b");
    const seen = await standing(store);
    await redis("DEL", lost);
    await tell(store, "c");
    const [fromBeginning, fromSeen] = [await after(store, beginning), await after(store, seen)];
    const ids = { all: ["a", "b", "c"], later: ["c"] };
    const idsOf = (page: typeof fromSeen) => (page === "too_old" ? page : page.events.map(({ id }) => id));
    expect(["too_old", ids.all]).toContainEqual(idsOf(fromBeginning));
    expect(["too_old", ids.later]).toContainEqual(idsOf(fromSeen));
    expect(idsOf(fromSeen)).toEqual(lost === "events" ? "too_old" : ids.later);
  });

  it("goes on over events that an earlier version wrote, which have no nonce", async () => {
    const { store, redis } = openRedis();
    for (const id of ["a", "b"])
      await redis(
        "XADD",
        "events",
        `${await redis<number>("INCR", "revision")}-0`,
        "event",
        JSON.stringify(eventOf(id)),
      );
    const seen = await standing(store);
    expect(seen).toEqual({ revision: 2, nonce: "0" });
    await tell(store, "c");
    expect(await after(store, seen)).toMatchObject({ events: [{ id: "c", revision: 3 }] });
  });

  it("has the look and its proof in one round trip; the cursor of an empty history takes one more, once", async () => {
    const { store, bridge } = openRedis();
    const trips = async (work: () => Promise<unknown>) => (await bridge.cost(work)).requests;
    expect(await trips(() => standing(store))).toBe(2);
    expect(await trips(() => standing(store))).toBe(1);
    await tell(store, "a");
    const seen = await standing(store);
    expect(await bridge.cost(() => after(store, seen))).toMatchObject({ requests: 1, commands: 3 });
  });
});
