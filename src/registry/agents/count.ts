import { effectiveState } from "../../core/agents/liveness.ts";
import { addToTally, emptyTally, increment, sum, type Tally } from "../../core/agents/tally.ts";
import { type Entry, isLive, type Ref } from "../../core/entry.ts";
import { chunks } from "../../store/chunks.ts";
import type { Muster, RollCall, Store, TermsPage } from "../../store/store.ts";
import { SMALL, walk } from "../../store/walk.ts";
import { type TermGroup, termPrefix } from "./term-tally.ts";

/** Where entries have more names than this, they are not counted one by one: a few of them can have very many. */
export const NAMES_MAX = 5_000;
/** So few are counted from their documents, which takes fewer round trips. */
const FROM_DOCUMENTS_MAX = 200;

const PAGE_LEASES = 5000;
const PAGE_TERMS = 1000;
/** Entries are read whole, and may have 32 KiB each. */
const LAPSED_AT_ONCE = 500;

/**
 * Counts agents, and of more than 200 reads no document of a live one: their statuses are those of their leases, and how many
 * have a name is what stands under its term, less the lapsed, whose documents alone are read. What is left in the indexes of an
 * agent whose document was lost counts under its names until a sweep has healed them.
 *
 * @param agents  about how many there are
 * @returns undefined where there are more than 5,000 types and capabilities
 * @throws {Problem} `store_unavailable`
 */
export const countAgents = (store: Store, agents: number, now: number): Promise<Tally | undefined> =>
  agents > FROM_DOCUMENTS_MAX ? countFromIndexes(store, now) : countFromDocuments(store, now);

async function countFromDocuments(store: Store, now: number): Promise<Tally | undefined> {
  const tally = emptyTally();
  for await (const page of walk(store, "agent", ["agent"], now, SMALL)) {
    addToTally(tally, page, now);
    if (tally.byType.size + tally.byCapability.size > NAMES_MAX) return undefined;
  }
  return tally;
}

async function countFromIndexes(store: Store, now: number): Promise<Tally | undefined> {
  const [byType, byCapability, { byStatus, silent }] = await Promise.all([
    namesOf(store, "type"),
    namesOf(store, "capability"),
    muster(store, now),
  ]);
  if (byType.size + byCapability.size > NAMES_MAX) return undefined;
  let lapsed = 0;
  for (const batch of chunks(silent, LAPSED_AT_ONCE)) {
    for (const entry of await entriesOf(store, batch, now)) {
      if (isLive(entry)) {
        // It has called in since.
        increment(byStatus, effectiveState(entry, now).status);
        continue;
      }
      lapsed += 1;
      const { type, capabilities } = entry.document.registration;
      decrement(byType, type);
      for (const name of new Set(capabilities.map((capability) => capability.name)))
        decrement(byCapability, name);
    }
  }
  return { total: sum(byStatus.values()), lapsed, byType, byStatus, byCapability };
}

/** How many entries are under each name, lapsed ones included: of all names, or of more than 5,000. */
async function namesOf(store: Store, group: TermGroup): Promise<Map<string, number>> {
  const prefix = termPrefix(group);
  const names = new Map<string, number>();
  let after: string | null = "";
  while (after !== null && names.size <= NAMES_MAX) {
    const page: TermsPage = await store.terms({ prefix, after, limit: PAGE_TERMS });
    for (const { term, entries } of page.terms) names.set(term.slice(prefix.length), entries);
    after = page.next;
  }
  return names;
}

/** The statuses of those with a lease, and the calls of all others. */
async function muster(
  store: Store,
  now: number,
): Promise<{ byStatus: Map<string, number>; silent: RollCall[] }> {
  const byStatus = new Map<string, number>();
  const silent: RollCall[] = [];
  let after: string | null = "";
  while (after !== null) {
    const page: Muster = await store.muster({ kind: "agent", after, limit: PAGE_LEASES }, now);
    for (const { status, agents } of page.heard) increment(byStatus, status, agents);
    for (const call of page.calls) {
      const { lease, draining = false } = call;
      if (lease) increment(byStatus, effectiveState({ lease, draining }, now).status);
      else silent.push(call);
    }
    after = page.next;
  }
  return { byStatus, silent };
}

/** Of the calls, those that are of an entry: an index member may have outlived its document, or its registration. */
async function entriesOf(store: Store, calls: readonly RollCall[], now: number): Promise<Entry[]> {
  const refs = calls.map(({ id }): Ref => ({ kind: "agent", id }));
  const snapshots = await store.read(refs, now);
  return snapshots.flatMap(({ entry }, i) => (entry?.document.fence === calls[i]!.fence ? [entry] : []));
}

function decrement(counts: Map<string, number>, name: string): void {
  const left = (counts.get(name) ?? 0) - 1;
  if (left > 0) counts.set(name, left);
  else counts.delete(name);
}
