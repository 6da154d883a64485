import { minuteOf, type Surplus, takeFrom } from "../core/agents/grace.ts";
import { increment } from "../core/agents/tally.ts";
import {
  decideTransition,
  type SweepTime,
  type Transition,
  transitionOf,
} from "../core/agents/transition.ts";
import type { Entry, LapsedMark, Ref } from "../core/entry.ts";
import { isHeld } from "../core/holding.ts";
import { isUnreachable } from "../core/lease.ts";
import { isStoreFull, Problem } from "../core/problem.ts";
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

/** A script looks at 800 of them: a small fleet should not pay for five. */
const FIRST_PAGE_LEASES = 800;
const PAGE_LEASES = 4000;
const CHANGES_AT_ONCE = 500;

/** Where a roll stands. One that was cut off goes on in the next run. */
export interface RollProgress {
  /** The id to go on after ("" from the beginning); null: the roll was completed. */
  next: string | null;
  /** Live agents by status since the roll began. */
  byStatus: Map<string, number>;
  /** How many heartbeats a second those of them send that have no socket, at the intervals that they registered with. */
  perSecond: number;
  /** Lapsed registrations that are kept, by the minute in which they lapsed, since the roll began. */
  lapsedByMinute: Map<number, number>;
  /** What is left of the lapsed ones to reap before their time. */
  surplus: Surplus | null;
}

export interface Rolled extends RollProgress {
  scanned: number;
  /** Ids of the agents whose transition was recorded. */
  found: Record<Transition, string[]>;
  /** Index members without a document, or with one of an earlier epoch. */
  stale: RollCall[];
  /** What stopped it; `next` is then the end of the last page that was done. `store_full` only left out marks. */
  failure?: unknown;
}

/** A call whose transition is to be recorded, unless the entry has changed since. */
interface Suspect {
  call: RollCall;
  transition: Transition;
  isSurplus: boolean;
}

/** A call of a registration that has lapsed, and is kept. */
interface Kept {
  call: RollCall;
  mark: LapsedMark;
}

const MARKS: ReadonlySet<Transition> = new Set(["became_unreachable", "lapsed"]);
const frees = ({ transition }: Suspect): boolean => !MARKS.has(transition);
const asSurplus = ({ call }: Kept): Suspect => ({ call, transition: "reaped", isSurplus: true });

/**
 * Reads leases in id order, and records the transition of each agent that became unreachable, recovered, lapsed, or has been
 * lapsed for too long, as an event.
 *
 * @throws nothing: see `failure`
 */
export async function callRoll(
  store: Store,
  progress: RollProgress,
  { scannedMax, changedMax }: RollBudget,
  time: SweepTime,
): Promise<Rolled> {
  const found: Rolled["found"] = { became_unreachable: [], recovered: [], lapsed: [], reaped: [] };
  const rolled: Rolled = { ...progress, scanned: 0, found, stale: [] };
  let changed = 0;
  try {
    do {
      const limit = rolled.scanned === 0 ? FIRST_PAGE_LEASES : PAGE_LEASES;
      const query = { kind: "agent", after: rolled.next ?? "", limit } as const;
      const page = await store.muster(query, time.now);
      const { suspects, kept, surplus } = compare(page.calls, rolled.surplus, time);
      const lapsedBefore = found.lapsed.length;
      await recordPage(store, suspects, kept, rolled, time);
      if (!isStoreFull(rolled.failure))
        for (const { mark } of kept) increment(rolled.lapsedByMinute, minuteOf(mark.sinceMs));
      for (const { status, agents, intervalSeconds } of page.heard) {
        increment(rolled.byStatus, status, agents);
        if (intervalSeconds !== null) rolled.perSecond += agents / intervalSeconds;
      }
      for (const { lease } of page.calls) {
        if (!lease) continue;
        increment(rolled.byStatus, isUnreachable(lease, time.now) ? "unreachable" : lease.status);
        if (!isHeld(lease) && lease.intervalSeconds !== null) rolled.perSecond += 1 / lease.intervalSeconds;
      }
      const newlyLapsed = found.lapsed.length - lapsedBefore;
      if (newlyLapsed > 0) increment(rolled.lapsedByMinute, minuteOf(time.clockMs), newlyLapsed);
      rolled.surplus = surplus;
      rolled.scanned += page.scanned;
      rolled.next = page.next;
      changed += suspects.length;
    } while (rolled.next !== null && rolled.scanned < scannedMax && changed < changedMax);
  } catch (failure) {
    rolled.failure = failure;
  }
  return rolled;
}

/** The calls whose transition is to be recorded, and the lapsed ones that are kept. */
function compare(
  calls: readonly RollCall[],
  before: Surplus | null,
  time: SweepTime,
): { suspects: Suspect[]; kept: Kept[]; surplus: Surplus | null } {
  let surplus = before;
  const suspects: Suspect[] = [];
  const kept: Kept[] = [];
  for (const call of calls) {
    const mark = call.lease === null && call.mark?.state === "lapsed" ? call.mark : undefined;
    const left = mark && takeFrom(surplus, mark.sinceMs);
    if (left) surplus = left;
    const isSurplus = left !== undefined;
    const transition = transitionOf(call, time, isSurplus);
    if (transition) suspects.push({ call, transition, isSurplus });
    else if (mark) kept.push({ call, mark });
  }
  return { suspects, kept, surplus };
}

async function recordAll(
  store: Store,
  suspects: readonly Suspect[],
  rolled: Rolled,
  time: SweepTime,
): Promise<void> {
  for (const batch of chunks(suspects, CHANGES_AT_ONCE)) await recordTransitions(store, batch, rolled, time);
}

/** Where the store is full, records only what frees: so what has lapsed goes before its time. */
async function recordPage(
  store: Store,
  suspects: readonly Suspect[],
  kept: readonly Kept[],
  rolled: Rolled,
  time: SweepTime,
): Promise<void> {
  if (!isStoreFull(rolled.failure)) {
    try {
      return await recordAll(store, suspects, rolled, time);
    } catch (failure) {
      if (!isStoreFull(failure)) throw failure;
      rolled.failure = failure;
    }
  }
  await recordAll(store, [...suspects.filter(frees), ...kept.map(asSurplus)], rolled, time);
}

async function recordTransitions(
  store: Store,
  suspects: readonly Suspect[],
  { found, stale }: Rolled,
  time: SweepTime,
): Promise<void> {
  const refs = suspects.map(({ call }): Ref => ({ kind: "agent", id: call.id }));
  const snapshots = await store.read(refs, time.now);
  const decide = (entry: Entry | undefined, index: number) =>
    decideTransition(entry, suspects[index]!.call.id, time, suspects[index]!.isSurplus);
  const transitions = await change(store, snapshots, decide, time.now);
  for (const [index, transition] of transitions.entries()) {
    const { call } = suspects[index]!;
    // Too many writers compete for this entry: the next run sees what became of it.
    if (transition instanceof Problem) continue;
    if (transition) found[transition].push(call.id);
    // Without a lease and yet not lapsed: the index member outlived its document, or its epoch.
    else if (!call.lease) stale.push(call);
  }
}
