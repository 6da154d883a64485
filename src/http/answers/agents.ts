import * as z from "zod";
import { EFFECTIVE_STATUSES, REPORTED_STATUSES, WANTED_STATUSES } from "../../core/agents/agent.ts";
import { DISCOVERY_SORTS, DISCOVERY_STAGES } from "../../core/agents/discovery.ts";
import { IMPORT_OUTCOMES } from "../../core/agents/reconciliation.ts";
import { binding } from "./binding.ts";
import { count, counts, json, lapsing, refusedItem, staleness, time } from "./common.ts";

export const capability = z.strictObject({
  name: z.string(),
  description: z.string(),
  input_schema: json,
  output_schema: json,
  required_tools: z.array(z.string()),
  cost_estimate: z.number(),
  avg_duration_seconds: z.number(),
  tags: z.array(z.string()),
});

export const agent = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  capabilities: z.array(capability),
  tags: z.array(z.string()),
  version: z.string(),
  endpoint: z.string().optional(),
  host: z.string().optional(),
  port: z.int().optional(),
  path: z.string().optional(),
  health_url: z.string().optional(),
  metadata: json,
  max_concurrency: count.nullable(),
  health_score: z.number(),
  ttl_seconds: count,
  heartbeat_interval_seconds: count.nullable(),
  services: z.array(binding),
  status: z.enum(REPORTED_STATUSES),
  effective_status: z.enum(EFFECTIVE_STATUSES),
  status_reason: z.string().nullable(),
  current_load: z.number(),
  load_ratio: z.number(),
  last_seen: time,
  age_ms: count,
  expires_at: time.nullable(),
  registered_at: time,
  region: z
    .strictObject({
      colo: z.string().optional(),
      country: z.string().optional(),
      continent: z.string().optional(),
      latitude: z.string().optional(),
      longitude: z.string().optional(),
    })
    .nullable(),
  owner: z.string().nullable(),
  /** The import that registered it; absent: a process did. */
  source: z.string().optional(),
});

export const registered = z.strictObject({
  agent_id: z.string(),
  lease_token: z.string(),
  registered_at: time,
  heartbeat_url: z.string(),
  /** Where it may open a socket in place of heartbeats; absent for a static agent, and where there are none. */
  presence_url: z.string().optional(),
  heartbeat_interval_seconds: count.nullable(),
  ttl_seconds: count,
  expires_at: time.nullable(),
  outcome: z.enum(["created", "replaced", "renewed", "restored"]),
  desired_state: z.enum(["run", "drain"]),
});

export const agentChanges = z.strictObject({
  changes: z.array(
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("updated"), agent: agent }),
      z.strictObject({ type: z.literal("removed"), id: z.string() }),
    ]),
  ),
  /** To go on after, with `since`. */
  cursor: z.string(),
  /** What came before is not known: read the list, then go on. */
  resync: z.boolean(),
});

export const agentPage = z.strictObject({
  agents: z.array(agent),
  count,
  next_cursor: z.string().nullable(),
  ...lapsing,
  ...staleness,
});

export const prefixRemoved = z.strictObject({
  dry_run: z.boolean(),
  /** Unregistered, or to be unregistered. */
  ids: z.array(z.string()),
  count,
  /** Still there: too many writers at once. */
  failed: z.array(z.strictObject({ id: z.string(), status: count, ...refusedItem })),
  next_cursor: z.string().nullable(),
});

export const heartbeatAnswer = z.strictObject({
  received: z.literal(true),
  timestamp: time,
  next_interval_seconds: count.nullable(),
  /** Why that is longer than registered. */
  interval_reason: z.literal("store_near_limit").optional(),
  expires_at: time.nullable(),
  desired_state: z.enum(["run", "drain"]),
  /** The lease had lapsed, and is back. What the heartbeat left out is as at registration. */
  restored: z.literal(true).optional(),
});

export const heartbeatResults = z.strictObject({
  results: z.array(
    z.strictObject({
      index: count,
      id: z.string().nullable(),
      status: count,
      ...heartbeatAnswer.partial().shape,
      ...refusedItem,
    }),
  ),
});

export const importResults = z.strictObject({
  results: z.array(
    z.strictObject({
      /** null: the file has no component of the id. */
      index: count.nullable(),
      id: z.string().nullable(),
      status: count,
      outcome: z.enum(IMPORT_OUTCOMES),
      /** Of what is held: the other import that has it; absent: a process has. */
      source: z.string().optional(),
      /** Of what was registered anew. */
      lease_token: z.string().optional(),
      ...refusedItem,
    }),
  ),
  /** There is more to remove: send the same again, with this id as `after`. */
  next: z.string().nullable(),
});

export const discovered = z.strictObject({
  agents: z.array(agent),
  query: z.strictObject({
    capability: z.array(z.string()),
    type: z.string().nullable(),
    tag: z.array(z.string()),
    status: z.array(z.enum(WANTED_STATUSES)),
    min_health_score: z.number(),
    max_load_ratio: z.number(),
    sort: z.enum(DISCOVERY_SORTS),
    limit: count,
    exact: z.boolean(),
    fail_open: z.boolean(),
  }),
  total_matches: count,
  filtered_count: count,
  examined: count,
  ...lapsing,
  /** Nobody passed: the agents are unreachable ones that would pass by their last report, then lapsed ones. */
  fail_open: z.literal(true).optional(),
  sampled: z.boolean(),
  query_time_ms: z.number(),
  source: z.enum(["redis", "embedded"]),
  as_of: time,
  stale: staleness.stale,
  excluded: z
    .array(
      z.strictObject({
        id: z.string(),
        stage: z.enum(DISCOVERY_STAGES),
        reason: z.string(),
        detail: z.string(),
      }),
    )
    .optional(),
});

export const capabilityList = z.strictObject({
  capabilities: z.array(z.strictObject({ name: z.string(), agents: count })),
  /** On this page. */
  count,
  next_cursor: z.string().nullable(),
  recovering: lapsing.recovering,
});

export const stats = z.strictObject({
  total_components: count,
  total_capabilities: count,
  /** The 100 with the most agents. */
  by_type: counts,
  /** Agents of all other types. */
  other_types: count,
  by_status: counts,
  /** They are not among the others. */
  ...lapsing,
  backend: z.enum(["redis", "embedded"]),
  as_of: time,
  last_sweep: z
    .strictObject({
      at: time,
      scanned: count,
      unreachable: count,
      recovered: count,
      lapsed: count,
      reaped: count,
      healed: count,
      duration_ms: z.number(),
    })
    .nullable(),
});

export const drainAnswer = z.strictObject({ agent_id: z.string(), desired_state: z.enum(["run", "drain"]) });
