import { termCounts } from "../../support/audit.ts";
import { expect, it } from "vitest";
import type { Entry } from "../../../src/core/entry.ts";
import type { Decision } from "../../../src/core/decision.ts";
import { change, changeOne } from "../../../src/store/change.ts";
import type { Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { entryAt, eventOf, historyOf, type Open, put, ref, T0 } from "./opened.ts";

const metadataOf = (entry: Entry | undefined) => entry?.document.registration.metadata ?? {};

/** Adds one key to the metadata, whatever is there already. */
function noting(key: string) {
  return (entry: Entry | undefined): Decision<string> => {
    const { document } = entry!;
    const metadata = { ...metadataOf(entry), [key]: 1 };
    const registration = { ...document.registration, metadata };
    return {
      result: key,
      write: { entry: { ...entry!, document: { ...document, registration } }, event: eventOf(key) },
    };
  };
}

const KEYS = Array.from({ length: 20 }, (_, i) => `key-${i}`);

/** A store on which a rival changes `a` before each of the first `times` commits. */
function rivalled(store: Store, times: number): Store {
  let left = times;
  return {
    ...store,
    async commit(changes, now) {
      if (left-- > 0) await changeOne(store, ref("a"), noting(`rival-${left}`), now);
      return store.commit(changes, now);
    },
  };
}

export function contends(open: Open): void {
  it("loses none of 20 changes made to one entry at once", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a" }, T0));
    const results = await Promise.all(KEYS.map((key) => changeOne(store, ref("a"), noting(key), T0)));
    expect(results).toEqual(KEYS);
    expect(Object.keys(metadataOf(await entryAt(store, "a", T0))).toSorted()).toEqual(KEYS.toSorted());
    expect(await historyOf(store)).toHaveLength(20);
  });

  it("loses no heartbeat to changes made at once, and no change to a heartbeat", async () => {
    const { store } = open();
    const entry = entryOf({ id: "a", ttl_seconds: 60 }, T0, "one");
    await put(store, T0, entry);
    const now = T0 + 50_000;
    const lease = { ...entry.lease, currentLoad: 7, lastSeenAt: now, expiresAt: now + 60_000 };
    const [renewed] = await Promise.all([
      store.renew([{ ref: ref("a"), fence: "one", lease, ttlMs: 60_000 }], now),
      ...KEYS.map((key) => changeOne(store, ref("a"), noting(key), now)),
    ]);
    expect(renewed).toEqual(["run"]);
    const after = await entryAt(store, "a", now);
    expect(after?.lease).toEqual(lease);
    expect(Object.keys(metadataOf(after))).toHaveLength(20);
  });

  it("gives an id to one of those who register it at once, whole", async () => {
    const { store } = open();
    const rivals = KEYS.map((key) => entryOf({ id: "a", capabilities: [key] }, T0, key));
    await Promise.all(
      rivals.map((entry) => changeOne(store, ref("a"), () => ({ result: 0, write: { entry } }), T0)),
    );
    const winner = await entryAt(store, "a", T0);
    expect(rivals).toContainEqual(winner);
    const terms = ["agent", "type:worker", `capability:${winner!.document.fence}`];
    expect(await termCounts(store)).toEqual(new Map(terms.map((term) => [term, 1])));
    const renewals = KEYS.map((fence) => ({ ref: ref("a"), fence, lease: winner!.lease!, ttlMs: 60_000 }));
    const heard = (await store.renew(renewals, T0)).map((answer, i) => (answer === "gone" ? "" : KEYS[i]));
    expect(heard.filter(Boolean)).toEqual([winner!.document.fence]);
  });

  it("decides again on what each rival left, through the last round", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a" }, T0));
    expect(await changeOne(rivalled(store, 23), ref("a"), noting("mine"), T0)).toBe("mine");
    expect(Object.keys(metadataOf(await entryAt(store, "a", T0)))).toHaveLength(24);
  });

  it("gives up with store_contended when the rivals never end, and has written nothing", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a" }, T0));
    const result = await changeOne(rivalled(store, 24), ref("a"), noting("mine"), T0);
    expect(result).toMatchObject({ name: "Problem", code: "store_contended" });
    expect(metadataOf(await entryAt(store, "a", T0))).not.toHaveProperty("mine");
  });

  it("answers for several entries in their order, though only some are written or fought over", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a" }, T0), entryOf({ id: "b" }, T0));
    const snapshots = await store.read(["b", "nobody", "a"].map(ref), T0);
    const results = await change(
      rivalled(store, 3),
      snapshots,
      (entry, i) => (entry ? noting(`mine-${i}`)(entry) : { result: "nobody" }),
      T0,
    );
    expect(results).toEqual(["mine-0", "nobody", "mine-2"]);
    expect(Object.keys(metadataOf(await entryAt(store, "a", T0)))).toContain("mine-2");
    expect(await entryAt(store, "nobody", T0)).toBeUndefined();
  });
}
