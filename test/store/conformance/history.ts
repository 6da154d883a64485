import { expect, it } from "vitest";
import {
  absent,
  type EventRecord,
  EVENTS_MAX,
  type Store,
  type SweepReport,
} from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { eventOf, type Open, ref, snapshotOf, T0 } from "./opened.ts";

/** Tells `count` events, `e<from>` first, and changes nothing else. */
async function tell(store: Store, count: number, from = 1): Promise<void> {
  const changes = Array.from({ length: count }, (_, i) => ({
    before: absent(ref("a")),
    after: undefined,
    event: eventOf(`e${from + i}`, T0 + from + i),
  }));
  expect(await store.commit(changes, T0)).toEqual(changes.map(() => "committed"));
}

const told = (from: number, to: number): EventRecord[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    revision: from + i,
    ...eventOf(`e${from + i}`, T0 + from + i),
  }));

export function recounts(open: Open): void {
  it("has no events before the first, and nothing after the last", async () => {
    const { store } = open();
    expect(await store.events({ since: undefined, limit: 10 })).toEqual([]);
    expect(await store.events({ since: 0, limit: 10 })).toEqual([]);
    await tell(store, 3);
    expect(await store.events({ since: 3, limit: 10 })).toEqual([]);
  });

  it("numbers events from 1, without a gap, oldest first", async () => {
    const { store } = open();
    await tell(store, 12);
    expect(await store.events({ since: undefined, limit: 100 })).toEqual(told(1, 12));
    expect(await store.events({ since: 0, limit: 100 })).toEqual(told(1, 12));
  });

  it("gives up to `limit` of those after `since`", async () => {
    const { store } = open();
    await tell(store, 12);
    expect(await store.events({ since: 4, limit: 3 })).toEqual(told(5, 7));
    expect(await store.events({ since: 9, limit: 100 })).toEqual(told(10, 12));
    expect(await store.events({ since: undefined, limit: 2 })).toEqual(told(1, 2));
  });

  it("gives the newest first, up to `limit`, to who asks for the latest", async () => {
    const { store } = open();
    expect(await store.latest(10)).toEqual([]);
    await tell(store, 12);
    expect(await store.latest(3)).toEqual(told(10, 12).toReversed());
    expect(await store.latest(100)).toEqual(told(1, 12).toReversed());
  });

  it("says too_old to a cursor from the future, as one of another history is", async () => {
    const { store } = open();
    expect(await store.events({ since: 1, limit: 10 })).toBe("too_old");
    await tell(store, 3);
    expect(await store.events({ since: 4, limit: 10 })).toBe("too_old");
  });

  it("tells nothing of a change that has no event", async () => {
    const { store } = open();
    const before = await snapshotOf(store, "a", T0);
    await store.commit([{ before, after: entryOf({ id: "a" }, T0) }], T0);
    expect(await store.events({ since: undefined, limit: 10 })).toEqual([]);
  });

  it(`keeps the newest ${EVENTS_MAX}, and says too_old only where one is missing`, async () => {
    const { store } = open();
    for (let from = 1; from <= EVENTS_MAX; from += 1000) await tell(store, 1000, from);
    expect(await store.events({ since: 0, limit: 1 })).toEqual(told(1, 1));
    await tell(store, 2, EVENTS_MAX + 1);

    expect(await store.events({ since: 0, limit: 1 })).toBe("too_old");
    expect(await store.events({ since: 1, limit: 1 })).toBe("too_old");
    expect(await store.events({ since: 2, limit: 1 })).toEqual(told(3, 3));
    expect(await store.events({ since: undefined, limit: 1 })).toEqual(told(3, 3));
    expect(await store.events({ since: EVENTS_MAX, limit: 10 })).toEqual(
      told(EVENTS_MAX + 1, EVENTS_MAX + 2),
    );
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
      byStatus: { available: 3, unreachable: 1 },
      resume: { roll: "a/b", terms: 'capability:"x"', byStatus: { busy: 2 } },
    };
    await store.keepSweepReport(report);
    expect(await store.sweepReport()).toEqual(report);
    const next = {
      ...report,
      at: T0 + 60_000,
      byStatus: null,
      resume: { roll: "", terms: "", byStatus: {} },
    };
    await store.keepSweepReport(next);
    expect(await store.sweepReport()).toEqual(next);
  });
}
