import { termCounts } from "../../support/audit.ts";
import { expect, it } from "vitest";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";
import { draw, entryAt, idsOf, type Open, pageThrough, put, ref, remove, snapshotOf, T0 } from "./opened.ts";
import { KINDRED } from "./page.ts";

const ODD_NAMES = [
  "日本語 🤖",
  "a:b:c",
  "two words",
  `"quoted" and 'quoted'`,
  "back\\slash",
  "%41%00",
  "[]{}()*?^$.|",
  "ſtraße",
  "-- ; DROP TABLE entry",
  "__proto__",
  "constructor",
  "0",
  "\u{e000}\u{10ffff}",
];

const ODD_METADATA = {
  emptyList: [],
  emptyObject: {},
  listOfEmpty: [[], {}, [[]]],
  sum: 0.1 + 0.2,
  big: 2 ** 53 + 2,
  safe: Number.MAX_SAFE_INTEGER,
  huge: 1e300,
  small: 5e-324,
  nothing: null,
  truth: [true, false],
  digits: "123",
  json: '{"fence":"other"}',
  text: 'line\nline\ttab "quote" \\ \u0000 \u001f \u2028 🤖 \ud800',
  nested: { a: { b: { c: [{ d: [] }] } } },
  "": "no name",
  "a.b": 1,
  constructor: 2,
};

export function carries(open: Open): void {
  it.each(ODD_NAMES)("finds by a name like %s, and by it alone", async (name) => {
    const { store } = open();
    const entry = entryOf({ id: "a", type: name, capabilities: [name], tags: [name] }, T0);
    await put(store, T0, entry, entryOf({ id: "b", capabilities: [`${name}.`] }, T0));
    const terms = [`capability:${name}`, `type:${name}`, `tag:${name}`];
    for (const term of terms) {
      expect((await termCounts(store)).get(term)).toBe(1);
      expect(await pageThrough(store, [term], 1, T0)).toEqual([entry]);
    }
    const query = { kind: "agent", terms, exhaustive: 10, size: 5 } as const;
    // However often it is asked: an adapter may know it by then.
    for (let time = 0; time < 3; time += 1) {
      const { entries, total } = await draw(store, query, T0);
      expect({ entries, total }).toEqual({ entries: [entry], total: 1 });
    }
    await remove(store, T0, "a", "b");
    expect(await termCounts(store)).toEqual(new Map());
  });

  it("keeps metadata to the last digit, empty lists as lists and empty objects as objects", async () => {
    const { store } = open();
    const entry = entryOf({ id: "a", metadata: ODD_METADATA }, T0);
    await put(store, T0, entry);
    expect(await entryAt(store, "a", T0)).toEqual(entry);
    expect(await pageThrough(store, ["agent"], 5, T0)).toEqual([entry]);
    await put(store, T0, { ...entry, draining: true });
    expect((await entryAt(store, "a", T0))?.document.registration.metadata).toEqual(ODD_METADATA);
  });

  it.each([...KINDRED, "a/b/c", "a:one", "https://host:80/x@y", "x".repeat(256)])(
    "takes the id %s for what it is",
    async (id) => {
      const { store } = open();
      const entry = { ...entryOf({ id }, T0, "one"), draining: true, mark: UNREACHABLE };
      await put(
        store,
        T0,
        entry,
        ...KINDRED.filter((other) => other !== id).map((o) => entryOf({ id: o }, T0)),
      );
      expect(await entryAt(store, id, T0)).toEqual(entry);
      expect(
        await store.renew([{ ref: ref(id), fence: "one", lease: entry.lease, ttlMs: 300_000 }], T0),
      ).toEqual(["drain"]);
      await remove(store, T0, id);
      expect(idsOf(await pageThrough(store, ["agent"], 5, T0))).toEqual(
        KINDRED.filter((other) => other !== id).toSorted(),
      );
    },
  );

  it("holds copies: what was read or written may be altered without effect", async () => {
    const { store } = open();
    const entry = entryOf({ id: "a", tags: ["eu"], metadata: { list: [1] } }, T0);
    const original = structuredClone(entry);
    await put(store, T0, entry);

    const { entries } = await store.page({ kind: "agent", terms: ["agent"], after: "", limit: 5 }, T0);
    const sampled = await store.sample({ kind: "agent", terms: ["agent"], exhaustive: 5, size: 5 }, T0);
    const read = await snapshotOf(store, "a", T0);
    for (const copy of [entry, ...entries, ...sampled.entries, read.entry!]) {
      copy.document.registration.tags.push("us");
      copy.document.registration.metadata.list = [];
      copy.lease!.currentLoad = 99;
      copy.draining = true;
    }
    expect(await entryAt(store, "a", T0)).toEqual(original);
    expect((await termCounts(store)).get("tag:eu")).toBe(1);
  });
}
