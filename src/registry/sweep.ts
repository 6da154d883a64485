import { causedByItself } from "../cause.ts";
import { alertEvents, alertsAfter, type AlertsChanged, alertsChanged } from "../core/alert.ts";
import { clockAfter, peakAfter, surplusOf } from "../core/agents/grace.ts";
import { isStoreFull } from "../core/problem.ts";
import { stretchFor } from "../core/stretch.ts";
import type { Census, RollCall, Store, SweepReport } from "../store/store.ts";
import { lookForTrouble } from "./alerts/look.ts";
import { thoseThere } from "./alerts/there.ts";
import { historyAfter } from "./alerts/history.ts";
import { tallyTerms, type TermsTallied } from "./agents/term-tally.ts";
import { sum } from "../core/agents/tally.ts";
import type { Namespace } from "./namespace.ts";
import { callRoll, type RollBudget, type Rolled, type RollProgress } from "./roll-call.ts";
import { checkHealth } from "./services/health-checks.ts";

// One minute passes between two runs, and the platform gives a run 30 s of CPU.
export const SWEEP_BUDGET: RollBudget = { scannedMax: 250_000, changedMax: 20_000 };

/** Each examines up to 2,000 index members in at most five round trips. */
const HEAL_STEPS_MAX = 2;

/** What one run found. Agents are named by id. */
export interface SweepSummary {
  scanned: number;
  unreachable: string[];
  recovered: string[];
  lapsed: string[];
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
 * Sweeps a namespace: records which agents became unreachable, recovered or lapsed, and removes those that lapsed too long ago
 * (core/agents/grace.ts), and whether agents are to call in less often (core/stretch.ts); then forgets old events, heals the indexes, checks the health of services, counts terms, and looks for what is wrong. Each part goes on where it stopped in the last run. A part that
 * fails stops no other, and what the roll found is kept before the other parts begin. Reads do not depend on the sweep. Of
 * two runs at the same time only one records a transition, because each is one commit.
 *
 * In a full store it goes on without marks, and frees what can be spared: events, stale members, what has lapsed.
 *
 * @param now  ms since the Unix epoch
 * @throws {Problem} `store_unavailable` or `store_full`, after all parts have been tried
 */
export const sweep = (
  namespace: Namespace,
  now: number,
  budget: RollBudget = SWEEP_BUDGET,
): Promise<SweepSummary> => causedByItself(() => sweepOnce(namespace, now, budget));

async function sweepOnce(namespace: Namespace, now: number, budget: RollBudget): Promise<SweepSummary> {
  const { store, clock, eventsKept } = namespace;
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

  const clockMs = clockAfter(last && { at: last.at, clockMs: last.grace?.clockMs ?? last.at }, now);
  const rolled = await callRoll(store, progressOf(last), budget, { now, clockMs });
  if (rolled.failure !== undefined) failures.push(rolled.failure);
  const { found, scanned } = rolled;
  const { became_unreachable: unreachable, recovered, lapsed, reaped } = found;
  const complete = rolled.next === null;
  const census = complete ? censusOf(rolled, now) : undefined;
  const peak = census
    ? peakAfter(last?.grace?.peak ?? null, sum(rolled.byStatus.values()), clockMs)
    : (last?.grace?.peak ?? null);
  const stretch = complete
    ? stretchFor(rolled.perSecond, namespace.heartbeatsPerSecondMax)
    : (last?.stretch ?? 1);
  const report: SweepReport = {
    at: now,
    durationMs: clock() - now,
    scanned,
    unreachable: unreachable.length,
    recovered: recovered.length,
    lapsed: lapsed.length,
    reaped: reaped.length,
    healed: 0,
    census: census ?? last?.census ?? null,
    ...(last?.byTerm && { byTerm: last.byTerm }),
    ...(last?.look && { look: last.look }),
    ...(last?.history && { history: last.history }),
    // Once more when it is over: it is kept until it is replaced.
    ...((stretch > 1 || (last?.stretch ?? 1) > 1) && { stretch }),
    resume: {
      ...resume,
      roll: rolled.next ?? "",
      byStatus: complete ? {} : Object.fromEntries(rolled.byStatus),
      perSecond: complete ? 0 : rolled.perSecond,
    },
    grace: {
      clockMs,
      peak,
      surplus: complete && peak ? surplusOf(rolled.lapsedByMinute, peak) : rolled.surplus,
      byMinute: complete ? {} : Object.fromEntries(rolled.lapsedByMinute),
    },
  };
  const withTally = ({ byTerm, progress }: TermsTallied): SweepReport => ({
    ...report,
    ...(byTerm && { byTerm }),
    resume: { ...report.resume, ...(progress && { tally: progress }) },
  });
  await attempt(store.keepSweepReport(withTally({ progress: unfinished })));
  if (failures.some(isStoreFull)) await attempt(store.makeRoom());

  await namespace.refusals.tellKeys(now);
  await attempt(store.forgetEvents({ since: now - eventsKept.ms, chars: eventsKept.chars }));
  const healing = { healed: 0, next: resume.terms };
  await attempt(healIndexes(store, rolled.stale, healing));
  const checks = await attempt(checkHealth(namespace, resume.checks ?? "", now));
  if (checks?.untold) failures.push(checks.untold);
  const tally = await attempt(tallyTerms(store, unfinished));
  const lost = [...unreachable, ...lapsed];
  const swept = { last: last?.look, census: report.census, lost, isChecked: (checks?.probes ?? 0) > 0 };
  const looked = await attempt(lookForTrouble(namespace, swept, now));
  if (looked) {
    const { troubles, calls, next } = looked;
    const before = last?.look?.alerts ?? [];
    const alerts = alertsAfter(before, troubles, now);
    // Before it is kept: where the run ends in between, it is told twice rather than not at all.
    await attempt(tellOf(store, alertsChanged(before, troubles, alerts), now));
    report.look = { at: now, alerts, found: troubles.length, ...next };
    report.history = historyAfter(last?.history ?? [], { at: now, byStatus: census?.byStatus, calls });
  }

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
    lapsed,
    reaped,
    healed: healing.healed,
    checked: checks?.probes ?? 0,
    durationMs: report.durationMs,
    complete,
  };
}

async function tellOf(store: Store, { raised, cleared }: AlertsChanged, now: number): Promise<void> {
  const events = alertEvents({ raised, cleared: await thoseThere(store, cleared, now) }, now);
  if (events.length > 0) await store.tell(events);
}

/** Where the last run left the roll. */
function progressOf(last: SweepReport | undefined): RollProgress {
  const { roll, byStatus, perSecond = 0 } = last?.resume ?? { roll: "", byStatus: {} };
  const { byMinute, surplus } = last?.grace ?? { byMinute: {}, surplus: null };
  return {
    next: roll,
    byStatus: new Map(Object.entries(byStatus)),
    perSecond,
    lapsedByMinute: new Map(Object.entries(byMinute).map(([minute, count]) => [Number(minute), count])),
    surplus,
  };
}

const censusOf = ({ byStatus, lapsedByMinute }: Rolled, now: number): Census => ({
  at: now,
  byStatus: Object.fromEntries(byStatus),
  lapsed: sum(lapsedByMinute.values()),
});

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
