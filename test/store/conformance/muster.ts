import { expect, it } from "vitest";
import type { ReportedStatus } from "../../../src/core/agents/agent.ts";
import type { LiveEntry } from "../../../src/core/entry.ts";
import { heldLease } from "../../../src/core/holding.ts";
import { HOLDER_ALIVE_MS, type Lease } from "../../../src/core/lease.ts";
import type { RollCall, Store } from "../../../src/store/store.ts";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";
import { type Open, put, ref, T0 } from "./opened.ts";

const NOW = T0 + 45_001;

/** Who registered at T0, and has changed its lease since. */
function agent(id: string, lease: Partial<Lease> = {}, rest: Partial<LiveEntry> = {}): LiveEntry {
  const entry = entryOf({ id }, T0, `f-${id}`);
  return { ...entry, lease: { ...entry.lease, lastSeenAt: NOW, ...lease }, ...rest };
}

const HEARD: LiveEntry[] = [
  agent("heard/available"),
  agent("heard/last-instant", { lastSeenAt: NOW - 45_000 }),
  agent("heard/busy", { status: "busy", currentLoad: 2.5 }),
  agent("heard/told-to-wait", { lastSeenAt: T0, nextIntervalSeconds: 60 }),
  agent("heard/silent-and-offline", { status: "offline", lastSeenAt: T0 }),
  agent("heard/static", { lastSeenAt: T0, intervalSeconds: null, expiresAt: null }),
  agent("heard/imported", { lastSeenAt: T0, intervalSeconds: null, expiresAt: null, unheard: true }),
];
const OTHERS: LiveEntry[] = [
  agent("other/cut-off", { cutOff: true }),
  agent("other/draining", {}, { draining: true }),
  agent("other/marked", {}, { mark: UNREACHABLE }),
  agent("other/silent", { lastSeenAt: NOW - 45_001 }),
];
const BY_STATUS = { available: 5, busy: 1, offline: 1 };

const attach = (store: Store, id: string, holder: string, status: ReportedStatus = "available") =>
  store.attach(
    [
      {
        ref: ref(id),
        fence: `f-${id}`,
        lease: heldLease({ ttlSeconds: 300, intervalSeconds: 30 }, { status, currentLoad: 0 }, holder, T0),
      },
    ],
    T0,
  );

/** The whole fleet, so many at a time. */
async function muster(store: Store, limit: number, now: number) {
  const byStatus: Record<string, number> = {};
  const calls: RollCall[] = [];
  let [scanned, perSecond] = [0, 0];
  for (let after: string | null = ""; after !== null;) {
    const page = await store.muster({ kind: "agent", after, limit }, now);
    for (const { status, agents, intervalSeconds, ...rest } of page.heard) {
      expect(rest).toEqual({});
      if (intervalSeconds !== null) perSecond += agents / intervalSeconds;
      byStatus[status] = (byStatus[status] ?? 0) + agents;
    }
    calls.push(...page.calls);
    scanned += page.scanned;
    after = page.next;
  }
  return { byStatus, calls, scanned, perSecond: Math.round(perSecond * 30) / 30 };
}

export function musters(open: Open): void {
  it.each([1, 3, 10, 1000])(
    "counts who is plainly heard, and calls all others by name, %i at a time",
    async (limit) => {
      const { store } = open();
      await put(store, T0, ...HEARD, ...OTHERS);
      const { byStatus, calls, scanned, perSecond } = await muster(store, limit, NOW);
      // Those that are static send no heartbeats.
      expect([byStatus, scanned, perSecond]).toEqual([BY_STATUS, 11, 5 / 30]);
      const all = await store.roll({ kind: "agent", after: "", limit: 100, directives: true }, NOW);
      expect(calls).toEqual(all.calls.filter(({ id }) => id.startsWith("other/")));
      expect(calls.map(({ id }) => id)).toEqual(OTHERS.map(({ document }) => document.registration.id));
      expect(calls.map(({ draining = false }) => draining)).toEqual([false, true, false, false]);
    },
  );

  it("calls who has lapsed by name", async () => {
    const { store, advance } = open();
    await put(store, T0, agent("a"));
    await advance(NOW + 300_001);
    const { calls } = await muster(store, 10, NOW + 300_001);
    expect(calls).toEqual([{ id: "a", fence: "f-a", lease: null, mark: null }]);
  });

  it("counts those held by a living holder, and calls those of a dead one by name", async () => {
    const { store } = open();
    await put(store, T0, agent("a"), agent("b"), agent("c"));
    await attach(store, "a", "h.1", "busy");
    await attach(store, "b", "h.2");
    await store.keepHolder("h.1", { seenAt: NOW, sockets: 1 });
    await store.keepHolder("h.2", { seenAt: NOW, sockets: 1 });
    expect(await muster(store, 10, NOW)).toEqual({
      byStatus: { available: 2, busy: 1 },
      calls: [],
      scanned: 3,
      perSecond: 1 / 30,
    });

    const late = NOW + HOLDER_ALIVE_MS + 1;
    await store.keepHolder("h.1", { seenAt: late, sockets: 1 });
    const { byStatus, calls, scanned } = await muster(store, 10, late);
    expect([byStatus, scanned]).toEqual([{ busy: 1 }, 3]);
    expect(calls.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(calls[0]!.lease).toMatchObject({ holder: "h.2", lastSeenAt: NOW });

    await store.keepHolder("h.1", { seenAt: late, sockets: 1, ended: true });
    const ended = await muster(store, 10, late + 1001);
    expect(ended.calls.map(({ id, lease }) => [id, lease?.cutOff ?? false])).toEqual([
      ["a", true],
      ["b", false],
      ["c", false],
    ]);
  });
}
