import { expect, it } from "vitest";
import { heldLease, releasedLease } from "../../../src/core/holding.ts";
import { HOLDER_ALIVE_MS, isUnreachable, leaseAt } from "../../../src/core/lease.ts";
import type { Departure, Holding, Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { draw, entryAt, everythingIn, type Open, put, ref, T0 } from "./opened.ts";

const TERMS = { ttlSeconds: 120, intervalSeconds: 30 };
const TTL_MS = 120_000;
const YEAR_MS = 365 * 86_400_000;

const registered = (id: string, fence: string) => entryOf({ id, ttl_seconds: 120 }, T0, fence);

const holding = (id: string, fence: string, holder: string, now = T0): Holding => ({
  ref: ref(id),
  fence,
  lease: heldLease(TERMS, { status: "busy", currentLoad: 3 }, holder, now),
});

function departure({ lease, ...rest }: Holding, lastSeenAt: number, cutOff = false): Departure {
  const { holder } = lease;
  return { ...rest, holder, lease: releasedLease(lease, lastSeenAt, cutOff), ttlMs: TTL_MS };
}

const holds = (store: Store, holder: string, seenAt: number) =>
  store.keepHolder(holder, { seenAt, sockets: 1 });

async function opened(open: Open, holder = "h.1") {
  const { store, advance } = open();
  await put(store, T0, registered("a", "one"));
  await holds(store, holder, T0);
  expect(await store.attach([holding("a", "one", holder)], T0)).toEqual(["run"]);
  return { store, advance };
}
const leaseOf = async (store: Store, id: string, now: number) => (await entryAt(store, id, now))?.lease;

export function isHeldBySockets(open: Open): void {
  it("keeps a held lease for as long as its holder lives", async () => {
    const { store, advance } = await opened(open);
    const later = T0 + YEAR_MS;
    await advance(later);
    await holds(store, "h.1", later);
    const lease = await leaseOf(store, "a", later);
    expect(lease).toMatchObject({ status: "busy", currentLoad: 3, holder: "h.1", lastSeenAt: later });
    expect(isUnreachable(lease!, later)).toBe(false);
  });

  it("shows those whose holder is silent as unreachable after 90 s, and as gone after their TTL", async () => {
    const { store } = await opened(open);
    const alive = await leaseOf(store, "a", T0 + HOLDER_ALIVE_MS);
    expect(isUnreachable(alive!, T0 + HOLDER_ALIVE_MS)).toBe(false);
    const silent = await leaseOf(store, "a", T0 + HOLDER_ALIVE_MS + 1);
    expect(isUnreachable(silent!, T0 + HOLDER_ALIVE_MS + 1)).toBe(true);
    expect((await leaseOf(store, "a", T0 + TTL_MS))?.expiresAt).toBe(T0 + TTL_MS);
    expect(await leaseOf(store, "a", T0 + TTL_MS + 1)).toBeNull();
  });

  it("cuts those off whose holder has ended, and keeps them for their TTL", async () => {
    const { store } = await opened(open);
    await store.keepHolder("h.1", { seenAt: T0 + 10_000, sockets: 0, ended: true });
    const lease = await leaseOf(store, "a", T0 + 10_000);
    expect(lease).toMatchObject({ cutOff: true, expiresAt: T0 + 10_000 + TTL_MS });
    expect(isUnreachable(lease!, T0 + 10_000)).toBe(true);
  });

  it("goes by a lease's own last word where its holder was lost", async () => {
    const { store } = open();
    await put(store, T0, registered("a", "one"));
    await store.attach([holding("a", "one", "never kept")], T0);
    expect(await leaseOf(store, "a", T0 + 1000)).toMatchObject({ lastSeenAt: T0, expiresAt: T0 + TTL_MS });
    expect(await leaseOf(store, "a", T0 + TTL_MS + 1)).toBeNull();
  });

  it("attaches neither the lapsed, the superseded nor the unknown", async () => {
    const { store, advance } = open();
    await put(store, T0, registered("a", "one"), registered("b", "two"));
    await put(store, T0, registered("b", "three"));
    await advance(T0 + TTL_MS + 1);
    const now = T0 + TTL_MS + 1;
    const before = await everythingIn(store, ["a", "b", "c"], now);
    const holdings = [holding("a", "one", "h.1"), holding("b", "two", "h.1"), holding("c", "x", "h.1")];
    expect(await store.attach(holdings, now)).toEqual(["gone", "gone", "gone"]);
    expect(await everythingIn(store, ["a", "b", "c"], now)).toEqual(before);
  });

  it("gives a lease its end back when it is detached", async () => {
    const { store, advance } = await opened(open);
    const heard = T0 + 5000;
    expect(await store.detach([departure(holding("a", "one", "h.1"), heard)], heard)).toEqual([true]);
    const lease = await leaseOf(store, "a", heard);
    expect(lease).toEqual({
      ...leaseAt(TERMS, { status: "busy", currentLoad: 3 }, heard),
      expiresAt: heard + TTL_MS,
    });
    await advance(heard + TTL_MS + 1);
    expect(await leaseOf(store, "a", heard + TTL_MS + 1)).toBeNull();
  });

  it("lets no late detach end a newer holding, a heartbeat's lease or a successor's", async () => {
    const { store } = await opened(open);
    await holds(store, "h.2", T0);
    const late = () => store.detach([departure(holding("a", "one", "h.1"), T0)], T0);
    await store.attach([holding("a", "one", "h.2")], T0);
    expect(await late()).toEqual([false]);
    expect(await leaseOf(store, "a", T0 + 2000)).toMatchObject({ holder: "h.2" });

    const beat = leaseAt(TERMS, { status: "available", currentLoad: 0 }, T0);
    await store.renew([{ ref: ref("a"), fence: "one", lease: beat, ttlMs: TTL_MS }], T0);
    expect(await late()).toEqual([false]);
    expect(await leaseOf(store, "a", T0 + 4000)).toEqual(beat);

    await put(store, T0, registered("a", "two"));
    await store.attach([holding("a", "two", "h.1")], T0);
    expect(await late()).toEqual([false]);
    expect(await leaseOf(store, "a", T0 + 6000)).toMatchObject({ holder: "h.1" });
  });

  it("takes no holder for another whose name begins like its own", async () => {
    const { store } = await opened(open, "h.11");
    expect(await store.detach([departure(holding("a", "one", "h.1"), T0)], T0)).toEqual([false]);
  });

  it("ends a holding with a heartbeat, which has an end again", async () => {
    const { store, advance } = await opened(open);
    const lease = leaseAt(TERMS, { status: "busy", currentLoad: 3 }, T0);
    await store.renew([{ ref: ref("a"), fence: "one", lease, ttlMs: TTL_MS }], T0);
    await advance(T0 + TTL_MS + 1);
    await holds(store, "h.1", T0 + TTL_MS + 1);
    expect(await leaseOf(store, "a", T0 + TTL_MS + 1)).toBeNull();
  });

  it("leaves a holding as it is when something else of the entry changes", async () => {
    const { store, advance } = await opened(open);
    const now = T0 + 60_000;
    await holds(store, "h.1", now);
    const entry = await entryAt(store, "a", now);
    await put(store, now, { ...entry!, draining: true });
    await advance(T0 + YEAR_MS);
    await holds(store, "h.1", T0 + YEAR_MS);
    const after = await entryAt(store, "a", T0 + YEAR_MS);
    expect(after).toMatchObject({ draining: true, lease: { holder: "h.1", lastSeenAt: T0 + YEAR_MS } });
    expect(await store.attach([holding("a", "one", "h.1")], T0 + YEAR_MS)).toEqual(["drain"]);
  });

  it("lets go for good of what lapsed with its holder, once that is written", async () => {
    const { store } = await opened(open);
    const now = T0 + TTL_MS + 1;
    const entry = await entryAt(store, "a", now);
    expect(entry?.lease).toBeNull();
    await put(store, now, { ...entry!, mark: { state: "lapsed", sinceMs: now, untilMs: now + 1 } });
    await holds(store, "h.1", now);
    expect(await store.attach([holding("a", "one", "h.1")], now)).toEqual(["gone"]);
    expect(await leaseOf(store, "a", now + 2000)).toBeNull();
  });

  it("shows every reader the same of a held lease", async () => {
    const { store } = await opened(open);
    const now = T0 + 60_000;
    await holds(store, "h.1", now);
    const lease = await leaseOf(store, "a", now);
    expect(lease).toMatchObject({ lastSeenAt: now });
    const all = { kind: "agent", terms: ["agent"] } as const;
    expect((await store.readHeld(ref("a"), now))?.lease).toEqual(lease);
    expect((await store.readWithClock([ref("a")], now)).snapshots[0]?.entry?.lease).toEqual(lease);
    expect((await draw(store, { ...all, exhaustive: 10, size: 10 }, now)).entries[0]?.lease).toEqual(lease);
    expect((await store.page({ ...all, after: "", limit: 10 }, now)).entries[0]?.lease).toEqual(lease);
    expect((await store.roll({ kind: "agent", after: "", limit: 10 }, now)).calls[0]?.lease).toEqual(lease);
  });

  it("learns within a second that a holder was heard", async () => {
    const { store } = await opened(open);
    await leaseOf(store, "a", T0 + 50_000);
    await holds(store, "h.1", T0 + 50_000);
    expect((await leaseOf(store, "a", T0 + 51_001))?.lastSeenAt).toBe(T0 + 50_000);
  });

  it("tells a holder what was kept of it, and finds holders in their order", async () => {
    const { store } = open();
    expect(await holds(store, "h.1", T0)).toBeUndefined();
    expect(await holds(store, "h.1", T0 + 1)).toEqual({ seenAt: T0, sockets: 1 });
    const found = await store.holders(["h.2", "h.1"]);
    expect(found).toEqual([undefined, { seenAt: T0 + 1, sockets: 1 }]);
  });

  it("says which leases are there, whoever holds them", async () => {
    const { store, advance } = await opened(open);
    await put(store, T0, registered("b", "two"), registered("d", "four"));
    const asked = [
      { ref: ref("a"), fence: "one" },
      { ref: ref("b"), fence: "old" },
      { ref: ref("b"), fence: "two" },
      { ref: ref("c"), fence: "x" },
    ];
    expect(await store.areKept(asked, T0)).toEqual([true, false, true, false]);
    expect(await store.areKept([asked[0]!, asked[2]!], T0)).toEqual([true, true]);
    await advance(T0 + TTL_MS + 1);
    expect(await store.areKept(asked, T0 + TTL_MS + 1)).toEqual([true, false, false, false]);
    expect(await store.areKept([], T0)).toEqual([]);
  });
}
