import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../../src/core/entry.ts";
import { DEFAULT_QUOTA, type Limits } from "../../../src/core/limits.ts";
import { Problem } from "../../../src/core/problem.ts";
import { termsOf } from "../../../src/core/kinds.ts";
import type { Outcome, Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { idOf, type Open, put, remove, snapshotOf, T0 } from "./opened.ts";

const limits = (some: Partial<Limits> = {}): Limits => ({ ...DEFAULT_QUOTA.namespace, ...some });

/** An agent of one key, under one term more than its kind and its type for each tag. */
function ownedBy(owner: string | null, id: string, tags: readonly string[] = [], fence = "fence"): Entry {
  const entry = entryOf({ id, tags }, T0, fence);
  return { ...entry, document: { ...entry.document, owner } };
}

const bytesOf = ({ document }: Entry): number => JSON.stringify(document).length;

async function bring(
  store: Store,
  after: Entry,
  key: Partial<Limits>,
  namespace: Partial<Limits> = {},
): Promise<Outcome> {
  const before = await snapshotOf(store, idOf(after), T0);
  const quota = { key: limits(key), namespace: limits(namespace) };
  const [outcome] = await store.commit([{ before, after, quota }], T0);
  return outcome!;
}

/** What a refusal says; null where there was none. */
const refusal = (outcome: Outcome) => (outcome instanceof Problem ? (outcome.options.quota ?? null) : null);

export function keepsQuotas(open: Open): void {
  it("lets in as many of a key's agents as it may have, and writes nothing of one more", async () => {
    const { store } = open();
    await put(store, T0, ownedBy("other", "z"));
    expect(await bring(store, ownedBy("mine", "a"), { agents: 2 })).toBe("committed");
    expect(await bring(store, ownedBy("mine", "b"), { agents: 2 })).toBe("committed");
    const refused = await bring(store, ownedBy("mine", "c", ["new"]), { agents: 2 });
    expect(refused).toMatchObject({ code: "quota_exceeded" });
    expect(refusal(refused)).toEqual({ limit: "agents", of: "key", count: 2, max: 2 });
    expect((await snapshotOf(store, "c", T0)).entry).toBeUndefined();
    expect((await store.terms({ prefix: "tag:new", after: "", limit: 5 })).terms).toEqual([]);
  });

  it("bounds a namespace, whoever's the entries are", async () => {
    const { store } = open();
    await put(store, T0, ownedBy("one", "a"), ownedBy(null, "b"));
    const refused = await bring(store, ownedBy("two", "c"), {}, { agents: 2 });
    expect(refusal(refused)).toEqual({ limit: "agents", of: "namespace", count: 2, max: 2 });
  });

  it("bounds the bytes of registrations, and takes what is smaller than what it replaces", async () => {
    const { store } = open();
    const large = ownedBy("mine", "a", ["some", "tags", "more"]);
    const max = { bytes: bytesOf(large) };
    expect(await bring(store, large, max)).toBe("committed");
    const larger = await bring(store, ownedBy("mine", "a", ["some", "tags", "more", "still"], "f2"), max);
    expect(refusal(larger)).toEqual({ limit: "bytes", of: "key", count: max.bytes, max: max.bytes });
    expect(await bring(store, ownedBy("mine", "a", ["few"], "f3"), { bytes: 1 })).toBe("committed");
  });

  it("replaces an agent where there may be no more", async () => {
    const { store } = open();
    await bring(store, ownedBy("mine", "a"), {});
    expect(await bring(store, ownedBy("mine", "a", [], "f2"), { agents: 1 })).toBe("committed");
    expect(refusal(await bring(store, ownedBy("mine", "b"), { agents: 1 }))?.count).toBe(1);
  });

  it("counts what is replaced by another key for that one", async () => {
    const { store } = open();
    await bring(store, ownedBy("mine", "a"), {});
    await bring(store, ownedBy("yours", "a", [], "f2"), {});
    expect(await bring(store, ownedBy("mine", "b"), { agents: 1 })).toBe("committed");
    expect(refusal(await bring(store, ownedBy("yours", "c"), { agents: 1 }))?.count).toBe(1);
  });

  it("never refuses what only shrinks, or changes no document", async () => {
    const { store } = open();
    await bring(store, ownedBy("mine", "a"), {});
    const before = await snapshotOf(store, "a", T0);
    const none = limits({ agents: 0, bytes: 0, terms: 0 });
    const quota = { key: none, namespace: none };
    const drained = { ...before.entry!, draining: true };
    expect(await store.commit([{ before, after: drained, quota }], T0)).toEqual(["committed"]);
    const now = await snapshotOf(store, "a", T0);
    expect(await store.commit([{ before: now, after: undefined, quota }], T0)).toEqual(["committed"]);
  });

  describe("after whatever was done", () => {
    it("has counted what a recount counts", async () => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { store } = open();
        const entries = await doAll(store, steps);
        for (const owner of ["mine", "yours", null]) {
          const own = entries.filter(({ document }) => owner === null || document.owner === owner);
          const bytes = own.reduce((sum, entry) => sum + bytesOf(entry), 0);
          expect(await store.usage(owner)).toMatchObject({ agents: own.length, toolsets: 0, bytes });
        }
      });
      await fc.assert(property, { numRuns: 15 });
    });
  });
}

export function keepsQuotasOfTerms(open: Open): void {
  it("counts a term once, however many entries are under it, and for whoever brought it", async () => {
    const { store } = open();
    // Three terms that are not there yet: the kind, the type and the tag.
    expect(await bring(store, ownedBy("mine", "a", ["x"]), { terms: 3 })).toBe("committed");
    expect(await bring(store, ownedBy("mine", "b", ["x"]), { terms: 3 })).toBe("committed");
    const refused = await bring(store, ownedBy("mine", "c", ["x", "y"]), { terms: 3 });
    expect(refusal(refused)).toEqual({ limit: "terms", of: "key", count: 3, max: 3 });
    expect(await bring(store, ownedBy("other", "d", ["x", "z"]), { terms: 1 })).toBe("committed");
    const beyond = await bring(store, ownedBy("third", "e", ["w"]), {}, { terms: 4 });
    expect(refusal(beyond)).toEqual({ limit: "terms", of: "namespace", count: 4, max: 4 });
  });

  it("counts a term no more once no entry is under it", async () => {
    const { store } = open();
    await bring(store, ownedBy("mine", "a", ["x"]), {});
    await remove(store, T0, "a");
    expect(await bring(store, ownedBy("mine", "b", ["y"]), { terms: 3 })).toBe("committed");
  });

  it("has counted every term that there is, whatever was done, and each for one key at most", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { store } = open();
      const entries = await doAll(store, steps);
      const terms = new Set(entries.flatMap(({ document }) => termsOf("agent", document)));
      const all = await store.usage(null);
      const [mine, yours] = [await store.usage("mine"), await store.usage("yours")];
      expect(all.terms).toBe(terms.size);
      expect(mine.terms + yours.terms).toBeLessThanOrEqual(terms.size);
    });
    await fc.assert(property, { numRuns: 15 });
  });
}

const step = fc.record({
  id: fc.constantFrom("a", "b", "c"),
  owner: fc.constantFrom("mine", "yours", null),
  tags: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { maxLength: 3 }),
  isRemoval: fc.boolean(),
});

/** @returns the entries that there are then */
async function doAll(
  store: Store,
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
) {
  const entries = new Map<string, Entry>();
  for (const [i, { id, owner, tags, isRemoval }] of steps.entries()) {
    const before = await snapshotOf(store, id, T0);
    const after = isRemoval ? undefined : ownedBy(owner, id, tags, `fence-${i}`);
    await store.commit([{ before, after }], T0);
    if (after) entries.set(id, after);
    else entries.delete(id);
  }
  return [...entries.values()];
}
