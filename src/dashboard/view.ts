import type { EffectiveStatus } from "../core/agents/agent.ts";
import type { CircuitState } from "../core/services/breaker.ts";
import type { Actor, EventType } from "../core/event.ts";
import type { AgentRecord } from "../core/agents/record.ts";

/**
 * What the pages show, gathered before anything is rendered. Times are ISO-8601 UTC. Times that change with every request or
 * heartbeat have the API's names (`as_of`, `last_seen`), because the ETag leaves out fields of those names.
 */

export const SORTS = ["id", "type", "status", "load", "silence"] as const;

/** The query of the overview's URL. An absent part matches every agent. */
export interface Filter {
  /** In any case, part of an id, name, type, capability or tag. */
  q?: string | undefined;
  type?: string | undefined;
  status?: EffectiveStatus | undefined;
  capability?: string | undefined;
  region?: string | undefined;
  sort?: (typeof SORTS)[number] | undefined;
  /** How many rows to show. */
  limit?: number | undefined;
}

export const FACETS = ["type", "status", "capability", "region"] as const;
export type FacetName = (typeof FACETS)[number];

/** One value to filter by, and how many agents would match. */
export interface FacetValue<Value extends string = string> {
  value: Value;
  agents: number;
  byStatus: [EffectiveStatus, number][];
}

export type Facets = { [Name in FacetName]: FacetValue<NonNullable<Filter[Name]>>[] };

export interface Row {
  id: string;
  name: string;
  type: string;
  status: EffectiveStatus;
  reason: string | null;
  load: number;
  /** The load that it can take; null: no limit. */
  max: number | null;
  /** `load` divided by `max`. */
  ratio: number;
  /** The first 12, and how many there are besides. */
  capabilities: string[];
  capabilitiesLeftOut: number;
  region: string;
  health: number;
  last_seen: string;
  /** A static agent sends no heartbeats. */
  isStatic: boolean;
}

export interface ProviderView {
  id: string;
  /** `*`: any handler. */
  handler: string;
  group: number;
  priority: string;
  strategy: string;
  circuit: CircuitState;
  /** Why it is not healthy; null: it is. */
  obstacle: string | null;
}

export interface SelectionView {
  at: string;
  handler: string | null;
  capabilities: readonly string[];
  /** null: no provider could be used */
  provider: string | null;
  reasons: readonly { id: string; detail: string }[];
}

export interface ServiceView {
  service: string;
  /** null: its pool does not answer */
  pool: { providers: ProviderView[]; selections: SelectionView[] } | null;
}

export interface ToolsetView {
  name: string;
  description: string;
  version: string;
  tags: readonly string[];
  tools: number;
  healthy: boolean;
  /** When the last pong came; null before the first. */
  last_seen: string | null;
  calls_in_flight?: number;
}

export interface EventView {
  revision: number;
  type: EventType;
  kind: string;
  id: string;
  at: string;
  /** Of a change of status. */
  from?: string;
  status?: string;
  reason?: string;
  actor?: Actor;
}

export interface SweepView {
  at: string;
  scanned: number;
  unreachable: number;
  recovered: number;
  lapsed: number;
  reaped: number;
  durationMs: number;
}

export interface Overview {
  as_of: string;
  /** The store is out: this is what was found at `as_of`. */
  stale?: true;
  namespace: string;
  backend: string;
  filter: Filter;
  rows: Row[];
  /** How many match the filter, shown or not. */
  matching: number;
  /** How many agents are live; where `partial`, how many were read. */
  total: number;
  /** How many have lapsed; they come back by calling in. */
  lapsed: number;
  /** So many that they are expected back within an interval. */
  recovering: boolean;
  /** The fleet is larger than what one page reads. */
  partial: boolean;
  facets: Facets;
  /** How many values each facet leaves out. */
  facetsLeftOut: Record<FacetName, number>;
  services: ServiceView[];
  /** How many services are not in `services`, which is bounded. */
  servicesLeftOut: number;
  /** Absent where there is no tool registry. */
  toolsets?: ToolsetView[];
  events: EventView[];
  sweep: SweepView | null;
}

export interface AgentView {
  as_of: string;
  id: string;
  /** null: no live agent has this id */
  agent: AgentRecord | null;
  events: EventView[];
  /** How many of the registry's last events were searched for this agent's. */
  examined: number;
}
