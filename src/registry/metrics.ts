import { ALERT_CODES } from "../core/alert.ts";
import { EFFECTIVE_STATUSES } from "../core/agents/agent.ts";
import { EXACT_MAX } from "../core/agents/discovery.ts";
import { addToTally, emptyTally, increment, sum } from "../core/agents/tally.ts";
import type { Entry } from "../core/entry.ts";
import { byCodeUnit, firstOf } from "../core/order.ts";
import { isStoreFull, isStoreOut, Problem } from "../core/problem.ts";
import { LIMITED, type Usage } from "../core/limits.ts";
import { CIRCUIT_STATES } from "../core/services/breaker.ts";
import { obstacleTo } from "../core/services/obstacle.ts";
import type { AlertLook, SweepReport } from "../store/store.ts";
import type { Counts as Counted } from "../telemetry.ts";
import { firstAgents } from "./agents/survey.ts";
import { tallyAgents } from "./agents/tally.ts";
import { capabilitiesWithout } from "./alerts/capabilities.ts";
import type { Namespace } from "./namespace.ts";
import { type FleetMember, readServiceFleet, servicesOf } from "./services/fleet.ts";
import { PROVIDERS_MAX } from "./services/providers.ts";
import { glanceAtToolsets } from "./toolsets/glance.ts";

/** One family of Prometheus's data model. */
export interface Metric {
  name: string;
  type: "gauge" | "counter";
  help: string;
  samples: Sample[];
}
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

/** How many types, capabilities, services and toolsets have a series of their own, each. Two of these cost a call to an object each. */
const NAMED_MAX = 50;

const gauge = (name: string, help: string, ...samples: Sample[]): Metric => ({
  name: `rollcall_${name}`,
  type: "gauge",
  help,
  samples,
});

/**
 * What there is in a namespace, for a monitoring system. Costs a bounded number of round trips at any size: what would need a
 * walk through more than 5,000 agents is taken from the last sweep, or left out.
 *
 * @returns during an outage `rollcall_store_up 0` alone: what is not known has no number
 */
export async function readMetrics(namespace: Namespace, now: number): Promise<Metric[]> {
  const up = (value: number) =>
    gauge("store_up", "Whether the store answered. If not, nothing that is kept in it is shown.", [value]);
  try {
    const parts = await Promise.all([
      agentMetrics(namespace, now),
      toolsetMetrics(namespace, now),
      usageMetrics(namespace),
    ]);
    return [up(1), ...parts.flat()];
  } catch (error) {
    if (isStoreOut(error) || isStoreFull(error)) return [up(0)];
    throw error;
  }
}

async function agentMetrics(namespace: Namespace, now: number): Promise<Metric[]> {
  const { store } = namespace;
  const isSmall = (await store.count("agent")) <= EXACT_MAX;
  const found = isSmall ? await firstAgents(store, ["agent"], now) : undefined;
  if (!found || found.isCut) return ofManyAgents(namespace, now);
  const { entries } = found;
  const { byType, ...counts } = addToTally(emptyTally(), entries, now);
  const [sweep, services] = await Promise.all([store.sweepReport(), serviceMetrics(namespace, entries, now)]);
  return [
    ...agentCounts({ ...counts, byType: [...byType], ofOtherTypes: 0, asOf: now }),
    ...capabilityMetrics(capabilitiesWithout(entries, now)),
    ...services,
    ...sweepMetrics(sweep),
  ];
}

async function ofManyAgents(namespace: Namespace, now: number): Promise<Metric[]> {
  const page = { kind: "agent", terms: ["service"], after: "", limit: PROVIDERS_MAX } as const;
  const [counts, { entries, next }] = await Promise.all([
    tallyAgents(namespace, now),
    namespace.store.page(page, now),
  ]);
  const services = next === null ? await serviceMetrics(namespace, entries, now) : [];
  const { look } = counts.lastSweep ?? {};
  const without = look?.alerts.flatMap(({ kind, id }) => (kind === "capability" ? [id] : []));
  return [
    ...agentCounts(counts),
    ...(without ? capabilityMetrics(without) : []),
    ...services,
    ...sweepMetrics(counts.lastSweep),
  ];
}

interface Counts {
  total: number;
  lapsed: number;
  byType: readonly [type: string, agents: number][];
  ofOtherTypes: number;
  byStatus: ReadonlyMap<string, number>;
  asOf: number;
}

function agentCounts({ total, lapsed, byType, ofOtherTypes, byStatus, asOf }: Counts): Metric[] {
  const largest = firstOf(byType, NAMED_MAX, ([, a], [, b]) => b - a);
  const others = ofOtherTypes + agentsIn(byType) - agentsIn(largest);
  // Before the first complete sweep of a large fleet nothing is known but how many there are.
  const isCounted = sum(byStatus.values()) === total;
  const ofStatuses = EFFECTIVE_STATUSES.map((status): Sample => [byStatus.get(status) ?? 0, { status }]);
  return [
    gauge("agents_known", "Live agents.", [total]),
    gauge("agents", "Live agents by the status that readers see.", ...(isCounted ? ofStatuses : [])),
    gauge("agents_lapsed", "Agents whose lease has lapsed and that are kept for a while.", [lapsed]),
    gauge(
      "agents_by_type",
      "Agents of each of the 50 largest types; without a type: of all others.",
      ...largest.map(([type, agents]): Sample => [agents, { type }]),
      [others],
    ),
    gauge(
      "agents_as_of_timestamp_seconds",
      "When these counts were so: now, or of more than 5,000 agents at the last complete sweep.",
      [asOf / 1000],
    ),
  ];
}

const agentsIn = (counts: readonly [string, number][]): number => sum(counts.map(([, agents]) => agents));

function capabilityMetrics(missing: readonly string[]): Metric[] {
  const named = firstOf(missing, NAMED_MAX, byCodeUnit);
  return [
    gauge(
      "capabilities_without_available_agent",
      "Capabilities of which every agent is busy, silent, lapsed or withdrawn. Above 5,000 agents: those that the last sweep has come upon.",
      [missing.length],
    ),
    gauge(
      "capability_without_available_agent",
      "The first 50 of them by name.",
      ...named.map((capability): Sample => [1, { capability }]),
    ),
  ];
}

/** @param entries  all that offer services, lapsed ones included, and maybe others */
async function serviceMetrics(
  { pool }: Namespace,
  entries: readonly Entry[],
  now: number,
): Promise<Metric[]> {
  const services = servicesOf(entries);
  const fleets = await Promise.all(
    services.slice(0, NAMED_MAX).map(async (service) => {
      const fleet = await readServiceFleet(pool(service), service, entries, now).catch(unanswered);
      return { service, fleet };
    }),
  );
  const known = fleets.flatMap(({ service, fleet }) => (fleet ? [{ service, fleet }] : []));
  return [
    gauge("services", "Services that any agent offers. Absent above 5,000 agents, if over 1,000 offer any.", [
      services.length,
    ]),
    gauge(
      "usable_providers",
      "Providers that resolve can choose now, of each of the first 50 services by name.",
      ...known.map(({ service, fleet }): Sample => [usableIn(fleet, now), { service }]),
    ),
    gauge(
      "breakers",
      "Circuit breakers of live providers by state, of the same services.",
      ...known.flatMap(({ service, fleet }) => breakersIn(service, fleet)),
    ),
    gauge("pools_unanswered", "How many of these services' pools did not answer.", [
      fleets.length - known.length,
    ]),
  ];
}

function unanswered(error: unknown): undefined {
  if (!(error instanceof Problem)) throw error;
}

const usableIn = (fleet: readonly FleetMember[], now: number): number =>
  new Set(fleet.flatMap(({ offer, state }) => (obstacleTo(offer, state, now) ? [] : [offer.provider]))).size;

/** A provider has one breaker for all its offers of a service. */
function breakersIn(service: string, fleet: readonly FleetMember[]): Sample[] {
  const byProvider = new Map(fleet.map(({ offer, circuit }) => [offer.provider, circuit]));
  const counts = new Map<string, number>();
  for (const circuit of byProvider.values()) increment(counts, circuit);
  return CIRCUIT_STATES.map((state): Sample => [counts.get(state) ?? 0, { service, state }]);
}

async function toolsetMetrics(namespace: Namespace, now: number): Promise<Metric[]> {
  const [count, glances] = await Promise.all([
    namespace.store.count("toolset"),
    glanceAtToolsets(namespace, NAMED_MAX, now),
  ]);
  const answered = glances.flatMap(({ info, load }) => (load ? [{ toolset: info.name, load }] : []));
  return [
    gauge("toolsets", "Registered toolsets.", [count]),
    gauge(
      "toolset_healthy",
      "Whether a provider answers pings (1) or not (0), of each of the first 50 toolsets by name.",
      ...glances.map(({ info }): Sample => [info.health.healthy ? 1 : 0, { toolset: info.name }]),
    ),
    gauge(
      "calls",
      "Tool calls that are not settled, of the same toolsets: queued, or claimed by a provider.",
      ...answered.flatMap(({ toolset, load }): Sample[] => [
        [load.queued, { toolset, state: "queued" }],
        [load.claimed, { toolset, state: "claimed" }],
      ]),
    ),
    gauge("gateways_unanswered", "How many of these toolsets' gateways did not answer.", [
      glances.length - answered.length,
    ]),
  ];
}

async function usageMetrics({ store, limits }: Namespace): Promise<Metric[]> {
  const usage = await store.usage(null);
  const of = (counts: Usage) => LIMITED.map((what): Sample => [counts[what], { of: what }]);
  return [
    gauge("usage", "How much of what is limited there is.", ...of(usage)),
    gauge("limit", "How much of it there may be.", ...of(limits)),
  ];
}

/** None before the first sweep. */
function sweepMetrics(report: SweepReport | undefined): Metric[] {
  if (!report) return [];
  const { at, durationMs, scanned, reaped, resume } = report;
  return [
    gauge("sweep_timestamp_seconds", "When the last sweep began.", [at / 1000]),
    gauge("sweep_duration_seconds", "How long it took.", [durationMs / 1000]),
    gauge("sweep_scanned", "How many agents it looked at.", [scanned]),
    gauge("sweep_reaped", "How many it removed.", [reaped]),
    ...alertMetrics(report.look),
    gauge("sweep_complete", "Whether it came to the end (1), or the next goes on where it stopped (0).", [
      resume.roll === "" ? 1 : 0,
    ]),
  ];
}

/** How many alerts of each code there are. */
function alertMetrics(look: AlertLook | undefined): Metric[] {
  if (!look) return [];
  const byCode = Map.groupBy(look.alerts, ({ code }) => code);
  const samples = ALERT_CODES.map((code): Sample => [byCode.get(code)?.length ?? 0, { code }]);
  return [gauge("alerts", "What the last sweep found wrong, as GET /v1/alerts has it.", ...samples)];
}

const HERE =
  "that this isolate has answered since it started; another isolate answers the next scrape with its own";

/**
 * What an isolate has counted: a look into one of many, and no total.
 *
 * @param nobodys  of requests that were refused before a namespace was known
 */
export function countMetrics({ answers, refusals, spent }: Counted, nobodys: Counted): Metric[] {
  const counter = (name: string, help: string, ...samples: Sample[]): Metric => ({
    ...gauge(`${name}_total`, help, ...samples),
    type: "counter",
  });
  const by = (label: string, counts: ReadonlyMap<string, number>) =>
    [...counts].map(([value, count]): Sample => [count, { [label]: value }]);
  return [
    counter("requests", `Requests by the class of their status, ${HERE}.`, ...by("class", answers)),
    counter("refusals", `Refusals of authority by code, ${HERE}.`, ...by("code", refusals)),
    counter("keys_refused", `Requests without a key that is known here, of any namespace, ${HERE}.`, [
      nobodys.refusals.get("unauthorized") ?? 0,
    ]),
    counter("redis_trips", `Requests to Redis for the requests ${HERE}.`, [spent.trips]),
    counter("redis_commands", `Commands in them.`, [spent.commands]),
    counter("object_calls", `Calls to Durable Objects for the requests ${HERE}.`, [spent.calls]),
    counter("store_errors", `How many of these had no answer, or a refusal.`, [spent.errors]),
  ];
}
