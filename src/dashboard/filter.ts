import { EFFECTIVE_STATUSES, type EffectiveStatus } from "../core/agents/agent.ts";
import { byCodeUnit, byId } from "../core/order.ts";
import type { AgentRecord } from "../core/agents/record.ts";
import { FACETS, type FacetName, type FacetValue, type Filter, type Row } from "./view.ts";

export const ROWS_DEFAULT = 500;

export interface Filtered {
  rows: Row[];
  matching: number;
  facets: Record<FacetName, FacetValue[]>;
}

/** The agents that a filter leaves, and for each of its parts what else could be chosen, the other parts standing. */
export function applyFilter(records: readonly AgentRecord[], filter: Filter): Filtered {
  const found = (filter.q ? records.filter(mentions(filter.q.toLowerCase())) : records).map(rowOf);
  const passing = (names: readonly FacetName[]) =>
    found.filter((row) =>
      names.every((name) => filter[name] === undefined || valuesOf(row, name).includes(filter[name])),
    );
  const matching = passing(FACETS).toSorted(ORDERS[filter.sort ?? "id"]);
  const facet = (name: FacetName) =>
    tally(passing(FACETS.filter((other) => other !== name)), name, filter[name]);
  return {
    rows: matching.slice(0, filter.limit ?? ROWS_DEFAULT),
    matching: matching.length,
    facets: {
      type: facet("type"),
      status: facet("status"),
      capability: facet("capability"),
      region: facet("region"),
    },
  };
}

function rowOf(record: AgentRecord): Row {
  const { colo, country } = record.region ?? {};
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    status: record.effective_status,
    reason: record.status_reason,
    load: record.current_load,
    max: record.max_concurrency,
    ratio: record.load_ratio,
    capabilities: record.capabilities.map(({ name }) => name),
    region: colo ?? country ?? "unknown",
    health: record.health_score,
    last_seen: record.last_seen,
    calls: record.heartbeat_interval_seconds !== null,
  };
}

const mentions =
  (text: string) =>
  ({ id, name, type, capabilities, tags }: AgentRecord): boolean =>
    [id, name, type, ...capabilities.map((capability) => capability.name), ...tags].some((word) =>
      word.toLowerCase().includes(text),
    );

function valuesOf(row: Row, name: FacetName): readonly string[] {
  return name === "capability" ? row.capabilities : [row[name]];
}

/** A chosen value is there even where it leaves nobody. */
function tally(rows: readonly Row[], name: FacetName, chosen: string | undefined): FacetValue[] {
  const counts = new Map<string, Map<EffectiveStatus, number>>();
  if (chosen !== undefined) counts.set(chosen, new Map());
  for (const row of rows) {
    for (const value of new Set(valuesOf(row, name))) {
      const byStatus = counts.get(value) ?? new Map<EffectiveStatus, number>();
      counts.set(value, byStatus.set(row.status, (byStatus.get(row.status) ?? 0) + 1));
    }
  }
  return [...counts]
    .map(([value, byStatus]) => ({
      value,
      agents: [...byStatus.values()].reduce((sum, n) => sum + n, 0),
      byStatus: [...byStatus].toSorted(([a], [b]) => severity(a) - severity(b)),
    }))
    .toSorted(name === "status" ? bySeverity : byAgents);
}

const byAgents = (a: FacetValue, b: FacetValue): number =>
  b.agents - a.agents || byCodeUnit(a.value, b.value);
/** Always in the same places, for the eye to find. */
const bySeverity = (a: FacetValue, b: FacetValue): number =>
  severity(a.value as EffectiveStatus) - severity(b.value as EffectiveStatus);

const severity = (status: EffectiveStatus): number => EFFECTIVE_STATUSES.indexOf(status);

/** Every order ends with the id, so that nothing changes places without a reason. */
const ORDERS: Record<NonNullable<Filter["sort"]>, (a: Row, b: Row) => number> = {
  id: byId,
  type: (a, b) => byCodeUnit(a.type, b.type) || byId(a, b),
  status: (a, b) => severity(b.status) - severity(a.status) || byId(a, b),
  load: (a, b) => b.ratio - a.ratio || byId(a, b),
  silence: (a, b) => byCodeUnit(a.last_seen, b.last_seen) || byId(a, b),
};

/** The address of the overview under a filter. */
export function hrefOf(filter: Filter): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  return params.size > 0 ? `/?${params.toString()}` : "/";
}
