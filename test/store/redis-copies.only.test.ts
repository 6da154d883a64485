import { afterEach, describe, expect, it } from "vitest";
import { absent } from "../../src/store/store.ts";
import { entryOf } from "../support/entries.ts";
import { openRedis } from "../support/opened-redis.ts";
import { eventOf, put, ref, T0 } from "./conformance/opened.ts";

/** The one copy belongs to every test of this file. */
let caughtUp = async () => {};
afterEach(() => caughtUp());

/** A store whose writes the copy is told of no more, and another isolate that reads from the copy. */
async function behind() {
  const redis = openRedis();
  await redis.bridge.fallBehind();
  caughtUp = () => redis.bridge.catchUp();
  return { ...redis, other: redis.elsewhere() };
}

describe("where a copy that is behind answers plain reads", () => {
  it("a follower of events that has seen more than the copy is not told too_old, and misses nothing", async () => {
    const { store, other, bridge, elsewhere } = await behind();
    await store.commit([{ before: absent(ref("early")), after: undefined, event: eventOf("early") }], T0);
    const seen = await store.events({ since: undefined, limit: 10 });
    if (seen === "too_old") throw new Error("without a cursor nothing is too old");
    expect(seen.events).toMatchObject([{ id: "early" }]);

    // The copy has none of it.
    expect(await other.events({ since: undefined, limit: 10 })).toMatchObject({ events: [] });
    const missesNothing = async () =>
      expect(await elsewhere().events({ since: seen.next, limit: 10 })).toEqual({
        events: [],
        next: seen.next,
      });
    await missesNothing();
    expect((await bridge.cost(missesNothing)).requests).toBe(2);

    await bridge.catchUp();
    expect(await elsewhere().events({ since: undefined, limit: 10 })).toMatchObject({
      events: [{ id: "early" }],
    });
  });

  it("a lease that the copy does not have yet is kept", async () => {
    const { store, other } = await behind();
    await put(store, T0, entryOf({ id: "a" }, T0, "fence-a"));
    const leases = [
      { ref: ref("a"), fence: "fence-a" },
      { ref: ref("b"), fence: "fence-b" },
    ];
    expect(await other.areKept(leases, T0)).toEqual([true, false]);
  });

  it("a holder that the copy does not know yet is known", async () => {
    const { store, other } = await behind();
    const holder = { seenAt: T0, sockets: 1 };
    await store.keepHolder("h1.1", holder);
    expect(await other.holders(["h1.1", "h1.2"])).toEqual([holder, undefined]);
  });
});

describe("what an isolate has written", () => {
  it("is read by itself, however far behind the copy is", async () => {
    const { store, other } = await behind();
    await put(store, T0, entryOf({ id: "a" }, T0));
    expect(await store.count("agent")).toBe(1);
    expect(await other.count("agent")).toBe(0);
  });
});
