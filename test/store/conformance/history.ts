import { expect, it } from "vitest";
import type { Event } from "../../../src/core/event.ts";
import {
  absent,
  type EventCursor,
  type EventPage,
  type EventRecord,
  type Store,
  type SweepReport,
} from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { eventOf, historyOf, type Open, ref, snapshotOf, T0 } from "./opened.ts";

/** Tells `count` events, `e<from>` first, and changes nothing else. */
async function tell(store: Store, count: number, from = 1): Promise<void> {
  const changes = Array.from({ length: count }, (_, i) => ({
    before: absent(ref("a")),
    after: undefined,
    event: eventOf(`e${from + i}`, T0 + from + i),
  }));
  expect(await store.commit(changes, T0)).toEqual(changes.map(() => "committed"));
}

const told = (from: number, to: number): Omit<EventRecord, "nonce">[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    revision: from + i,
    ...eventOf(`e${from + i}`, T0 + from + i),
  }));

/** The page after `since`, which is not too old. */
async function pageOf(store: Store, since: EventCursor | undefined, limit: number): Promise<EventPage> {
  const page = await store.events({ since, limit });
  if (page === "too_old") throw new Error("too old");
  return page;
}

const BEGINNING = undefined;

export function recounts(open: Open): void {
  it("has no events before the first, and nothing after the last", async () => {
    const { store } = open();
    expect((await pageOf(store, BEGINNING, 10)).events).toEqual([]);
    await tell(store, 3);
    const { next } = await pageOf(store, BEGINNING, 10);
    expect(await pageOf(store, next, 10)).toEqual({ events: [], next });
  });

  it("gives an empty history a cursor, the same to all who ask at once, that misses nothing of what follows", async () => {
    const { store } = open();
    const pages = await Promise.all([1, 2, 3].map((limit) => pageOf(store, BEGINNING, limit)));
    const { next } = pages[0]!;
    expect(pages).toEqual(pages.map(() => ({ events: [], next })));
    expect(await pageOf(store, next, 10)).toEqual({ events: [], next });
    await tell(store, 12);
    expect((await pageOf(store, next, 3)).events).toMatchObject(told(1, 3));
    expect((await pageOf(store, next, 100)).events).toMatchObject(told(1, 12));
  });

  it("appends events that go with no change, of whatever kind, in their order", async () => {
    const { store } = open();
    await tell(store, 1);
    await store.tell([]);
    const [at, actor] = [T0 + 1, { type: "registry" }] as const;
    const events: Event[] = [
      { type: "breaker_opened", kind: "service", id: "llm", provider: "e1", at, actor },
      { type: "breaker_closed", kind: "service", id: "llm", provider: "e1", at, actor },
    ];
    await store.tell(events);
    expect(await historyOf(store)).toEqual([
      ...told(1, 1),
      { revision: 2, ...events[0] },
      { revision: 3, ...events[1] },
    ]);
    await store.tell([{ type: "quota_reached", kind: "namespace", id: "default", at: T0 + 2 }]);
    expect((await historyOf(store)).at(-1)).toMatchObject({ type: "quota_reached", revision: 4 });
  });

  it("numbers events from 1, without a gap, oldest first", async () => {
    const { store } = open();
    await tell(store, 12);
    expect(await historyOf(store)).toEqual(told(1, 12));
  });

  it("gives up to `limit` of those after `since`, and where the next page begins", async () => {
    const { store } = open();
    await tell(store, 12);
    const { events } = await pageOf(store, BEGINNING, 100);
    const first = await pageOf(store, events[3], 3);
    expect(first.events).toMatchObject(told(5, 7));
    const second = await pageOf(store, first.next, 100);
    expect(second.events).toMatchObject(told(8, 12));
    expect((await pageOf(store, second.next, 100)).events).toEqual([]);
    expect((await pageOf(store, BEGINNING, 2)).events).toMatchObject(told(1, 2));
  });

  it("gives the newest first, up to `limit`, to who asks for the latest", async () => {
    const { store } = open();
    expect(await store.latest(10)).toEqual([]);
    await tell(store, 12);
    expect(await store.latest(3)).toMatchObject(told(10, 12).toReversed());
    expect(await store.latest(100)).toMatchObject(told(1, 12).toReversed());
  });

  it("gives the newest of those up to a cursor, its own event among them", async () => {
    const { store } = open();
    const { next: beginning } = await pageOf(store, BEGINNING, 10);
    expect(await store.latest(10, beginning)).toEqual([]);
    await tell(store, 12);
    const { events } = await pageOf(store, BEGINNING, 100);
    expect(await store.latest(3, events[10])).toMatchObject(told(9, 11).toReversed());
    expect(await store.latest(3, events[1])).toMatchObject(told(1, 2).toReversed());
    expect(await store.latest(1, events[11])).toMatchObject(told(12, 12));
    expect(await store.latest(10, beginning)).toEqual([]);
  });

  it("gives each event the same cursor, whichever way it is read", async () => {
    const { store } = open();
    await tell(store, 5);
    const { events } = await pageOf(store, BEGINNING, 100);
    expect(await store.latest(5)).toEqual(events.toReversed());
    expect(await store.latest(2, events[3])).toEqual(events.slice(2, 4).toReversed());
  });

  it("says too_old to a cursor of another history, whatever its revision", async () => {
    const [{ store }, other] = [open(), open()];
    const { next: beginning } = await pageOf(other.store, BEGINNING, 10);
    await tell(other.store, 4);
    const { events } = await pageOf(other.store, BEGINNING, 10);
    for (const since of [beginning, ...events])
      expect(await store.events({ since, limit: 10 })).toBe("too_old");
    await tell(store, 3);
    for (const since of [beginning, ...events])
      expect(await store.events({ since, limit: 10 })).toBe("too_old");
  });

  it("says too_old to a cursor that no such store makes", async () => {
    const { store } = open();
    await tell(store, 3);
    for (const nonce of ["1-1.2-2", "~1-1", "."])
      expect(await store.events({ since: { revision: 1, nonce }, limit: 10 })).toBe("too_old");
  });

  it("tells nothing of a change that has no event", async () => {
    const { store } = open();
    const before = await snapshotOf(store, "a", T0);
    await store.commit([{ before, after: entryOf({ id: "a" }, T0) }], T0);
    expect(await historyOf(store)).toEqual([]);
  });

  it("forgets what is older than is to be kept, and says too_old only where one may be missing", async () => {
    const { store } = open();
    const { next: beginning } = await pageOf(store, BEGINNING, 1);
    await tell(store, 12);
    const { events } = await pageOf(store, beginning, 12);
    await store.forgetEvents({ since: T0 + 1, chars: 1_000_000 });
    expect(await historyOf(store)).toHaveLength(12);
    await store.forgetEvents({ since: T0 + 5, chars: 1_000_000 });

    for (const since of [beginning, ...events.slice(0, 4)])
      expect(await store.events({ since, limit: 1 })).toBe("too_old");
    expect((await pageOf(store, events[4], 1)).events).toMatchObject(told(6, 6));
    expect(await historyOf(store)).toEqual(told(5, 12));
    await tell(store, 1, 13);
    expect((await pageOf(store, events[11], 10)).events).toMatchObject(told(13, 13));
  });

  it("keeps the newest event, however old it is", async () => {
    const { store } = open();
    await store.forgetEvents({ since: T0, chars: 1 });
    await tell(store, 3);
    await store.forgetEvents({ since: T0 + 1000, chars: 1 });
    expect(await historyOf(store)).toEqual(told(3, 3));
  });

  it("forgets the oldest beyond so many characters", async () => {
    const { store } = open();
    await tell(store, 99);
    const chars = 30 * JSON.stringify(eventOf("e10", T0)).length;
    await store.forgetEvents({ since: T0, chars });
    const kept = await historyOf(store);
    expect(kept.length).toBeLessThanOrEqual(30);
    // Over several shards each keeps its share.
    expect(kept.length).toBeGreaterThanOrEqual(9);
    expect(kept).toEqual(told(100 - kept.length, 99));
  });

  it("loses nobody's place while 12,000 follow, and forgets most of what is old at once", async () => {
    const { store } = open();
    const { next } = await pageOf(store, BEGINNING, 1);
    for (let from = 1; from <= 12_000; from += 1000) await tell(store, 1000, from);
    await store.forgetEvents({ since: T0, chars: 50_000_000 });
    expect((await pageOf(store, next, 12_000)).events).toHaveLength(12_000);
    await store.forgetEvents({ since: T0 + 10_001, chars: 50_000_000 });
    const kept = await historyOf(store);
    expect(kept.at(-1)).toMatchObject({ id: "e12000" });
    expect(kept.length).toBeGreaterThanOrEqual(2000);
    expect(kept.length).toBeLessThanOrEqual(2000 + 600);
  });

  it("makes one signing key for all who ask at once, and keeps it", async () => {
    const { store } = open();
    const made = await Promise.all(["a", "b", "c", "d"].map((candidate) => store.signingKey(candidate)));
    expect(["a", "b", "c", "d"]).toContain(made[0]);
    expect(new Set(made).size).toBe(1);
    expect(await store.signingKey("late")).toBe(made[0]);
  });

  it("keeps the last sweep's report, and none before the first", async () => {
    const { store } = open();
    expect(await store.sweepReport()).toBeUndefined();
    const report: SweepReport = {
      at: T0,
      durationMs: 12,
      scanned: 4,
      unreachable: 1,
      recovered: 2,
      reaped: 3,
      healed: 5,
      lapsed: 1,
      census: { at: T0, byStatus: { available: 3, unreachable: 1 }, lapsed: 2 },
      resume: { roll: "a/b", terms: 'capability:"x"', byStatus: { busy: 2 } },
      grace: {
        clockMs: T0,
        peak: { sinceMs: T0, alive: 4, aliveBefore: 0 },
        surplus: { minuteMs: T0, count: 1 },
        byMinute: { [T0]: 2 },
      },
    };
    await store.keepSweepReport(report);
    expect(await store.sweepReport()).toEqual(report);
    const next = {
      ...report,
      at: T0 + 60_000,
      census: null,
      resume: { roll: "", terms: "", byStatus: {} },
    };
    await store.keepSweepReport(next);
    expect(await store.sweepReport()).toEqual(next);
  });
}
