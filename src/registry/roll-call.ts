import { increment } from "../core/agents/tally.ts";
import { decideTransition, type Transition, transitionOf } from "../core/agents/transition.ts";
import type { Ref } from "../core/entry.ts";
import { isUnreachable } from "../core/lease.ts";
import { Problem } from "../core/problem.ts";
import { change } from "../store/change.ts";
import { chunks } from "../store/chunks.ts";
import type { RollCall, Store } from "../store/store.ts";

/** How much one run may do. */
export interface RollBudget {
  /** Leases read. */
  scannedMax: number;
  /** Entries changed; the page in which it is reached is still finished. */
  changedMax: number;
}

const PAGE_LEASES = 5000;
const CHANGES_AT_ONCE = 500;

export interface Rolled {
  scanned: number;
  /** Ids of the agents whose transition was recorded. */
  found: Record<Transition, string[]>;
  /** Index members without a document, or with one of an earlier epoch. */
  stale: RollCall[];
  /** Agents by status since the roll began, in this run or an earlier one. */
  byStatus: Map<string, number>;
  /** The id to go on after; null: the roll was completed. */
  next: string | null;
  /** What stopped it; `next` is then the end of the last page that was done. */
  failure?: unknown;
}

/**
 * Reads leases in id order after `after`, and records the transition of each agent that became unreachable, recovered or
 * lapsed, as an event.
 *
 * @param byStatus what earlier runs have counted since the roll began
 * @throws nothing: see `failure`
 */
export async function callRoll(
  store: Store,
  after: string,
  byStatus: Map<string, number>,
  { scannedMax, changedMax }: RollBudget,
  now: number,
): Promise<Rolled> {
  const found: Rolled["found"] = { became_unreachable: [], recovered: [], reaped: [] };
  const rolled: Rolled = { scanned: 0, found, stale: [], byStatus, next: after };
  let changed = 0;
  try {
    do {
      const page = await store.roll({ kind: "agent", after: rolled.next ?? "", limit: PAGE_LEASES }, now);
      const suspects = page.calls.filter((call) => transitionOf(call, now) !== undefined);
      for (const batch of chunks(suspects, CHANGES_AT_ONCE))
        await recordTransitions(store, batch, rolled, now);
      for (const { lease } of page.calls) {
        if (lease) increment(byStatus, isUnreachable(lease, now) ? "unreachable" : lease.status);
      }
      rolled.scanned += page.calls.length;
      rolled.next = page.next;
      changed += suspects.length;
    } while (rolled.next !== null && rolled.scanned < scannedMax && changed < changedMax);
  } catch (failure) {
    rolled.failure = failure;
  }
  return rolled;
}

async function recordTransitions(
  store: Store,
  calls: readonly RollCall[],
  { found, stale }: Rolled,
  now: number,
): Promise<void> {
  const refs = calls.map(({ id }): Ref => ({ kind: "agent", id }));
  const snapshots = await store.read(refs, now);
  const decide = (entry: Parameters<typeof decideTransition>[0], index: number) =>
    decideTransition(entry, calls[index]!.id, now);
  const transitions = await change(store, snapshots, decide, now);
  for (const [index, transition] of transitions.entries()) {
    const call = calls[index]!;
    // Too many writers compete for this entry: the next run sees what became of it.
    if (transition instanceof Problem) continue;
    if (transition) found[transition].push(call.id);
    // Without a lease and yet not to be reaped: the index member outlived its document, or its epoch.
    else if (!call.lease) stale.push(call);
  }
}
