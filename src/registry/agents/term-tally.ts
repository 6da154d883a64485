import { firstOf } from "../../core/order.ts";
import type { Store, TallyProgress, TermTally } from "../../store/store.ts";

/** What is counted, by the prefix of its terms. */
const GROUPS = ["type", "capability"] as const;
export type TermGroup = (typeof GROUPS)[number];

export const termPrefix = (group: TermGroup): string => `${group}:`;

/** How many names of each group are kept by name; the others are counted together. */
export const LARGEST_MAX = 100;
const TERMS_PER_PAGE = 1000;
/** Pages per run: the next run goes on. */
const PAGES_MAX = 5;

/** Finished: `byTerm`. Unfinished: `progress`, to be given to the next run. */
export interface TermsTallied {
  byTerm?: Record<string, TermTally>;
  progress?: TallyProgress | undefined;
}

/**
 * Counts the names of each group, and keeps the largest, at most 5,000 terms in a run.
 *
 * @param progress of the run before; undefined to begin
 */
export async function tallyTerms(store: Store, progress: TallyProgress | undefined): Promise<TermsTallied> {
  const byGroup: Record<string, TermTally> = { ...progress?.byGroup };
  let after = progress?.after ?? "";
  let index = progress ? Math.max(0, GROUPS.indexOf(progress.group as TermGroup)) : 0;
  for (let pages = 0; index < GROUPS.length; pages += 1) {
    const group = GROUPS[index]!;
    if (pages === PAGES_MAX) return { progress: { group, after, byGroup } };
    const prefix = termPrefix(group);
    const page = await store.terms({ prefix, after, limit: TERMS_PER_PAGE });
    const tally = byGroup[group] ?? { names: 0, entries: 0, largest: [] };
    const named = page.terms.map(({ term, entries }): [string, number] => [
      term.slice(prefix.length),
      entries,
    ]);
    byGroup[group] = {
      names: tally.names + named.length,
      entries: tally.entries + named.reduce((sum, [, entries]) => sum + entries, 0),
      largest: largestOf([...tally.largest, ...named]),
    };
    after = page.next ?? "";
    if (page.next === null) index += 1;
  }
  return { byTerm: byGroup };
}

/** The names with the highest counts, highest first; among equals the first given come first. */
export const largestOf = (counts: Iterable<[name: string, count: number]>): [string, number][] =>
  firstOf(counts, LARGEST_MAX, ([, a], [, b]) => b - a);
