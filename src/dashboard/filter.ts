import { EFFECTIVE_STATUSES, type EffectiveStatus } from "../core/agents/agent.ts";
import type { AgentRecord } from "../core/agents/record.ts";
import { byCodeUnit, byId } from "../core/order.ts";
import { FACETS, type FacetName, type Facets, type FacetValue, type Filter, type Row } from "./view.ts";

export const ROWS_DEFAULT = 500;

export interface Filtered {
  /** Up to the filter's limit, in its order. */
  rows: Row[];
  /** How many agents match, shown or not. */
  matching: number;
  facets: Facets;
  /** How many values each facet leaves out. */
  facetsLeftOut: Record<FacetName, number>;
}

/** Values of a facet, those with the most agents; the chosen one besides. */
const FACET_VALUES_MAX = 100;

/** The agents that match, and for each facet the values that the rest of the filter leaves to choose from. */
export function applyFilter(records: readonly AgentRecord[], filter: Filter): Filtered {
  const found = (filter.q ? records.filter(mentions(filter.q.toLowerCase())) : records).map(rowOf);
  const passing = (names: readonly FacetName[]) =>
    found.filter((row) => names.every((name) => isChosen(row, name, filter)));
  const matching = passing(FACETS).toSorted(ORDERS[filter.sort ?? "id"]);
  const facet = <Name extends FacetName>(name: Name) =>
    tally(passing(FACETS.filter((other) => other !== name)), name, filter[name]);
  const all: Facets = {
    type: facet("type").toSorted(byAgents),
    // By severity, so that each status stays in its place while the numbers change.
    status: facet("status").toSorted((a, b) => severity(a.value) - severity(b.value)),
    capability: facet("capability").toSorted(byAgents),
    region: facet("region").toSorted(byAgents),
  };
  const listed = <Value extends string>(values: FacetValue<Value>[], chosen: Value | undefined) =>
    values.filter(({ value }, i) => i < FACET_VALUES_MAX || value === chosen);
  const facets: Facets = {
    type: listed(all.type, filter.type),
    status: all.status,
    capability: listed(all.capability, filter.capability),
    region: listed(all.region, filter.region),
  };
  const leftOut = (name: FacetName) => all[name].length - facets[name].length;
  return {
    rows: matching.slice(0, filter.limit ?? ROWS_DEFAULT),
    matching: matching.length,
    facets,
    facetsLeftOut: {
      type: leftOut("type"),
      status: leftOut("status"),
      capability: leftOut("capability"),
      region: leftOut("region"),
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
    isStatic: record.heartbeat_interval_seconds === null,
  };
}

const mentions =
  (text: string) =>
  ({ id, name, type, capabilities, tags }: AgentRecord): boolean =>
    [id, name, type, ...capabilities.map((capability) => capability.name), ...tags].some((word) =>
      word.toLowerCase().includes(text),
    );

const VALUES: { [Name in FacetName]: (row: Row) => readonly NonNullable<Filter[Name]>[] } = {
  type: ({ type }) => [type],
  status: ({ status }) => [status],
  capability: ({ capabilities }) => capabilities,
  region: ({ region }) => [region],
};

const isChosen = (row: Row, name: FacetName, filter: Filter): boolean =>
  filter[name] === undefined || VALUES[name](row).some((value) => value === filter[name]);

/** The chosen value is listed even where no agent has it, so that the choice can be undone. */
function tally<Name extends FacetName>(
  rows: readonly Row[],
  name: Name,
  chosen: Filter[Name],
): FacetValue<NonNullable<Filter[Name]>>[] {
  const counts = new Map<NonNullable<Filter[Name]>, Map<EffectiveStatus, number>>();
  if (chosen !== undefined) counts.set(chosen, new Map());
  for (const row of rows) {
    for (const value of new Set(VALUES[name](row))) {
      const byStatus = counts.get(value) ?? new Map<EffectiveStatus, number>();
      counts.set(value, byStatus.set(row.status, (byStatus.get(row.status) ?? 0) + 1));
    }
  }
  return [...counts].map(([value, byStatus]) => ({
    value,
    agents: [...byStatus.values()].reduce((sum, n) => sum + n, 0),
    byStatus: [...byStatus].toSorted(([a], [b]) => severity(a) - severity(b)),
  }));
}

const byAgents = (a: FacetValue, b: FacetValue): number =>
  b.agents - a.agents || byCodeUnit(a.value, b.value);

const severity = (status: EffectiveStatus): number => EFFECTIVE_STATUSES.indexOf(status);

/** Every order ends with the id, so that two equal agents do not change places. */
const ORDERS: Record<NonNullable<Filter["sort"]>, (a: Row, b: Row) => number> = {
  id: byId,
  type: (a, b) => byCodeUnit(a.type, b.type) || byId(a, b),
  status: (a, b) => severity(b.status) - severity(a.status) || byId(a, b),
  load: (a, b) => b.ratio - a.ratio || byId(a, b),
  silence: (a, b) => byCodeUnit(a.last_seen, b.last_seen) || byId(a, b),
};

/** The path and query of the overview under a filter. */
export function hrefOf(filter: Filter): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  return params.size > 0 ? `/?${params.toString()}` : "/";
}
