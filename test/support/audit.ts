import { expect } from "vitest";
import type { Entry, Kind } from "../../src/core/entry.ts";
import { kindOfTerm, termsOf } from "../../src/core/kinds.ts";
import type { Store, TermsPage } from "../../src/store/store.ts";
import { walk } from "../../src/store/walk.ts";

const idOf = ({ document }: Entry<Kind>): string => document.registration.id;

/** Every entry of a kind under one term: all of the kind, unless another is said. */
export async function entriesOf<K extends Kind>(
  store: Store,
  kind: K,
  now: number,
  term: string = kind,
): Promise<Entry<K>[]> {
  const entries: Entry<K>[] = [];
  for await (const page of walk(store, kind, [term], now)) entries.push(...page);
  return entries;
}

/** How many entries are under each term. */
export async function termCounts(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let after: string | null = ""; after !== null;) {
    const page: TermsPage = await store.terms({ prefix: "", after, limit: 500 });
    for (const { term, entries } of page.terms) counts.set(term, entries);
    after = page.next;
  }
  return counts;
}

/** Holds every index against the documents: who stands under a term, and how many the store counts there. */
export async function expectExactIndexes(store: Store, now: number): Promise<Entry[]> {
  const agents = await entriesOf(store, "agent", now);
  const toolsets = await entriesOf(store, "toolset", now);
  const expected = new Map<string, string[]>();
  const expectUnder = (terms: string[], id: string) => {
    for (const term of terms) expected.set(term, [...(expected.get(term) ?? []), id]);
  };
  for (const agent of agents) expectUnder(termsOf("agent", agent.document), idOf(agent));
  for (const toolset of toolsets) expectUnder(termsOf("toolset", toolset.document), idOf(toolset));
  // Counted before they are walked: a walk heals what it finds wrong.
  const counts = new Map([...expected].map(([term, ids]) => [term, ids.length]));
  expect(await termCounts(store)).toEqual(counts);
  for (const [term, ids] of expected) {
    expect((await entriesOf<Kind>(store, kindOfTerm(term)!, now, term)).map(idOf)).toEqual(ids);
  }
  return agents;
}
