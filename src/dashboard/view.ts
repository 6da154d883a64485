import type { EffectiveStatus } from "../core/agents/agent.ts";
import type { CircuitState } from "../core/services/breaker.ts";
import type { EventType } from "../core/event.ts";
import type { AgentRecord } from "../core/agents/record.ts";

/**
 * What the pages show, gathered before anything is rendered. Times are ISO-8601 UTC; those that merely tick are named as
 * in the API (`as_of`, `last_seen`), so that they count for nothing in the ETag.
 */

export const SORTS = ["id", "type", "status", "load", "silence"] as const;

/** What the URL asks for. */
export interface Filter {
  q?: string | undefined;
  type?: string | undefined;
  status?: EffectiveStatus | undefined;
  capability?: string | undefined;
  region?: string | undefined;
  sort?: (typeof SORTS)[number] | undefined;
  limit?: number | undefined;
}

export const FACETS = ["type", "status", "capability", "region"] as const;
export type FacetName = (typeof FACETS)[number];

/** One value to filter by, and how many agents it would leave. */
export interface FacetValue {
  value: string;
  agents: number;
  byStatus: [EffectiveStatus, number][];
}

export interface Row {
  id: string;
  name: string;
  type: string;
  status: EffectiveStatus;
  reason: string | null;
  load: number;
  max: number | null;
  ratio: number;
  capabilities: string[];
  region: string;
  health: number;
  last_seen: string;
  /** It promised to call in. */
  calls: boolean;
}

export interface ProviderView {
  id: string;
  handler: string;
  group: number;
  priority: string;
  strategy: string;
  circuit: CircuitState;
  /** Why it cannot be selected, besides its breaker. */
  obstacle: string | null;
}

export interface SelectionView {
  at: string;
  handler: string | null;
  capabilities: readonly string[];
  /** null: nobody could be used */
  provider: string | null;
  reasons: readonly { id: string; detail: string }[];
}

export interface ServiceView {
  service: string;
  /** null: its pool does not answer, and nothing is known */
  pool: { providers: ProviderView[]; selections: SelectionView[] } | null;
}

export interface ToolsetView {
  name: string;
  description: string;
  version: string;
  tags: readonly string[];
  tools: number;
  healthy: boolean;
  /** The last pong; null before the first. */
  last_seen: string | null;
  calls_in_flight?: number;
}

export interface EventView {
  revision: number;
  type: EventType;
  kind: string;
  id: string;
  at: string;
}

export interface SweepView {
  at: string;
  scanned: number;
  unreachable: number;
  recovered: number;
  reaped: number;
  durationMs: number;
}

export interface Overview {
  as_of: string;
  namespace: string;
  backend: string;
  filter: Filter;
  rows: Row[];
  /** How many match the filter, shown or not. */
  matching: number;
  /** How many are live; those looked at, where there are too many to look at all. */
  total: number;
  partial: boolean;
  facets: Record<FacetName, FacetValue[]>;
  services: ServiceView[];
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
  /** How far back was looked. */
  examined: number;
}
