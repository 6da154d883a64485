import { EFFECTIVE_STATUSES, type EffectiveStatus } from "../core/agents/agent.ts";
import type { AgentRecord } from "../core/agents/record.ts";
import { sum } from "../core/agents/tally.ts";
import { byCodeUnit, byId, firstOf } from "../core/order.ts";
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

/** Of one agent's capabilities. */
const ROW_CAPABILITIES_MAX = 12;
/** Values of a facet, those with the most agents; the chosen one besides. */
const FACET_VALUES_MAX = 100;

/** The agents that match, and for each facet the values that the rest of the filter leaves to choose from. */
export function applyFilter(records: readonly AgentRecord[], filter: Filter): Filtered {
  const found = filter.q ? records.filter(mentions(filter.q.toLowerCase())) : records;
  const matching: AgentRecord[] = [];
  const counts: Record<FacetName, Counts> = {
    type: new Map(),
    status: new Map(),
    capability: new Map(),
    region: new Map(),
  };
  for (const record of found) {
    const failed = FACETS.filter((name) => !isChosen(record, name, filter));
    if (failed.length === 0) matching.push(record);
    // Where one part alone does not match, the choice of another value there would bring the agent.
    const counting = failed.length === 0 ? FACETS : failed.length === 1 ? failed : [];
    for (const name of counting) count(counts[name], VALUES[name](record), record);
  }
  // The chosen value is listed even where no agent has it, so that the choice can be undone.
  for (const name of FACETS) {
    const chosen = filter[name];
    if (chosen !== undefined && !counts[name].has(chosen))
      counts[name].set(chosen, { byStatus: [...NONE], last: undefined });
  }
  const facets: Facets = {
    type: largest(counts.type, filter.type),
    // By severity, so that each status stays in its place while the numbers change.
    status: EFFECTIVE_STATUSES.filter((status) => counts.status.has(status)).map((status) =>
      facetValue(status, counts.status.get(status)!.byStatus),
    ),
    capability: largest(counts.capability, filter.capability),
    region: largest(counts.region, filter.region),
  };
  const leftOut = (name: FacetName) => counts[name].size - facets[name].length;
  return {
    rows: matching
      .toSorted(ORDERS[filter.sort ?? "id"])
      .slice(0, filter.limit ?? ROWS_DEFAULT)
      .map(rowOf),
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

const rowOf = (record: AgentRecord): Row => ({
  id: record.id,
  name: record.name,
  type: record.type,
  status: record.effective_status,
  reason: record.status_reason,
  load: record.current_load,
  max: record.max_concurrency,
  ratio: record.load_ratio,
  capabilities: record.capabilities.slice(0, ROW_CAPABILITIES_MAX).map(({ name }) => name),
  capabilitiesLeftOut: Math.max(0, record.capabilities.length - ROW_CAPABILITIES_MAX),
  region: regionOf(record),
  health: record.health_score,
  last_seen: record.last_seen,
  isStatic: record.heartbeat_interval_seconds === null,
});

const regionOf = ({ region }: AgentRecord): string => region?.colo ?? region?.country ?? "unknown";

const mentions =
  (text: string) =>
  ({ id, name, type, capabilities, tags }: AgentRecord): boolean =>
    [id, name, type, ...capabilities.map((capability) => capability.name), ...tags].some((word) =>
      word.toLowerCase().includes(text),
    );

const VALUES: { [Name in FacetName]: (record: AgentRecord) => readonly string[] } = {
  type: ({ type }) => [type],
  status: ({ effective_status }) => [effective_status],
  capability: ({ capabilities }) => capabilities.map(({ name }) => name),
  region: (record) => [regionOf(record)],
};

const isChosen = (record: AgentRecord, name: FacetName, filter: Filter): boolean =>
  filter[name] === undefined || VALUES[name](record).some((value) => value === filter[name]);

/** A few agents can have very many values. */
type Counts = Map<string, Counted>;

interface Counted {
  /** How many agents have the value, by the severity of their status. */
  byStatus: number[];
  /** The one that was counted last: it may name a value twice. */
  last: AgentRecord | undefined;
}

function count(counts: Counts, values: readonly string[], record: AgentRecord): void {
  const at = severity(record.effective_status);
  for (const value of values) {
    let counted = counts.get(value);
    if (!counted) {
      counted = { byStatus: [...NONE], last: undefined };
      counts.set(value, counted);
    }
    if (counted.last === record) continue;
    counted.byStatus[at]! += 1;
    counted.last = record;
  }
}

const NONE: readonly number[] = EFFECTIVE_STATUSES.map(() => 0);

/** The values with the most agents, most first; the chosen one besides. */
function largest(counts: Counts, chosen: string | undefined): FacetValue[] {
  const totals = [...counts].map(([value, { byStatus }]) => ({ value, agents: sum(byStatus) }));
  const first = firstOf(
    totals,
    FACET_VALUES_MAX,
    (a, b) => b.agents - a.agents || byCodeUnit(a.value, b.value),
  );
  const listed = first.map(({ value }) => value);
  if (chosen !== undefined && !listed.includes(chosen)) listed.push(chosen);
  return listed.map((value) => facetValue(value, counts.get(value)!.byStatus));
}

const facetValue = <Value extends string>(value: Value, byStatus: readonly number[]): FacetValue<Value> => ({
  value,
  agents: sum(byStatus),
  byStatus: EFFECTIVE_STATUSES.flatMap((status, at): [EffectiveStatus, number][] =>
    byStatus[at] ? [[status, byStatus[at]]] : [],
  ),
});

const severity = (status: EffectiveStatus): number => EFFECTIVE_STATUSES.indexOf(status);

/** Every order ends with the id, so that two equal agents do not change places. */
const ORDERS: Record<NonNullable<Filter["sort"]>, (a: AgentRecord, b: AgentRecord) => number> = {
  id: byId,
  type: (a, b) => byCodeUnit(a.type, b.type) || byId(a, b),
  status: (a, b) => severity(b.effective_status) - severity(a.effective_status) || byId(a, b),
  load: (a, b) => b.load_ratio - a.load_ratio || byId(a, b),
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
