import { type EffectiveStatus, REPORTED_STATUSES, type ReportedStatus, type WantedStatus } from "./agent.ts";
import { type Entry, isLive, type LiveEntry } from "../entry.ts";
import { effectiveState, type EffectiveState, loadRatio } from "./liveness.ts";
import { byId, firstOf } from "../order.ts";
import { type AgentRecord, agentRecord } from "./record.ts";
import { asResort, LAPSED, RESORTS } from "./recovering.ts";

export const LIMIT_MAX = 1000;
/** Up to this many candidates are all examined; beyond it a sample is. */
export const EXHAUSTIVE_MAX = 200;
/**
 * How many more are examined at most when the sample passes fewer than were asked for. Where more than a few of them have to be
 * read whole, a store examines fewer (`Draw.more`), because everybody else waits while it reads.
 */
export const SECOND_LOOK_MAX = 1000;
/** An exact answer examines at most this many candidates. */
export const EXACT_MAX = 5000;
/** What the least loaded has the least of. */
export const DISCOVERY_SORTS = ["load_ratio", "current_load"] as const;
/** Each term is one more index to read. */
export const QUERY_TERMS_MAX = 16;

export interface Criteria {
  /** Any of these effective statuses passes. */
  statuses: readonly WantedStatus[];
  /** inclusive, 0..1 */
  minHealthScore: number;
  /** inclusive */
  maxLoadRatio: number;
  sort: (typeof DISCOVERY_SORTS)[number];
  limit: number;
}

export const DISCOVERY_DEFAULTS = {
  statuses: ["available"],
  minHealthScore: 0.7,
  maxLoadRatio: 0.8,
  sort: "load_ratio",
  limit: 100,
} as const satisfies Criteria;

/** The reasons to leave a candidate out, in the order in which they are checked. */
export const DISCOVERY_STAGES = ["lease", "status", "health", "load", "limit"] as const;

export interface Excluded {
  id: string;
  stage: (typeof DISCOVERY_STAGES)[number];
  reason: string;
  detail: string;
}

export interface DiscoveryResult {
  agents: AgentRecord[];
  /** Candidates with a live lease, before status, health and load. */
  live: number;
  /** Candidates whose leases have lapsed. */
  lapsed: number;
  /** Those that passed every filter, before the limit. */
  passed: number;
  /** Why each candidate that was read whole and is not among `agents` was left out, in id order. */
  explain: () => Excluded[];
}

/** How many candidates are drawn first where there are too many to examine all. */
export const sampleSize = (limit: number): number => Math.min(EXHAUSTIVE_MAX, Math.max(64, 8 * limit));

/** The index terms of what a query requires; `agent`, which finds every agent, where it requires nothing. */
export function queryTerms(query: {
  type?: string | undefined;
  capability: readonly string[];
  tag: readonly string[];
}): string[] {
  const terms = [
    ...query.capability.map((name) => `capability:${name}`),
    ...(query.type === undefined ? [] : [`type:${query.type}`]),
    ...query.tag.map((tag) => `tag:${tag}`),
  ];
  return terms.length > 0 ? [...new Set(terms)] : ["agent"];
}

/**
 * Filters the candidates and orders them, least loaded first, then by id: the answer does not depend on the order in which
 * they came.
 */
export function select(candidates: readonly Entry[], criteria: Criteria, now: number): DiscoveryResult {
  const passed: Passed[] = [];
  const failed: Excluded[] = [];
  let live = 0;
  for (const entry of candidates) {
    const { id, max_concurrency } = entry.document.registration;
    if (!isLive(entry)) {
      failed.push({ id, stage: "lease", ...LAPSED });
      continue;
    }
    live += 1;
    const ratio = loadRatio(entry.lease.currentLoad, max_concurrency);
    const failure = firstFailure(entry, effectiveState(entry, now), ratio, criteria);
    if (failure) failed.push({ id, ...failure });
    else passed.push({ entry, id, ratio });
  }
  const order = byLoad(criteria);
  const found = {
    first: firstOf(passed, criteria.limit, order),
    passed: passed.length,
    inOrder: () => passed.toSorted(order),
  };
  const counts = { live, lapsed: candidates.length - live };
  return { ...counts, ...resultOf(found, failed, criteria.limit, now) };
}

interface Passed {
  entry: LiveEntry;
  id: string;
  ratio: number;
}

const byLoad = ({ sort }: Criteria) => {
  const loadOf = ({ entry, ratio }: Passed) => (sort === "load_ratio" ? ratio : entry.lease.currentLoad);
  return (a: Passed, b: Passed): number => loadOf(a) - loadOf(b) || byId(a, b);
};

/**
 * What to answer where nobody of `candidates` passes: those that would by their last report, but are unreachable, and then
 * those that have lapsed and would by what they were registered with. Never who withdrew, or is drained.
 */
export function selectResorts(
  candidates: readonly Entry[],
  nobody: DiscoveryResult,
  criteria: Criteria,
  now: number,
): DiscoveryResult {
  const passed = candidates.flatMap((entry) => {
    const found = asResort(entry, now);
    if (!found) return [];
    const { known, resort } = found;
    const { id, max_concurrency } = known.document.registration;
    const ratio = loadRatio(known.lease.currentLoad, max_concurrency);
    const reported = { status: known.lease.status, reason: null };
    return firstFailure(known, reported, ratio, criteria) ? [] : [{ entry: known, id, ratio, resort }];
  });
  const ordered = RESORTS.flatMap((resort) =>
    passed.filter((candidate) => candidate.resort === resort).toSorted(byLoad(criteria)),
  );
  const ids = new Set(ordered.map(({ id }) => id));
  const failed = nobody.explain().filter(({ id }) => !ids.has(id));
  const { limit } = criteria;
  const found = { first: ordered.slice(0, limit), passed: ordered.length, inOrder: () => ordered };
  return { ...nobody, ...resultOf(found, failed, limit, now) };
}

function resultOf(
  found: { first: readonly Passed[]; passed: number; inOrder: () => readonly Passed[] },
  failed: readonly Excluded[],
  limit: number,
  now: number,
): Pick<DiscoveryResult, "agents" | "passed" | "explain"> {
  return {
    agents: found.first.map(({ entry }) => agentRecord(entry, now)),
    passed: found.passed,
    explain() {
      const beyond = found
        .inOrder()
        .slice(limit)
        .map(({ entry, id, ratio }): Excluded => {
          const load = `load ${entry.lease.currentLoad}, ratio ${ratio}`;
          const detail = `it passed, with ${load}, behind the first ${limit}`;
          return { id, stage: "limit", reason: "beyond_limit", detail };
        });
      return [...failed, ...beyond].toSorted(byId);
    },
  };
}

function isWanted(status: EffectiveStatus, ratio: number, { statuses }: Criteria): boolean {
  if (statuses.includes(status)) return true;
  return statuses.includes("accepting") && (status === "available" || (status === "busy" && ratio < 1));
}

/**
 * The statuses of which an agent has to have reported one, or it cannot pass.
 *
 * @returns undefined where more than its report decides
 */
export function reportsWanted({ statuses }: Criteria): ReportedStatus[] | undefined {
  if (statuses.some((status) => status === "unreachable" || status === "draining")) return undefined;
  const accepting = statuses.includes("accepting");
  return REPORTED_STATUSES.filter(
    (status) => statuses.includes(status) || (accepting && (status === "available" || status === "busy")),
  );
}

function firstFailure(
  entry: LiveEntry,
  { status, reason }: EffectiveState,
  ratio: number,
  criteria: Criteria,
): Omit<Excluded, "id"> | undefined {
  const { health_score } = entry.document.registration;
  if (!isWanted(status, ratio, criteria)) {
    const why = reason === null ? "as it reported" : reason;
    const detail = `status is ${status} (${why}); wanted ${criteria.statuses.join(" or ")}`;
    return { stage: "status", reason: status, detail };
  }
  if (health_score < criteria.minHealthScore) {
    const detail = `health score ${health_score} is below ${criteria.minHealthScore}`;
    return { stage: "health", reason: "below_min_health_score", detail };
  }
  if (ratio > criteria.maxLoadRatio) {
    const detail = `load ratio ${ratio} is above ${criteria.maxLoadRatio}`;
    return { stage: "load", reason: "above_max_load_ratio", detail };
  }
  return undefined;
}
