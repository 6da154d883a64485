import { expect, it } from "vitest";
import { leaseAt } from "../../../src/core/lease.ts";
import type { Renewal } from "../../../src/store/store.ts";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";
import { entryAt, everythingIn, type Open, put, ref, remove, T0 } from "./opened.ts";

const MINUTE = { ttlSeconds: 60, intervalSeconds: 30 };

/** A holder that calls in at `now`, busy with `load`. */
const call = (id: string, fence: string, now: number, load = 1): Renewal => ({
  ref: ref(id),
  fence,
  lease: leaseAt(MINUTE, { status: "busy", currentLoad: load }, now),
  ttlMs: 60_000,
});

const registered = (id: string, fence: string, now = T0) =>
  entryOf({ id, ttl_seconds: 60, tags: [fence] }, now, fence);

export function renews(open: Open): void {
  it("replaces the state whole, moves the end, and touches nothing else", async () => {
    const { store, advance } = open();
    const entry = { ...registered("a", "one"), mark: UNREACHABLE };
    await put(store, T0, entry);
    const before = await everythingIn(store, ["a"], T0);
    const renewal = call("a", "one", T0 + 40_000, 7);
    await advance(T0 + 40_000);
    expect(await store.renew([renewal], T0 + 40_000)).toEqual(["run"]);

    await advance(T0 + 100_000);
    expect(await everythingIn(store, ["a"], T0 + 100_000)).toEqual({
      ...before,
      entries: [{ ...entry, lease: renewal.lease }],
      events: [
        {
          revision: 1,
          type: "status_changed",
          kind: "agent",
          id: "a",
          at: T0 + 40_000,
          status: "busy",
          from: "available",
          actor: { type: "holder" },
        },
      ],
    });
    await advance(T0 + 100_001);
    expect((await entryAt(store, "a", T0 + 100_001))?.lease).toBeNull();
  });

  it("hears a holder through the lease's last instant", async () => {
    const { store, advance } = open();
    await put(store, T0, registered("a", "one"));
    await advance(T0 + 60_000);
    expect(await store.renew([call("a", "one", T0 + 60_000)], T0 + 60_000)).toEqual(["run"]);
    await advance(T0 + 60_001);
    expect((await entryAt(store, "a", T0 + 60_001))?.lease?.expiresAt).toBe(T0 + 120_000);
  });

  it("neither hears nor revives a holder one millisecond later", async () => {
    const { store, advance } = open();
    await put(store, T0, registered("a", "one"));
    await advance(T0 + 60_001);
    const before = await everythingIn(store, ["a"], T0 + 60_001);
    expect(await store.renew([call("a", "one", T0 + 60_001)], T0 + 60_001)).toEqual(["gone"]);
    expect(await everythingIn(store, ["a"], T0 + 60_001)).toEqual(before);
    expect(before.entries[0]?.lease).toBeNull();
  });

  it("does not hear a superseded holder, and leaves its successor as it is", async () => {
    const { store } = open();
    await put(store, T0, registered("a", "one"));
    await put(store, T0, registered("a", "two"));
    const before = await everythingIn(store, ["a"], T0);
    expect(await store.renew([call("a", "one", T0 + 1)], T0 + 1)).toEqual(["gone"]);
    expect(await everythingIn(store, ["a"], T0 + 1)).toEqual(before);
    expect(await store.renew([call("a", "two", T0 + 1)], T0 + 1)).toEqual(["run"]);
  });

  it("does not hear a superseded holder even once its successor has lapsed", async () => {
    const { store, advance } = open();
    await put(store, T0, registered("a", "one"));
    await put(store, T0, registered("a", "two"));
    await advance(T0 + 60_001);
    expect(await store.renew([call("a", "one", T0 + 60_001)], T0 + 60_001)).toEqual(["gone"]);
    expect((await entryAt(store, "a", T0 + 60_001))?.lease).toBeNull();
  });

  it("brings nobody into being: neither the unknown nor the removed", async () => {
    const { store } = open();
    await put(store, T0, registered("a", "one"));
    await remove(store, T0, "a");
    const calls = [call("a", "one", T0), call("nobody", "one", T0)];
    expect(await store.renew(calls, T0)).toEqual(["gone", "gone"]);
    expect((await everythingIn(store, ["a", "nobody"], T0)).entries).toEqual([undefined, undefined]);
  });

  it("keeps the holder of one id from renewing another", async () => {
    const { store } = open();
    await put(store, T0, registered("a", "one"), registered("a:one", "two"), registered("b", "three"));
    const calls = [call("b", "one", T0), call("a", "two", T0), call("a:one", "one", T0)];
    expect(await store.renew(calls, T0)).toEqual(["gone", "gone", "gone"]);
  });

  it("answers for each of many in their order", async () => {
    const { store } = open();
    await put(store, T0, registered("a", "one"), registered("b", "two"));
    const now = T0 + 1000;
    const calls = [call("b", "two", now, 2), call("nobody", "x", now), call("a", "one", now, 1)];
    expect(await store.renew(calls, now)).toEqual(["run", "gone", "run"]);
    const loads = (await everythingIn(store, ["a", "b"], now)).entries.map(
      (entry) => entry?.lease?.currentLoad,
    );
    expect(loads).toEqual([1, 2]);
  });

  it("keeps a lease without an end without one", async () => {
    const { store, advance } = open();
    await put(store, T0, entryOf({ id: "a", heartbeat_interval_seconds: null }, T0, "one"));
    const lease = leaseAt({ ttlSeconds: 60, intervalSeconds: null }, { status: "busy", currentLoad: 3 }, T0);
    expect(await store.renew([{ ref: ref("a"), fence: "one", lease, ttlMs: null }], T0)).toEqual(["run"]);
    const later = T0 + 365 * 86_400_000;
    await advance(later);
    expect((await entryAt(store, "a", later))?.lease).toEqual(lease);
  });

  it("tells the registration that is to drain, it alone, and until that is taken back", async () => {
    const { store } = open();
    const entry = registered("a", "one");
    await put(store, T0, entry, registered("b", "two"));
    const told = () => store.renew([call("a", "one", T0), call("b", "two", T0)], T0);
    expect(await told()).toEqual(["run", "run"]);
    await put(store, T0, { ...entry, draining: true });
    expect(await told()).toEqual(["drain", "run"]);
    await put(store, T0, entry);
    expect(await told()).toEqual(["run", "run"]);
  });

  it("does not tell a replacement what its predecessor was asked", async () => {
    const { store } = open();
    await put(store, T0, { ...registered("a", "one"), draining: true });
    await put(store, T0, registered("a", "two"));
    expect(await store.renew([call("a", "two", T0)], T0)).toEqual(["run"]);
    expect((await entryAt(store, "a", T0))?.draining).toBe(false);
  });
}
