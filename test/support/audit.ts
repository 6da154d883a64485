import { expect } from "vitest";
import { type Entry, termsOf } from "../../src/core/entry.ts";
import type { Store } from "../../src/store/store.ts";
import { walk } from "../../src/store/walk.ts";

const idsOf = (entries: readonly Entry[]): string[] =>
  entries.map(({ document }) => document.registration.id);

async function under(store: Store, term: string, now: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of walk(store, [term], now)) entries.push(...page);
  return entries;
}

/** Holds every index against the documents: who stands under a term, and the number that `terms()` says. */
export async function expectExactIndexes(store: Store, now: number): Promise<Entry[]> {
  const entries = await under(store, "agent", now);
  const expected = new Map<string, string[]>();
  for (const { document } of entries) {
    for (const term of termsOf("agent", document)) {
      expected.set(term, [...(expected.get(term) ?? []), document.registration.id]);
    }
  }
  // Counted before they are walked: a walk heals what it finds wrong.
  const counts = new Map([...expected].map(([term, ids]) => [term, ids.length]));
  expect(await store.terms()).toEqual(counts);
  for (const [term, ids] of expected) expect(idsOf(await under(store, term, now))).toEqual(ids);
  return entries;
}
