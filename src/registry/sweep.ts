import type { Ref } from "../core/entry.ts";
import { increment } from "../core/agents/tally.ts";
import { Problem } from "../core/problem.ts";
import { isUnreachable } from "../core/lease.ts";
import { decideTransition, type Transition, transitionOf } from "../core/agents/transition.ts";
import { change } from "../store/change.ts";
import type { RollCall, Store } from "../store/store.ts";
import type { CheckedHealth } from "./services/health-checks.ts";

export interface SweepBudget {
  /** Leases read per run. */
  scannedMax: number;
  /** Entries changed per run; the page in which it is reached is still finished. */
  changedMax: number;
}

// One minute passes between two runs, and the platform gives a run 30 s of CPU.
export const SWEEP_BUDGET: SweepBudget = { scannedMax: 250_000, changedMax: 20_000 };

const noChecks = async () => ({ probes: 0, next: "" });

const PAGE_LEASES = 5000;
const CHANGES_AT_ONCE = 500;
// Comparing an index of 100,000 members takes Redis some 15 ms, and it does nothing else meanwhile.
const HEALED_TERMS_MAX = 10;

export interface SweepSummary {
  scanned: number;
  unreachable: string[];
  recovered: string[];
  reaped: string[];
  healed: number;
  /** Health checks made. */
  checked: number;
  duration_ms: number;
  /** false: the budget ran out, and the next run goes on from there. */
  complete: boolean;
}

/**
 * Calls the roll once: tells who became unreachable, who came back and who is gone, drops what is left of the gone, and
 * heals the indexes; then checks the health of services. Reads are right without it. Two at once tell nothing twice, because each transition is one commit.
 *
 * @param checkHealth given where the last run stopped, probes services and says where to go on
 * @param clock gives ms since the Unix epoch; read once for all judgements, and again for the duration
 */
export async function sweep(
  store: Store,
  clock: () => number,
  budget: SweepBudget,
  checkHealth: (after: string, now: number) => Promise<Omit<CheckedHealth, "offers">> = noChecks,
): Promise<SweepSummary> {
  const now = clock();
  const last = await store.sweepReport();
  const found: Record<Transition, string[]> = { became_unreachable: [], recovered: [], reaped: [] };
  const stale: RollCall[] = [];
  const from = last?.resume.roll ?? "";
  const byStatus = new Map(from === "" ? [] : Object.entries(last?.resume.byStatus ?? {}));
  let scanned = 0;
  let changed = 0;
  let after: string | null = from;

  do {
    const page = await store.roll({ kind: "agent", after, limit: PAGE_LEASES }, now);
    scanned += page.calls.length;
    for (const call of page.calls) {
      if (!call.lease) continue;
      const status = isUnreachable(call.lease, now) ? "unreachable" : call.lease.status;
      increment(byStatus, status);
    }
    const suspects = page.calls.filter((call) => transitionOf(call, now) !== undefined);
    for (let i = 0; i < suspects.length; i += CHANGES_AT_ONCE) {
      const batch = suspects.slice(i, i + CHANGES_AT_ONCE);
      const refs = batch.map(({ id }): Ref => ({ kind: "agent", id }));
      const transitions = await change(
        store,
        await store.read(refs, now),
        (entry, index) => decideTransition(entry, batch[index]!.id, now),
        now,
      );
      transitions.forEach((transition, index) => {
        const call = batch[index]!;
        // Fought over: whoever wins it, the next run sees what became of it.
        if (transition instanceof Problem) return;
        if (transition) found[transition].push(call.id);
        // No lease and yet nothing to reap: the member outlived its document, or its epoch.
        else if (!call.lease) stale.push(call);
      });
      changed += batch.length;
    }
    after = page.next;
  } while (after !== null && scanned < budget.scannedMax && changed < budget.changedMax);

  const healed = await store.heal(
    { kind: "agent", suspects: stale, after: last?.resume.terms ?? "", termsMax: HEALED_TERMS_MAX },
    now,
  );
  const checked = await checkHealth(last?.resume.checks ?? "", now);
  const durationMs = clock() - now;
  await store.keepSweepReport({
    at: now,
    durationMs,
    scanned,
    unreachable: found.became_unreachable.length,
    recovered: found.recovered.length,
    reaped: found.reaped.length,
    healed: healed.removed,
    byStatus: after === null ? Object.fromEntries(byStatus) : (last?.byStatus ?? null),
    resume: {
      roll: after ?? "",
      terms: healed.next,
      checks: checked.next,
      byStatus: after === null ? {} : Object.fromEntries(byStatus),
    },
  });
  if (checked.untold) throw checked.untold;
  return {
    scanned,
    unreachable: found.became_unreachable,
    recovered: found.recovered,
    reaped: found.reaped,
    healed: healed.removed,
    checked: checked.probes,
    duration_ms: durationMs,
    complete: after === null,
  };
}
