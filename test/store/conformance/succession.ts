import { expect, it } from "vitest";
import { absent, type Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { fenceAt } from "../../support/issued.ts";
import { entryAt, type Open, put, ref, remove, snapshotOf, T0 } from "./opened.ts";

const FENCE = fenceAt(T0, "first");
const FIRST = entryOf({ id: "a" }, T0, FENCE);

async function unregister(store: Store, now = T0) {
  const before = await snapshotOf(store, "a", now);
  return store.commit([{ before, after: undefined, ended: before.entry!.document.fence }], now);
}

export function succeeds(open: Open): void {
  it("gives its own clock with what it reads, whatever the caller's says", async () => {
    const { store, advance } = open();
    await put(store, T0, FIRST);
    await advance(T0 + 7);
    const { snapshots, clock } = await store.readWithClock(["nobody", "a"].map(ref), T0 + 60_000);
    expect(clock).toBe(T0 + 7);
    expect(snapshots).toEqual(await store.read(["nobody", "a"].map(ref), T0 + 60_000));
    expect(await store.readWithClock([], T0)).toEqual({ snapshots: [], clock: T0 + 7 });
  });

  it("gives its clock with more entries than one message takes", async () => {
    const { store, advance } = open();
    await advance(T0);
    await put(store, T0, FIRST);
    const refs = [...Array.from({ length: 299 }, (_, i) => `nobody-${i}`), "a"].map(ref);
    const { snapshots, clock } = await store.readWithClock(refs, T0);
    expect([snapshots.map((snapshot) => snapshot.ref), clock]).toEqual([refs, T0]);
    expect(snapshots.at(-1)?.entry).toEqual(FIRST);
  });

  it("keeps the fence of what has ended, until another entry has the id", async () => {
    const { store } = open();
    expect((await snapshotOf(store, "a", T0)).ended).toBeUndefined();
    await put(store, T0, FIRST);
    expect(await unregister(store)).toEqual(["committed"]);
    const ended = await snapshotOf(store, "a", T0);
    expect([ended.entry, ended.ended]).toEqual([undefined, FENCE]);

    const second = entryOf({ id: "a" }, T0, fenceAt(T0 + 1, "second"));
    expect(await store.commit([{ before: ended, after: second }], T0)).toEqual(["committed"]);
    const current = await snapshotOf(store, "a", T0);
    expect([current.entry, current.ended]).toEqual([second, undefined]);
    await unregister(store);
    expect((await snapshotOf(store, "a", T0)).ended).toBe(second.document.fence);
  });

  it("keeps nothing of what was removed without having ended", async () => {
    const { store } = open();
    await put(store, T0, FIRST);
    await remove(store, T0, "a");
    expect((await snapshotOf(store, "a", T0)).ended).toBeUndefined();
  });

  it("refuses what was decided before something ended under the id, and says what has", async () => {
    const { store } = open();
    const before = absent(ref("a"));
    await put(store, T0, FIRST);
    await unregister(store);
    const [current] = await store.commit([{ before, after: FIRST }], T0);
    expect(current).toEqual(await snapshotOf(store, "a", T0));
    expect(current).toMatchObject({ ended: FENCE });
    expect(await entryAt(store, "a", T0)).toBeUndefined();
  });

  it("keeps agents and toolsets of one id apart", async () => {
    const { store } = open();
    await put(store, T0, FIRST);
    await unregister(store);
    const [toolset] = await store.read([{ kind: "toolset", id: "a" }], T0);
    expect(toolset?.ended).toBeUndefined();
  });
}
