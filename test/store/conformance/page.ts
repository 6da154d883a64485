import { termCounts } from "../../support/audit.ts";
import { describe, expect, it } from "vitest";
import type { Mark } from "../../../src/core/entry.ts";
import type { RollCall, Store, TermsPage } from "../../../src/store/store.ts";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";
import { everythingIn, idsOf, type Open, pageThrough, put, ref, remove, T0 } from "./opened.ts";

const letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
const lettered = letters.map((id, i) => entryOf({ id, tags: i % 3 === 0 ? ["third"] : [] }, T0, `f-${id}`));

/** Ids in which one is the beginning of another, and punctuation sorts on both sides of letters and digits. */
export const KINDRED = ["a", "a-", "a-b", "a.b", "a/b", "a0", "a:b", "a@b", "aB", "a_", "ab", "b", "B", "0"];

async function callRoll(store: Store, limit: number, now: number): Promise<RollCall[]> {
  const calls: RollCall[] = [];
  for (let after: string | null = ""; after !== null;) {
    const page = await store.roll({ kind: "agent", after, limit }, now);
    expect(page.calls.length).toBeLessThanOrEqual(limit);
    calls.push(...page.calls);
    after = page.next;
  }
  return calls;
}

export function pages(open: Open): void {
  describe("page", () => {
    it.each([1, 2, 3, 9, 10, 11])("walks all in id order, each once, %i at a time", async (limit) => {
      const { store } = open();
      await put(store, T0, ...lettered.toReversed());
      expect(idsOf(await pageThrough(store, ["agent"], limit, T0))).toEqual(letters);
    });

    it("starts after an id, whether or not somebody has it", async () => {
      const { store } = open();
      await put(store, T0, ...lettered);
      const after = async (id: string) =>
        idsOf((await store.page({ kind: "agent", terms: ["agent"], after: id, limit: 2 }, T0)).entries);
      expect(await after("c")).toEqual(["d", "e"]);
      expect(await after("c-")).toEqual(["d", "e"]);
      expect(await after("0")).toEqual(["a", "b"]);
      expect(await after("j")).toEqual([]);
    });

    it("says where to go on, and when the end is reached", async () => {
      const { store } = open();
      await put(store, T0, ...lettered);
      const next = async (after: string, limit: number) =>
        (await store.page({ kind: "agent", terms: ["agent"], after, limit }, T0)).next;
      expect(await next("", 4)).toBe("d");
      expect(await next("d", 4)).toBe("h");
      expect(await next("h", 4)).toBeNull();
      expect(await next("j", 4)).toBeNull();
    });

    it("ends once its documents have so many characters, or before, and the next goes on there", async () => {
      const { store } = open();
      await put(store, T0, ...lettered);
      const { length } = JSON.stringify(lettered[0]!.document);
      const from = async (after: string, chars: number) => {
        const query = { kind: "agent", terms: ["agent"], after, limit: 10, chars } as const;
        const { entries, next } = await store.page(query, T0);
        return [idsOf(entries), next];
      };
      expect(await from("", 1)).toEqual([["a"], "a"]);
      const [ids, next] = await from("a", length + 1);
      expect(["b", "c"].slice(0, ids?.length)).toEqual(ids);
      expect(next).toBe(ids?.at(-1));
      expect(await from("h", 20 * length)).toEqual([["i", "j"], null]);
    });

    it("ends at once where nobody is", async () => {
      const { store } = open();
      const query = { kind: "agent", terms: ["tag:x", "agent"], after: "", limit: 5 } as const;
      expect(await store.page(query, T0)).toEqual({ entries: [], next: null });
    });

    it("has entries whole, and those whose lease has lapsed without it", async () => {
      const { store, advance } = open();
      const short = entryOf({ id: "a", ttl_seconds: 60 }, T0);
      const long = { ...entryOf({ id: "b" }, T0), draining: true };
      await put(store, T0, short, long);
      await advance(T0 + 60_000);
      expect(await pageThrough(store, ["agent"], 5, T0 + 60_000)).toEqual([short, long]);
      await advance(T0 + 60_001);
      expect(await pageThrough(store, ["agent"], 5, T0 + 60_001)).toEqual([{ ...short, lease: null }, long]);
    });

    it.each([1, 2, 5, 50])("finds those under all of the terms, %i members at a time", async (limit) => {
      const { store } = open();
      await put(store, T0, ...lettered, entryOf({ id: "k", type: "other", tags: ["third"] }, T0));
      const found = async (...terms: string[]) => idsOf(await pageThrough(store, terms, limit, T0));
      expect(await found("tag:third", "agent")).toEqual(["a", "d", "g", "j", "k"]);
      expect(await found("agent", "type:worker", "tag:third")).toEqual(["a", "d", "g", "j"]);
      expect(await found("tag:third", "type:nothing")).toEqual([]);
    });

    it("shows everybody who stays exactly once, though others come and go between the pages", async () => {
      const { store } = open();
      const staying = ["b", "d", "f", "h"];
      await put(store, T0, ...lettered);
      const leaving = letters.filter((id) => !staying.includes(id));
      let round = 0;
      const seen = await pageThrough(store, ["agent"], 2, T0, async () => {
        const gone = leaving.shift();
        if (gone === undefined) return;
        round += 1;
        await remove(store, T0, gone);
        const replaced = staying.map((id) => entryOf({ id }, T0, `again-${round}`));
        await put(store, T0, entryOf({ id: `${gone}-${round}` }, T0), ...replaced);
      });
      expect(idsOf(seen).filter((id) => staying.includes(id))).toEqual(staying);
    });

    it("orders ids by code unit, also where one begins another", async () => {
      const { store } = open();
      await put(store, T0, ...KINDRED.map((id, i) => entryOf({ id }, T0, `f${i}`)));
      const sorted = KINDRED.toSorted();
      expect(sorted.slice(0, 3)).toEqual(["0", "B", "a"]);
      for (const limit of [1, 3, 100]) {
        expect(idsOf(await pageThrough(store, ["agent"], limit, T0))).toEqual(sorted);
        expect((await callRoll(store, limit, T0)).map(({ id }) => id)).toEqual(sorted);
      }
    });
  });

  describe("terms", () => {
    it("counts who stands under each, once however often it says so, and forgets a term with nobody", async () => {
      const { store } = open();
      expect(await termCounts(store)).toEqual(new Map());
      const service = { service: "llm" };
      await put(
        store,
        T0,
        entryOf({ id: "a", capabilities: ["spot", "spot"], tags: ["eu", "eu"], services: [service] }, T0),
        entryOf({ id: "b", type: "other", capabilities: ["spot"] }, T0),
      );
      const both = {
        agent: 2,
        "type:worker": 1,
        "type:other": 1,
        "capability:spot": 2,
        "tag:eu": 1,
        service: 1,
        "service:llm": 1,
      };
      expect(await termCounts(store)).toEqual(new Map(Object.entries(both)));
      await remove(store, T0, "a");
      const one = { agent: 1, "type:other": 1, "capability:spot": 1 };
      expect(await termCounts(store)).toEqual(new Map(Object.entries(one)));
    });

    it("come in pages in the order of their bytes, those alone that begin as asked", async () => {
      const { store } = open();
      // In UTF-16 code units the last two are the other way round.
      const names = ["B", "a", "a b", "ab", "b", "ä", "\u{ffee}", "\u{1f600}"];
      await put(
        store,
        T0,
        ...names.map((name, i) => entryOf({ id: `i-${i}`, capabilities: [name], tags: ["a"] }, T0)),
      );
      const paged = async (prefix: string, limit: number) => {
        const found: string[][] = [];
        for (let after: string | null = ""; after !== null;) {
          const page: TermsPage = await store.terms({ prefix, after, limit });
          expect(page.terms.every(({ entries }) => entries === 1)).toBe(true);
          found.push(page.terms.map(({ term }) => term.slice("capability:".length)));
          after = page.next;
        }
        return found;
      };
      expect(await paged("capability:", 100)).toEqual([names]);
      expect(await paged("capability:", 3)).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(6)]);
      expect(await paged("capability:a", 2)).toEqual([["a", "a b"], ["ab"]]);
      expect(await paged("capability:c", 2)).toEqual([[]]);
      expect(await store.terms({ prefix: "tag:", after: "", limit: 1 })).toEqual({
        terms: [{ term: "tag:a", entries: 8 }],
        next: "tag:a",
      });
    });

    it("counts those who have lapsed until they are reaped", async () => {
      const { store, advance } = open();
      await put(store, T0, entryOf({ id: "a", ttl_seconds: 60 }, T0));
      await advance(T0 + 60_001);
      expect((await termCounts(store)).get("agent")).toBe(1);
      await remove(store, T0 + 60_001, "a");
      expect(await termCounts(store)).toEqual(new Map());
    });

    it("keeps apart what only differs in its kind", async () => {
      const { store } = open();
      await put(store, T0, entryOf({ id: "a", type: "x", capabilities: ["x"], tags: ["agent"] }, T0));
      await put(store, T0, entryOf({ id: "b", type: "y", tags: ["x"] }, T0));
      for (const [term, ids] of [
        ["type:x", ["a"]],
        ["capability:x", ["a"]],
        ["tag:x", ["b"]],
        ["tag:agent", ["a"]],
        ["agent", ["a", "b"]],
      ] as const) {
        expect(idsOf(await pageThrough(store, [term], 5, T0))).toEqual(ids);
      }
    });
  });

  describe("roll", () => {
    it.each([1, 3, 10, 11])("calls all in id order, each once, %i at a time", async (limit) => {
      const { store } = open();
      await put(store, T0, ...lettered.toReversed());
      expect(await callRoll(store, limit, T0)).toEqual(
        lettered.map(({ document, lease }) => {
          return { id: document.registration.id, fence: document.fence, lease, mark: null };
        }),
      );
    });

    it("has who lapsed without a lease, and what the ledger says of this registration", async () => {
      const { store, advance } = open();
      const marked = { ...entryOf({ id: "a" }, T0, "one"), mark: UNREACHABLE };
      await put(store, T0, marked, entryOf({ id: "b", ttl_seconds: 60 }, T0, "two"));
      await advance(T0 + 60_001);
      const calls = [
        { id: "a", fence: "one", lease: marked.lease, mark: UNREACHABLE },
        { id: "b", fence: "two", lease: null, mark: null },
      ];
      expect(await callRoll(store, 10, T0 + 60_001)).toEqual(calls);
      await put(store, T0 + 60_001, entryOf({ id: "a" }, T0 + 60_001, "three"));
      expect((await callRoll(store, 1, T0 + 60_001))[0]).toMatchObject({
        fence: "three",
        mark: null,
      });
    });

    it.each<Mark>([
      { state: "unreachable", silentSince: T0 },
      { state: "reachable", silentSince: T0 },
      { state: "lapsed", sinceMs: T0, untilMs: T0 + 1 },
    ])("keeps a mark as it was made: %j", async (mark) => {
      const { store } = open();
      await put(store, T0, { ...entryOf({ id: "a" }, T0, "one"), mark });
      expect((await callRoll(store, 1, T0))[0]).toMatchObject({ id: "a", mark });
      const [snapshot] = await store.read([ref("a")], T0);
      expect(snapshot!.entry?.mark).toEqual(mark);
    });

    it("calls nobody where nobody is", async () => {
      const { store } = open();
      expect(await store.roll({ kind: "agent", after: "", limit: 5 }, T0)).toEqual({ calls: [], next: null });
    });
  });

  describe("heal", () => {
    it("removes nothing from sound indexes, whomever it is told to suspect, and ends", async () => {
      const { store } = open();
      await put(store, T0, ...lettered);
      const before = await everythingIn(store, letters, T0);
      const suspects = lettered.map(({ document }) => {
        return { id: document.registration.id, fence: document.fence };
      });
      const visited: string[] = [];
      for (let after = ""; visited.at(-1) !== ""; after = visited.at(-1)!) {
        const { healed, next } = await store.heal({ kind: "agent", suspects, after });
        expect(healed).toBe(0);
        expect(visited).not.toContain(next);
        visited.push(next);
      }
      expect(await everythingIn(store, letters, T0)).toEqual(before);
    });
  });
}
