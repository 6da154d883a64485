import { EXACT_MAX } from "../core/agents/discovery.ts";
import type { RollCall, Store, SweepReport } from "../store/store.ts";
import { tallyTerms, type TermsTallied } from "./agents/term-tally.ts";
import type { Namespace } from "./namespace.ts";
import { callRoll, type RollBudget } from "./roll-call.ts";
import { checkHealth } from "./services/health-checks.ts";

// One minute passes between two runs, and the platform gives a run 30 s of CPU.
export const SWEEP_BUDGET: RollBudget = { scannedMax: 250_000, changedMax: 20_000 };

/** Each examines up to 5,000 index members in at most five round trips. */
const HEAL_STEPS_MAX = 2;

/** What one run found. Agents are named by id. */
export interface SweepSummary {
  scanned: number;
  unreachable: string[];
  recovered: string[];
  reaped: string[];
  /** Index members that were removed or put back. */
  healed: number;
  /** Health checks made. */
  checked: number;
  durationMs: number;
  /** false: the budget was used up, and the next run goes on from there. */
  complete: boolean;
}

/**
 * Sweeps a namespace: records which agents became unreachable, recovered or lapsed, and removes the lapsed; then heals the
 * indexes, checks the health of services, and counts terms. Each part goes on where it stopped in the last run. A part that
 * fails stops no other, and what the roll found is kept before the other parts begin. Reads do not depend on the sweep. Of
 * two runs at the same time only one records a transition, because each is one commit.
 *
 * @param now  ms since the Unix epoch
 * @throws {Problem} `store_unavailable`, after all parts have been tried
 */
export async function sweep(
  namespace: Namespace,
  now: number,
  budget: RollBudget = SWEEP_BUDGET,
): Promise<SweepSummary> {
  const { store, clock } = namespace;
  const last = await store.sweepReport();
  const { tally: unfinished, ...resume } = last?.resume ?? { roll: "", terms: "", byStatus: {} };
  const failures: unknown[] = [];
  const attempt = async <R>(part: Promise<R>): Promise<R | undefined> => {
    try {
      return await part;
    } catch (failure) {
      failures.push(failure);
      return undefined;
    }
  };

  const counted = new Map(resume.roll === "" ? [] : Object.entries(resume.byStatus));
  const rolled = await callRoll(store, resume.roll, counted, budget, now);
  if (rolled.failure !== undefined) failures.push(rolled.failure);
  const { found, scanned } = rolled;
  const { became_unreachable: unreachable, recovered, reaped } = found;
  const complete = rolled.next === null;
  const byStatus = Object.fromEntries(rolled.byStatus);
  const report: SweepReport = {
    at: now,
    durationMs: clock() - now,
    scanned,
    unreachable: unreachable.length,
    recovered: recovered.length,
    reaped: reaped.length,
    healed: 0,
    byStatus: complete ? byStatus : (last?.byStatus ?? null),
    ...(last?.byTerm && { byTerm: last.byTerm }),
    resume: { ...resume, roll: rolled.next ?? "", byStatus: complete ? {} : byStatus },
  };
  const withTally = ({ byTerm, progress }: TermsTallied): SweepReport => ({
    ...report,
    ...(byTerm && { byTerm }),
    resume: { ...report.resume, ...(progress && { tally: progress }) },
  });
  await attempt(store.keepSweepReport(withTally({ progress: unfinished })));

  const healing = { healed: 0, next: resume.terms };
  await attempt(healIndexes(store, rolled.stale, healing));
  const checks = await attempt(checkHealth(namespace, resume.checks ?? "", now));
  if (checks?.untold) failures.push(checks.untold);
  // The terms of a smaller fleet are counted whenever they are asked for.
  const isSmall = complete && resume.roll === "" && scanned <= EXACT_MAX;
  const tally = isSmall ? {} : await attempt(tallyTerms(store, unfinished));

  report.durationMs = clock() - now;
  report.healed = healing.healed;
  report.resume.terms = healing.next;
  if (checks) report.resume.checks = checks.next;
  await store.keepSweepReport(withTally(tally ?? { progress: unfinished }));
  if (failures.length > 0) throw failures[0];
  return {
    scanned,
    unreachable,
    recovered,
    reaped,
    healed: healing.healed,
    checked: checks?.probes ?? 0,
    durationMs: report.durationMs,
    complete,
  };
}

/** Some steps of healing; keeps in `healing` how far it came, also where a step fails. */
async function healIndexes(
  store: Store,
  suspects: readonly RollCall[],
  healing: { healed: number; next: string },
): Promise<void> {
  for (let step = 0; step < HEAL_STEPS_MAX; step += 1) {
    const { healed, next } = await store.heal({
      kind: "agent",
      suspects: step === 0 ? suspects : [],
      after: healing.next,
    });
    healing.healed += healed;
    healing.next = next;
    if (next === "") return;
  }
}
