import { expect, it } from "vitest";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";
import { entryAt, type Open, put, ref, remove, T0 } from "./opened.ts";

export function reads(open: Open): void {
  it("answers a ping", async () => {
    await expect(open().store.ping(T0)).resolves.toBeUndefined();
  });

  it("answers in the order of the refs, and as often as one is asked for", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a" }, T0), entryOf({ id: "b" }, T0));
    const refs = ["b", "nobody", "a", "b"].map(ref);
    const snapshots = await store.read(refs, T0);
    expect(snapshots.map((snapshot) => snapshot.ref)).toEqual(refs);
    expect(snapshots.map(({ entry }) => entry?.document.registration.id)).toEqual(["b", undefined, "a", "b"]);
  });

  it("answers nothing when asked for nothing", async () => {
    const { store } = open();
    expect(await store.read([], T0)).toEqual([]);
    expect(await store.commit([], T0)).toEqual([]);
    expect(await store.renew([], T0)).toEqual([]);
    expect(await store.renew([], T0)).toEqual([]);
  });

  it("knows no entry that was never registered, and none that was removed", async () => {
    const { store } = open();
    expect(await entryAt(store, "a", T0)).toBeUndefined();
    await put(store, T0, entryOf({ id: "a" }, T0));
    await remove(store, T0, "a");
    expect(await entryAt(store, "a", T0)).toBeUndefined();
  });

  it("gives back the entry that was committed, whole", async () => {
    const { store } = open();
    const entry = { ...entryOf({ id: "a" }, T0), draining: true, mark: UNREACHABLE };
    await put(store, T0, entry);
    expect(await entryAt(store, "a", T0)).toEqual(entry);
  });

  it("has the lease through its last instant, and the entry without it from the next on", async () => {
    const { store, advance } = open();
    const entry = { ...entryOf({ id: "a", ttl_seconds: 60 }, T0), draining: true };
    await put(store, T0, entry);
    await advance(T0 + 60_000);
    expect(await entryAt(store, "a", T0 + 60_000)).toEqual(entry);
    await advance(T0 + 60_001);
    expect(await entryAt(store, "a", T0 + 60_001)).toEqual({ ...entry, lease: null });
  });

  it("has for a heartbeat the document and the lease, through its last instant, and nothing of nobody", async () => {
    const { store, advance } = open();
    expect(await store.readHeld(ref("a"), T0)).toBeUndefined();
    const { document, lease } = entryOf({ id: "a", ttl_seconds: 60 }, T0);
    await put(store, T0, { document, lease, draining: true, mark: UNREACHABLE });
    await advance(T0 + 60_000);
    expect(await store.readHeld(ref("a"), T0 + 60_000)).toEqual({ document, lease });
    await advance(T0 + 60_001);
    expect(await store.readHeld(ref("a"), T0 + 60_001)).toEqual({ document, lease: null });
  });

  it("never has a static entry lapse", async () => {
    const { store, advance } = open();
    const entry = entryOf({ id: "a", heartbeat_interval_seconds: null }, T0);
    await put(store, T0, entry);
    const years = T0 + 10 * 365 * 86_400_000;
    await advance(years);
    expect(await entryAt(store, "a", years)).toEqual(entry);
  });
}
