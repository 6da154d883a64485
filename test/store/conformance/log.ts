import { expect, it } from "vitest";
import { FLIPS_MS, type EventType } from "../../../src/core/event.ts";
import { absent, LOG_KEPT_MS, LOG_MAX, type Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { eventOf, type Open, put, ref, snapshotOf, T0 } from "./opened.ts";

const A = ref("a");

/** Tells as many events of `a` as there are types, a second apart. */
async function tell(store: Store, types: readonly EventType[], from = T0): Promise<void> {
  const changes = types.map((type, i) => ({
    before: absent(A),
    after: undefined,
    event: { ...eventOf("a", from + 1000 * i), type },
  }));
  await store.commit(changes, from);
}

const typesIn = async (store: Store, limit = LOG_MAX, now = T0) =>
  (await store.log(A, limit, now)).map(({ type }) => type);

export function logs(open: Open): void {
  it("keeps an entry's own newest events, newest first, as they stand in the history", async () => {
    const { store } = open();
    expect(await store.log(A, 10, T0)).toEqual([]);
    await tell(store, ["registered", "amended", "renewed"]);
    const latest = await store.latest(10);
    const log = await store.log(A, 10, T0);
    expect(log.map(({ type, at }) => [type, at])).toEqual(latest.map(({ type, at }) => [type, at]));
    expect(await store.log(A, 2, T0)).toEqual(log.slice(0, 2));
    expect(await store.log({ kind: "toolset", id: "a" }, 10, T0)).toEqual([]);
  });

  it("keeps them whatever happens to others, and is forgotten by the history", async () => {
    const { store } = open();
    await tell(store, ["registered", "amended"]);
    const others = Array.from({ length: 1000 }, (_, i) => eventOf(`other-${i % 7}`, T0 + 5000 + i));
    await store.tell(others);
    await store.forgetEvents({ since: T0 + 5500, chars: 1_000_000 });
    await store.makeRoom();
    expect(await typesIn(store)).toEqual(["amended", "registered"]);
  });

  it("keeps 200 of one entry", async () => {
    const { store } = open();
    const events = Array.from({ length: 231 }, (_, i) => eventOf("a", T0 + i));
    await store.tell(events);
    const log = await store.log(A, LOG_MAX, T0);
    expect(log.map(({ at }) => at)).toEqual(
      events
        .slice(31)
        .map(({ at }) => at)
        .toReversed(),
    );
  });

  it("has what is told of a service in the log of its provider, and nothing of what is of no entry", async () => {
    const { store } = open();
    const event = { type: "breaker_opened", kind: "service", id: "llm", at: T0 } as const;
    await store.tell([
      { ...event, provider: "a" },
      { ...event, id: "a", provider: "b" },
      { type: "key_refused", kind: "namespace", id: "a", at: T0, count: 1 },
      { ...event, id: "a" },
    ]);
    expect(await store.log(A, 10, T0)).toMatchObject([{ ...event, provider: "a" }]);
  });

  it("has of changes of status that soon follow each other the last, as the history does", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a" }, T0, "f"));
    const renew = (status: "busy" | "available" | "degraded", at: number) => {
      const { lease } = entryOf({ id: "a", status }, at, "f");
      return store.renew([{ ref: A, fence: "f", lease, ttlMs: 300_000 }], at);
    };
    await renew("busy", T0 + 1);
    await renew("available", T0 + 2);
    await renew("degraded", T0 + FLIPS_MS);
    await renew("busy", T0 + FLIPS_MS + 1);
    await renew("available", T0 + 2 * FLIPS_MS + 1);
    const statuses = (await store.log(A, 10, T0)).map(({ status }) => status);
    expect(statuses).toEqual((await store.latest(10)).map(({ status }) => status));
    expect(statuses).toEqual(["available", "busy", "degraded"]);
  });

  it("outlives its entry, and goes on where that is registered again", async () => {
    const { store } = open();
    await tell(store, ["registered", "unregistered"]);
    expect(await typesIn(store)).toEqual(["unregistered", "registered"]);
    await tell(store, ["registered"]);
    const later = T0 + LOG_KEPT_MS + 60_000;
    expect(await typesIn(store, 10, later)).toEqual(["registered", "unregistered", "registered"]);
  });

  it("of a change that comes too late has nothing", async () => {
    const { store } = open();
    const before = await snapshotOf(store, "a", T0);
    await put(store, T0, entryOf({ id: "a" }, T0, "f"));
    await store.commit([{ before, after: undefined, event: eventOf("a") }], T0);
    expect(await store.log(A, 10, T0)).toEqual([]);
  });
}
