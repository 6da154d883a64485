import { increment } from "../core/agents/tally.ts";
import { decideTransition, type Transition, transitionOf } from "../core/agents/transition.ts";
import type { Ref } from "../core/entry.ts";
import { isUnreachable } from "../core/lease.ts";
import { Problem } from "../core/problem.ts";
import { change } from "../store/change.ts";
import { chunks } from "../store/chunks.ts";
import type { RollCall, Store, SweepReport } from "../store/store.ts";
import type { Namespace } from "./namespace.ts";
import { checkHealth } from "./services/health-checks.ts";

/** How much one run may do. */
export interface SweepBudget {
  /** Leases read. */
  scannedMax: number;
  /** Entries changed; the page in which it is reached is still finished. */
  changedMax: number;
}

// One minute passes between two runs, and the platform gives a run 30 s of CPU.
export const SWEEP_BUDGET: SweepBudget = { scannedMax: 250_000, changedMax: 20_000 };

const PAGE_LEASES = 5000;
const CHANGES_AT_ONCE = 500;
// Comparing an index of 100,000 members takes Redis some 15 ms, and it does nothing else meanwhile.
const HEALED_TERMS_MAX = 10;

/** What one run found. Agents are named by id. */
export interface SweepSummary {
  scanned: number;
  unreachable: string[];
  recovered: string[];
  reaped: string[];
  /** Index members removed because no document stood behind them. */
  healed: number;
  /** Health checks made. */
  checked: number;
  durationMs: number;
  /** false: the budget was used up, and the next run goes on from there. */
  complete: boolean;
}

/**
 * Sweeps a namespace: writes down which agents became unreachable, came back or lapsed, removes what is left of the lapsed,
 * heals the indexes, and checks the health of services. Reads do not depend on it. Of two runs at the same time only one
 * records a transition, because each is one commit.
 *
 * @param now  ms since the Unix epoch
 * @throws {Problem} `store_unavailable`; also where a service's pool did not answer: all else is done then
 */
export async function sweep(
  namespace: Namespace,
  now: number,
  budget: SweepBudget = SWEEP_BUDGET,
): Promise<SweepSummary> {
  const { store, clock } = namespace;
  const last = await store.sweepReport();
  const roll = await callRoll(store, last?.resume, budget, now);
  const { scanned, found, stale, byStatus, next } = roll;
  const healed = await store.heal(
    { kind: "agent", suspects: stale, after: last?.resume.terms ?? "", termsMax: HEALED_TERMS_MAX },
    now,
  );
  const checks = await checkHealth(namespace, last?.resume.checks ?? "", now);

  const { became_unreachable: unreachable, recovered, reaped } = found;
  const counts = Object.fromEntries(byStatus);
  const durationMs = clock() - now;
  await store.keepSweepReport({
    at: now,
    durationMs,
    scanned,
    unreachable: unreachable.length,
    recovered: recovered.length,
    reaped: reaped.length,
    healed: healed.removed,
    byStatus: next === null ? counts : (last?.byStatus ?? null),
    resume: {
      roll: next ?? "",
      terms: healed.next,
      checks: checks.next,
      byStatus: next === null ? {} : counts,
    },
  });
  if (checks.untold) throw checks.untold;
  return {
    scanned,
    unreachable,
    recovered,
    reaped,
    healed: healed.removed,
    checked: checks.probes,
    durationMs,
    complete: next === null,
  };
}

interface Roll {
  scanned: number;
  /** ids */
  found: Record<Transition, string[]>;
  /** Index members without a document, or with one of an earlier epoch. */
  stale: RollCall[];
  byStatus: Map<string, number>;
  /** The id to go on after; null: the roll was completed. */
  next: string | null;
}

async function callRoll(
  store: Store,
  resume: SweepReport["resume"] | undefined,
  { scannedMax, changedMax }: SweepBudget,
  now: number,
): Promise<Roll> {
  const from = resume?.roll ?? "";
  const found: Roll["found"] = { became_unreachable: [], recovered: [], reaped: [] };
  const stale: RollCall[] = [];
  const byStatus = new Map(from === "" ? [] : Object.entries(resume?.byStatus ?? {}));
  let scanned = 0;
  let changed = 0;
  let next: string | null = from;
  do {
    const page = await store.roll({ kind: "agent", after: next, limit: PAGE_LEASES }, now);
    scanned += page.calls.length;
    for (const { lease } of page.calls) {
      if (lease) increment(byStatus, isUnreachable(lease, now) ? "unreachable" : lease.status);
    }
    const suspects = page.calls.filter((call) => transitionOf(call, now) !== undefined);
    for (const batch of chunks(suspects, CHANGES_AT_ONCE)) {
      const transitions = await recordTransitions(store, batch, now);
      batch.forEach((call, index) => {
        const transition = transitions[index];
        // Too many writers compete for this entry: the next run sees what became of it.
        if (transition instanceof Problem) return;
        if (transition) found[transition].push(call.id);
        // Without a lease and yet not to be reaped: the index member outlived its document, or its epoch.
        else if (!call.lease) stale.push(call);
      });
    }
    changed += suspects.length;
    next = page.next;
  } while (next !== null && scanned < scannedMax && changed < changedMax);
  return { scanned, found, stale, byStatus, next };
}

/** @returns per call, the transition that was committed; undefined where there was none after all */
async function recordTransitions(
  store: Store,
  calls: readonly RollCall[],
  now: number,
): Promise<(Transition | Problem | undefined)[]> {
  const refs = calls.map(({ id }): Ref => ({ kind: "agent", id }));
  const snapshots = await store.read(refs, now);
  return change(store, snapshots, (entry, index) => decideTransition(entry, calls[index]!.id, now), now);
}
