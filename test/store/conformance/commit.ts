import { termCounts } from "../../support/audit.ts";
import { expect, it } from "vitest";
import type { Entry } from "../../../src/core/entry.ts";
import { Problem } from "../../../src/core/problem.ts";
import { absent, type Store } from "../../../src/store/store.ts";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";
import {
  entryAt,
  eventOf,
  everythingIn,
  historyOf,
  idsOf,
  type Open,
  type Opened,
  pageThrough,
  put,
  ref,
  remove,
  snapshotOf,
  T0,
} from "./opened.ts";

const OLD = entryOf({ id: "a", ttl_seconds: 60, tags: ["old"] }, T0, "old");
const NEW = entryOf({ id: "a", tags: ["new"] }, T0, "new");

const amend = (store: Store, part: Partial<Entry>) => put(store, T0, { ...OLD, ...part });

/** What may happen to an entry between the reading and the writing; says when it is then. */
const MEANWHILE: [what: string, happen: (opened: Opened) => Promise<number>][] = [
  [
    "its document was amended",
    async ({ store }) => {
      const registration = { ...OLD.document.registration, metadata: { a: 1 } };
      await amend(store, { document: { ...OLD.document, registration } });
      return T0;
    },
  ],
  [
    "it was replaced",
    async ({ store }) => {
      await put(store, T0, NEW);
      return T0;
    },
  ],
  [
    "it was removed",
    async ({ store }) => {
      await remove(store, T0, "a");
      return T0;
    },
  ],
  [
    "its holder called in",
    async ({ store }) => {
      const lease = { ...OLD.lease, lastSeenAt: T0 + 1, expiresAt: T0 + 60_001 };
      await store.renew([{ ref: ref("a"), fence: "old", lease, ttlMs: 60_000 }], T0 + 1);
      return T0 + 1;
    },
  ],
  [
    "its lease lapsed",
    async ({ advance }) => {
      await advance(T0 + 60_001);
      return T0 + 60_001;
    },
  ],
  [
    "it was told to drain",
    async ({ store }) => {
      await amend(store, { draining: true });
      return T0;
    },
  ],
  [
    "the sweep marked it",
    async ({ store }) => {
      await amend(store, { mark: UNREACHABLE });
      return T0;
    },
  ],
];

export function commits(open: Open): void {
  it.each(MEANWHILE)("changes nothing, and says what is there now, when %s meanwhile", async (_, happen) => {
    const opened = open();
    const { store } = opened;
    await put(store, T0, OLD);
    const before = await snapshotOf(store, "a", T0);
    const now = await happen(opened);
    const untouched = await everythingIn(store, ["a"], now);

    const attempt = { before, after: NEW, event: eventOf("a") };
    const [current] = await store.commit([attempt], now);
    expect(current).toEqual(await snapshotOf(store, "a", now));
    expect(await everythingIn(store, ["a"], now)).toEqual(untouched);

    if (current === undefined || current === "committed" || current instanceof Problem)
      throw new Error("it was applied, or refused");
    expect(await store.commit([{ ...attempt, before: current }], now)).toEqual(["committed"]);
    expect(await entryAt(store, "a", now)).toEqual(NEW);
  });

  it("refuses to create what has come into being meanwhile", async () => {
    const { store } = open();
    const before = await snapshotOf(store, "a", T0);
    await put(store, T0, OLD);
    const [current] = await store.commit([{ before, after: NEW }], T0);
    expect(current).toEqual(await snapshotOf(store, "a", T0));
    expect(await entryAt(store, "a", T0)).toEqual(OLD);
  });

  it("refuses to reap an entry that was registered again after its lease had lapsed", async () => {
    const { store, advance } = open();
    await put(store, T0, OLD);
    await advance(T0 + 60_001);
    const lapsed = await snapshotOf(store, "a", T0 + 60_001);
    const again = entryOf({ id: "a", ttl_seconds: 60 }, T0 + 60_001, "again");
    await put(store, T0 + 60_001, again);
    expect(await store.commit([{ before: lapsed, after: undefined }], T0 + 60_001)).not.toEqual([
      "committed",
    ]);
    expect(await entryAt(store, "a", T0 + 60_001)).toEqual(again);
  });

  it("takes an id that was minted just now without a reading", async () => {
    const { store } = open();
    expect(await store.commit([{ before: absent(ref("a")), after: OLD }], T0)).toEqual(["committed"]);
    expect(await entryAt(store, "a", T0)).toEqual(OLD);
  });

  it("moves document, terms, lease, marks and event together", async () => {
    const { store } = open();
    await put(store, T0, { ...OLD, draining: true, mark: UNREACHABLE });
    const before = await snapshotOf(store, "a", T0);
    await store.commit([{ before, after: NEW, event: eventOf("a") }], T0);

    expect(await everythingIn(store, ["a"], T0)).toEqual({
      entries: [NEW],
      terms: new Map([
        ["agent", 1],
        ["type:worker", 1],
        ["tag:new", 1],
      ]),
      members: { agent: ["a"], "type:worker": ["a"], "tag:new": ["a"] },
      events: [{ revision: 1, ...eventOf("a") }],
    });
    expect(idsOf(await pageThrough(store, ["tag:old"], 10, T0))).toEqual([]);
  });

  it("keeps the terms that an amended document has no longer out of the index", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a", capabilities: ["x", "y"] }, T0));
    await put(store, T0, entryOf({ id: "a", capabilities: ["y", "z"] }, T0));
    expect(await termCounts(store)).toEqual(
      new Map([
        ["agent", 1],
        ["type:worker", 1],
        ["capability:y", 1],
        ["capability:z", 1],
      ]),
    );
    expect(await pageThrough(store, ["capability:x"], 10, T0)).toEqual([]);
  });

  it("removes everything of an entry, its marks and its lease included", async () => {
    const { store } = open();
    await put(store, T0, { ...OLD, draining: true, mark: UNREACHABLE });
    await remove(store, T0, "a");
    expect(await everythingIn(store, ["a"], T0)).toEqual({
      entries: [undefined],
      terms: new Map(),
      members: {},
      events: [],
    });
    await put(store, T0, OLD);
    expect(await entryAt(store, "a", T0)).toEqual(OLD);
  });

  it("leaves the lease its end when the change is not about the lease", async () => {
    const { store, advance } = open();
    await put(store, T0, OLD);
    const before = await snapshotOf(store, "a", T0 + 30_000);
    await store.commit([{ before, after: { ...before.entry!, draining: true } }], T0 + 30_000);
    await advance(T0 + 60_000);
    expect((await entryAt(store, "a", T0 + 60_000))?.lease).toEqual(OLD.lease);
    await advance(T0 + 60_001);
    expect((await entryAt(store, "a", T0 + 60_001))?.lease).toBeNull();
  });

  it("takes an entry without a lease, and leaves it none of its predecessor's", async () => {
    const { store } = open();
    await put(store, T0, OLD);
    await put(store, T0, { ...NEW, lease: null }, { ...entryOf({ id: "b" }, T0), lease: null });
    expect(await pageThrough(store, ["agent"], 5, T0)).toEqual([
      { ...NEW, lease: null },
      { ...entryOf({ id: "b" }, T0), lease: null },
    ]);
    const late = ["old", "new"].map((fence) => ({ ref: ref("a"), fence, lease: OLD.lease, ttlMs: 60_000 }));
    expect(await store.renew(late, T0)).toEqual(["gone", "gone"]);
  });

  it("marks a replacement as it says, whatever its predecessor's marks were", async () => {
    const { store } = open();
    const marks = { draining: true, mark: UNREACHABLE };
    await put(store, T0, { ...OLD, ...marks });
    await put(store, T0, { ...NEW, ...marks });
    expect(await entryAt(store, "a", T0)).toEqual({ ...NEW, ...marks });
    await put(store, T0, OLD);
    expect(await entryAt(store, "a", T0)).toEqual(OLD);
  });

  it("takes a lease away", async () => {
    const { store } = open();
    await put(store, T0, OLD);
    await put(store, T0, { ...OLD, lease: null });
    expect(await entryAt(store, "a", T0)).toEqual({ ...OLD, lease: null });
    const late = { ref: ref("a"), fence: "old", lease: OLD.lease, ttlMs: 60_000 };
    expect(await store.renew([late], T0)).toEqual(["gone"]);
  });

  it("applies each change on its own: one that comes too late stops no other", async () => {
    const { store } = open();
    await put(store, T0, OLD);
    const stale = { ...(await snapshotOf(store, "a", T0)), version: "another" };
    const fresh = ["b", "c"].map((id) => ({
      before: absent(ref(id)),
      after: entryOf({ id }, T0),
      event: eventOf(id),
    }));
    const outcomes = await store.commit(
      [fresh[0]!, { before: stale, after: undefined, event: eventOf("a") }, fresh[1]!],
      T0,
    );
    expect(outcomes).toEqual(["committed", await snapshotOf(store, "a", T0), "committed"]);
    expect(idsOf(await pageThrough(store, ["agent"], 10, T0))).toEqual(["a", "b", "c"]);
    expect(await historyOf(store)).toEqual([
      { revision: 1, ...eventOf("b") },
      { revision: 2, ...eventOf("c") },
    ]);
  });

  it("lets the first of two changes to one entry through, and shows the second what it left", async () => {
    const { store } = open();
    const before = await snapshotOf(store, "a", T0);
    const [first, second] = await store.commit(
      [
        { before, after: OLD },
        { before, after: NEW },
      ],
      T0,
    );
    expect(first).toBe("committed");
    expect(second).toEqual(await snapshotOf(store, "a", T0));
    expect(await entryAt(store, "a", T0)).toEqual(OLD);
  });

  it("answers for hundreds of changes in their order", async () => {
    const { store } = open();
    const taken = [0, 99, 100, 249];
    const entries = Array.from({ length: 250 }, (_, i) => entryOf({ id: `agent-${i}` }, T0, `fence-${i}`));
    await put(store, T0, ...taken.map((i) => entries[i]!));
    const outcomes = await store.commit(
      entries.map((after) => ({ before: absent(ref(after.document.registration.id)), after })),
      T0,
    );
    const refused = outcomes.flatMap((outcome, i) =>
      outcome === "committed" || outcome instanceof Problem ? [] : [[i, outcome.ref.id]],
    );
    expect(refused).toEqual(taken.map((i) => [i, `agent-${i}`]));
    expect((await termCounts(store)).get("agent")).toBe(250);
  });
}
