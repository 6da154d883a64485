import { beforeAll, describe, expect, it } from "vitest";
import { change } from "../../../src/store/change.ts";
import type { Entry } from "../../../src/core/entry.ts";
import { absent, type Store } from "../../../src/store/store.ts";
import { entryOf } from "../../support/entries.ts";
import { draw, idsOf, type Open, pageThrough, put, ref, remove, T0, whole } from "./opened.ts";

const FEW = { kind: "agent", exhaustive: 100, size: 10 } as const;

const numbered = (count: number, tagsOf: (i: number) => string[] = () => []) =>
  Array.from({ length: count }, (_, i) =>
    entryOf({ id: `agent-${String(i).padStart(4, "0")}`, tags: tagsOf(i) }, T0, `fence-${i}`),
  );
const agents = (from: number, to: number) => idsOf(numbered(to).slice(from));

export function samples(open: Open): void {
  it("takes every one when they are few, those whose lease has lapsed too", async () => {
    const { store, advance } = open();
    const short = entryOf({ id: "a", ttl_seconds: 60 }, T0);
    const long = { ...entryOf({ id: "b" }, T0), draining: true };
    await put(store, T0, short, long);
    await advance(T0 + 60_001);
    const { entries, total } = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 2 }, T0 + 60_001);
    expect(total).toBe(2);
    expect(entries.toSorted((a, b) => (idsOf([a])[0]! < idsOf([b])[0]! ? -1 : 1))).toEqual([
      { ...short, lease: null },
      long,
    ]);
  });

  it("finds nobody under a term that nobody has", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a", tags: ["eu"] }, T0));
    const none = { entries: [], total: 0, unread: 0 };
    expect(await draw(store, { ...FEW, terms: ["tag:us"] }, T0)).toMatchObject(none);
    expect(await draw(store, { ...FEW, terms: ["tag:eu", "tag:us"] }, T0)).toMatchObject(none);
  });

  it("draws on without those that it has come upon, and counts them", async () => {
    const { store } = open();
    await put(store, T0, ...numbered(5));
    const first = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 1, size: 2 }, T0);
    const { entries, total } = await whole(await first.more(10));
    expect(first.entries).toHaveLength(2);
    expect(idsOf([...first.entries, ...entries]).toSorted()).toEqual(agents(0, 5));
    expect(total).toBe(5);
  });

  it("draws on as often as it is asked to, and ends with nothing", async () => {
    const { store } = open();
    await put(store, T0, ...numbered(20));
    let look = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 5, size: 6 }, T0);
    const seen = idsOf(look.entries);
    for (const [size, brings] of [
      [0, 0],
      [7, 7],
      [6, 6],
      [9, 1],
      [9, 0],
    ] as const) {
      look = await whole(await look.more(size));
      expect(look.entries).toHaveLength(brings);
      seen.push(...idsOf(look.entries));
    }
    expect(seen.toSorted()).toEqual(agents(0, 20));
  });

  describe("draws on for those alone that are of use", () => {
    /** Thirty agents: ten of each of available, busy, lapsed. */
    async function mixed() {
      const { store, advance } = open();
      const fleet = Array.from({ length: 30 }, (_, i) =>
        entryOf(
          {
            id: `agent-${i}`,
            status: i % 3 === 0 ? "available" : "busy",
            ttl_seconds: i % 3 === 2 ? 60 : 600,
          },
          T0,
        ),
      );
      await put(store, T0, ...fleet);
      await advance(T0 + 60_001);
      return draw(store, { ...FEW, terms: ["agent"], exhaustive: 1, size: 6 }, T0 + 60_001);
    }
    const numberOf = (entry: Entry) => Number(entry.document.registration.id.slice(6));

    it("brings every one of them, and counts the others by whether they live", async () => {
      const first = await mixed();
      const narrowed = { statuses: ["available", "maintenance"], entriesMax: 24 } as const;
      const { entries, leftOut = { live: 0, lapsed: 0 }, unread } = await first.more(100, narrowed);
      expect(unread).toBe(0);
      const drawn = [...first.entries, ...entries].map(numberOf);
      expect(new Set(drawn).size).toBe(drawn.length);
      const of = (rest: number) => drawn.filter((i) => i % 3 === rest).length;
      expect([of(0), of(1) + leftOut.live, of(2) + leftOut.lapsed]).toEqual([10, 10, 10]);
    });

    it("brings no more than it may", async () => {
      const first = await mixed();
      const { entries } = await first.more(100, { statuses: ["available"], entriesMax: 2 });
      expect(entries).toHaveLength(2);
      expect(idsOf(first.entries)).not.toEqual(expect.arrayContaining(idsOf(entries)));
    });

    it("looks at no more than it may", async () => {
      const first = await mixed();
      const look = await first.more(5, { statuses: ["busy"], entriesMax: 24 });
      const { live, lapsed } = look.leftOut ?? { live: 0, lapsed: 0 };
      expect(look.entries.length + live + lapsed).toBe(5);
    });
  });

  it("draws on from those that came and not from those that left meanwhile", async () => {
    const { store } = open();
    await put(store, T0, ...numbered(4));
    const first = await draw(store, { ...FEW, terms: ["agent"] }, T0);
    await remove(store, T0, "agent-0001");
    await put(store, T0, ...numbered(6).slice(4));
    const { entries } = await whole(await first.more(10));
    expect(idsOf(entries).toSorted()).toEqual(agents(4, 6));
  });

  it("takes `size` distinct ones when there is one more than are all taken", async () => {
    const { store } = open();
    await put(store, T0, ...numbered(31));
    const first = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 30 }, T0);
    const second = await whole(await first.more(12));
    expect(new Set(idsOf(first.entries)).size).toBe(10);
    expect(new Set(idsOf(second.entries)).size).toBe(12);
    expect(new Set(idsOf([...first.entries, ...second.entries])).size).toBe(22);
    expect([first.total, second.total]).toEqual([31, 31]);
  });

  it("takes all that are left when `size` asks for more than there are", async () => {
    const { store } = open();
    await put(store, T0, ...numbered(20));
    const all = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 5, size: 50 }, T0);
    expect(idsOf(all.entries).toSorted()).toEqual(agents(0, 20));
    const first = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 5, size: 4 }, T0);
    const { entries } = await whole(await first.more(50));
    expect(idsOf([...first.entries, ...entries]).toSorted()).toEqual(agents(0, 20));
  });

  it("gives everybody a chance", async () => {
    const { store } = open();
    await put(store, T0, ...numbered(20));
    const seen = new Set<string>();
    // Each draw takes half of them: that 40 draws leave one out happens once in fifty thousand million runs.
    for (let i = 0; i < 40; i += 1) {
      const { entries } = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 5, size: 10 }, T0);
      for (const id of idsOf(entries)) seen.add(id);
    }
    expect([...seen].toSorted()).toEqual(agents(0, 20));
  });

  it("finds by document, not by what was once said", async () => {
    const { store } = open();
    await put(store, T0, entryOf({ id: "a", tags: ["old"] }, T0, "one"));
    await put(store, T0, entryOf({ id: "a", tags: ["new"] }, T0, "two"));
    expect(await draw(store, { ...FEW, terms: ["tag:old"] }, T0)).toMatchObject({ entries: [], total: 0 });
    expect(idsOf((await draw(store, { ...FEW, terms: ["tag:new"] }, T0)).entries)).toEqual(["a"]);
  });

  it("gives some, if not all, of those whose documents are large, and pages through every one", async () => {
    const { store } = open();
    const large = Array.from({ length: 300 }, (_, i) =>
      entryOf({ id: `large-${i}`, metadata: { text: '"'.repeat(8_000) }, path: "/".padEnd(1000) }, T0),
    ).map((entry) => {
      // As large as a document may be: metadata and descriptions together.
      entry.document.registration.capabilities = [...Array(4).keys()].map((n) => ({
        ...entryOf({ id: "x", capabilities: [`c${n}`] }, T0).document.registration.capabilities[0]!,
        description: "y".repeat(3500),
      }));
      return entry;
    });
    const ids = idsOf(large).toSorted();
    await put(store, T0, ...large.slice(0, 150));
    await put(store, T0, ...large.slice(150));

    const { entries, total } = await draw(store, { ...FEW, terms: ["agent"], exhaustive: 300 }, T0);
    expect(total).toBe(300);
    expect(entries.length).toBeGreaterThan(0);
    expect(new Set(idsOf(entries)).size).toBe(entries.length);
    expect(idsOf(await pageThrough(store, ["agent"], 1000, T0))).toEqual(ids);
  });

  describe("from a crowd", () => {
    // east and west meet in 200, west and all but the first in 2,100: the smallest index does not tell how many match.
    let store: Store;
    beforeAll(async () => {
      ({ store } = open());
      const crowd = numbered(4100, (i) => [
        ...(i < 2200 ? ["east"] : []),
        ...(i >= 2000 ? ["west"] : []),
        ...(i >= 100 ? ["later"] : []),
        ...(i < 3 ? ["first"] : []),
      ]);
      await change(
        store,
        idsOf(crowd).map((id) => absent(ref(id))),
        (_, i) => ({ result: undefined, write: { entry: crowd[i] } }),
        T0,
      );
    });
    const drawn = async (terms: string[], query: { exhaustive: number; size: number }, further?: number) => {
      const first = await draw(store, { kind: "agent", terms, ...query }, T0);
      const second = further === undefined ? undefined : await whole(await first.more(further));
      const ids = idsOf([...first.entries, ...(second?.entries ?? [])]).toSorted();
      return { ids, total: first.total };
    };

    it("finds the few that a large and a small index share", async () => {
      const all = { exhaustive: 200, size: 64 };
      expect(await drawn(["agent", "tag:first"], all)).toEqual({ ids: agents(0, 3), total: 3 });
      expect(await drawn(["tag:east", "type:worker", "tag:first"], all)).toEqual({
        ids: agents(0, 3),
        total: 3,
      });
      expect(await drawn(["tag:west", "tag:first"], all)).toEqual({ ids: [], total: 0 });
    });

    it("takes all that two large indexes share when that is few enough", async () => {
      const found = await drawn(["tag:east", "tag:west"], { exhaustive: 200, size: 64 });
      expect(found).toEqual({ ids: agents(2000, 2200), total: 200 });
    });

    it.each([
      ["few", 50],
      ["nearly all", 195],
      ["all", 200],
      ["more than all", 300],
    ])("takes %s of what two large indexes share", async (_, size) => {
      const shared = agents(2000, 2200);
      const { ids, total } = await drawn(["tag:east", "tag:west"], { exhaustive: 20, size });
      expect(ids.length).toBe(Math.min(size, 200));
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => !shared.includes(id))).toEqual([]);
      expect(total).toBeGreaterThanOrEqual(200);
      expect(total).toBeLessThanOrEqual(2100);
    });

    it.each([30, 100])("draws on, %i more, in what two large indexes share", async (further) => {
      const query = { exhaustive: 20, size: 150 };
      const { ids } = await drawn(["tag:east", "tag:west"], query, further);
      expect(ids).toHaveLength(Math.min(200, 150 + further));
      expect(agents(2000, 2200)).toEqual(expect.arrayContaining([...new Set(ids)]));
      expect(new Set(ids).size).toBe(ids.length);
    });

    it("gives everybody whom two large indexes share a chance", async () => {
      const seen = new Set<string>();
      // Half of them at a time: that 40 draws leave one out happens once in five thousand million runs.
      for (let i = 0; i < 40; i += 1) {
        const { ids } = await drawn(["tag:east", "tag:west"], { exhaustive: 20, size: 100 });
        for (const id of ids) seen.add(id);
      }
      expect([...seen].toSorted()).toEqual(agents(2000, 2200));
    });

    it("takes `size` of very many that two large indexes share", async () => {
      const { ids, total } = await drawn(["tag:later", "tag:west"], { exhaustive: 200, size: 1000 });
      expect(new Set(ids).size).toBe(1000);
      expect(ids.every((id) => id >= "agent-2000")).toBe(true);
      expect(total).toBe(2100);
    });

    it("takes `size` of one large index, and draws on there", async () => {
      const { ids, total } = await drawn(["agent"], { exhaustive: 200, size: 1000 }, 1000);
      expect(new Set(ids).size).toBe(2000);
      expect(total).toBe(4100);
    });

    it("pages through what two large indexes share, every one once and in order", async () => {
      expect(idsOf(await pageThrough(store, ["tag:east", "tag:west"], 64, T0))).toEqual(agents(2000, 2200));
      expect(idsOf(await pageThrough(store, ["tag:west", "tag:later"], 5000, T0))).toEqual(
        agents(2000, 4100),
      );
    });
  });
}
