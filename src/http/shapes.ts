import * as z from "zod";
import { EFFECTIVE_STATUSES, REPORTED_STATUSES } from "../core/agents/agent.ts";
import { CIRCUIT_STATES } from "../core/services/breaker.ts";
import { DISCOVERY_STAGES } from "../core/agents/discovery.ts";
import { EVENT_TYPES } from "../core/event.ts";
import { KINDS } from "../core/kinds.ts";
import { SELECTION_STAGES as REJECTION_STAGES } from "../core/services/choose.ts";

/** What the routes answer, for the OpenAPI document and for the tests that hold every answer against it. */

const time = z.string().meta({ format: "date-time" });
const count = z.int().min(0);
const counts = z.record(z.string(), count);
const json = z.record(z.string(), z.unknown());

export const agentRecord = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  capabilities: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      input_schema: json,
      output_schema: json,
      required_tools: z.array(z.string()),
      cost_estimate: z.number(),
      avg_duration_seconds: z.number(),
      tags: z.array(z.string()),
    }),
  ),
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
  services: z.array(json),
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
});

export const registered = z.strictObject({
  agent_id: z.string(),
  lease_token: z.string(),
  registered_at: time,
  heartbeat_url: z.string(),
  heartbeat_interval_seconds: count.nullable(),
  ttl_seconds: count,
  expires_at: time.nullable(),
  outcome: z.enum(["created", "replaced", "renewed"]),
});

export const agentPage = z.strictObject({
  agents: z.array(agentRecord),
  count,
  next_cursor: z.string().nullable(),
});

export const heartbeatAnswer = z.strictObject({
  received: z.literal(true),
  timestamp: time,
  next_interval_seconds: count.nullable(),
  expires_at: time.nullable(),
  desired_state: z.enum(["run", "drain"]),
});

const refusedItem = {
  error: z.string().optional(),
  code: z.string().optional(),
  errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
  action: z.literal("register").optional(),
};

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
      index: count,
      id: z.string().nullable(),
      status: count,
      outcome: z.enum(["created", "replaced", "skipped"]).optional(),
      lease_token: z.string().optional(),
      ...refusedItem,
    }),
  ),
});

export const discovered = z.strictObject({
  agents: z.array(agentRecord),
  query: z.strictObject({
    capability: z.array(z.string()),
    type: z.string().nullable(),
    tag: z.array(z.string()),
    status: z.array(z.enum(EFFECTIVE_STATUSES)),
    min_health_score: z.number(),
    max_load_ratio: z.number(),
    limit: count,
    exact: z.boolean(),
  }),
  total_matches: count,
  filtered_count: count,
  examined: count,
  sampled: z.boolean(),
  query_time_ms: z.number(),
  source: z.enum(["redis", "embedded"]),
  as_of: time,
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
  count,
});

export const stats = z.strictObject({
  total_components: count,
  total_capabilities: count,
  by_type: counts,
  by_status: counts,
  backend: z.enum(["redis", "embedded"]),
  as_of: time,
  last_sweep: z
    .strictObject({
      at: time,
      scanned: count,
      unreachable: count,
      recovered: count,
      reaped: count,
      healed: count,
      duration_ms: z.number(),
    })
    .nullable(),
});

export const eventPage = z.strictObject({
  events: z.array(
    z.strictObject({
      revision: count,
      type: z.enum(EVENT_TYPES),
      kind: z.enum(KINDS),
      id: z.string(),
      at: time,
    }),
  ),
  count,
  next_since: count,
});

export const sweepSummary = z.strictObject({
  scanned: count,
  unreachable: z.array(z.string()),
  recovered: z.array(z.string()),
  reaped: z.array(z.string()),
  healed: count,
  checked: count,
  duration_ms: z.number(),
  complete: z.boolean(),
});

export const drainAnswer = z.strictObject({ agent_id: z.string(), desired_state: z.enum(["run", "drain"]) });

export const health = z.strictObject({ status: z.literal("healthy"), service: z.string(), timestamp: time });
export const ready = z.strictObject({ status: z.literal("ready"), backend: z.enum(["redis", "embedded"]) });

export const legacyAgent = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  host: z.string(),
  port: count,
  capabilities: z.array(z.string()),
  status: z.string(),
  version: z.string(),
  registered_at: time,
  last_seen: time,
  metadata: json.optional(),
});
export const legacyList = z.strictObject({
  agents: z.array(legacyAgent),
  count,
  truncated: z.literal(true).optional(),
});
export const legacyRegistered = z.strictObject({
  agent_id: z.string(),
  registered_at: time,
  heartbeat_url: z.string(),
  heartbeat_interval_seconds: count,
});
export const legacyReceived = z.strictObject({
  received: z.literal(true),
  next_interval_seconds: count.nullable(),
  timestamp: time,
});
export const legacyMessage = z.strictObject({ message: z.string() });

const circuit = z.enum(CIRCUIT_STATES);
const rejection = z.strictObject({
  id: z.string(),
  stage: z.enum(REJECTION_STAGES),
  reason: z.string(),
  detail: z.string(),
});
const binding = json;

export const resolved = z.strictObject({
  provider: agentRecord,
  binding,
  selection_id: z.string().nullable(),
  deadline_seconds: z.number(),
  circuit_state: circuit,
  considered: count,
  degraded: z.literal(true).optional(),
  warnings: z.array(z.string()).optional(),
  reasons: z.array(rejection).optional(),
});

export const selectionList = z.strictObject({
  selections: z.array(
    z.strictObject({
      selection_id: z.string(),
      at: time,
      handler: z.string().nullable(),
      capabilities: z.array(z.string()),
      provider: z.string().nullable(),
      scope: z.string().nullable(),
      priority_group: count.nullable(),
      circuit_state: circuit.nullable(),
      reasons: z.array(rejection),
    }),
  ),
  count,
});

const taken = z.strictObject({
  service: z.string(),
  provider_id: z.string(),
  counted: z.boolean(),
  circuit_state: circuit,
  latency_ms: z.number().nullable(),
});
export const outcomeTaken = z.union([
  taken,
  z.strictObject({
    results: z.array(
      z.strictObject({
        index: count,
        id: z.string().nullable(),
        status: count,
        ...taken.partial().shape,
        ...refusedItem,
      }),
    ),
  }),
]);

export const readyServices = z.strictObject({
  ready: z.literal(true),
  services: z.array(z.strictObject({ service: z.string(), providers: count })),
  waited_ms: z.number(),
});

export const checkResults = z.record(z.string(), z.boolean());

const provider = z.strictObject({
  name: z.string(),
  priority: z.string(),
  priority_group: count,
  strategy: z.string(),
  capabilities: z.array(z.string()),
  metadata: json,
  circuit_breaker_state: circuit,
});
const byService = z.record(z.string(), z.array(provider));
export const runtimeServices = z.strictObject({
  handlers: z.record(z.string(), byService),
  global_services: byService,
  circuit_breaker_stats: z.record(
    z.string(),
    z.strictObject({
      name: z.string(),
      state: circuit,
      failure_count: count,
      success_count: count,
      last_failure_time: time.nullable(),
      call_count: count,
      total_failures: count,
      total_successes: count,
      success_rate: z.number(),
      consecutive_failures: count,
      recovery_attempts: count,
      state_transitions: count,
      time_in_open_state: z.number(),
      last_failure_age: z.number().nullable(),
      last_error: z.string().nullable(),
      latency_ms: z.number().nullable(),
      health_check: z.string().nullable(),
    }),
  ),
});

export const runtimeHealth = z.strictObject({
  overall_health: z.enum(["healthy", "degraded", "unhealthy"]),
  timestamp: time,
  services: z.record(
    z.string(),
    z.strictObject({
      healthy: z.boolean(),
      circuit_breaker_state: circuit,
      priority: z.string(),
      priority_group: count,
      strategy: z.string(),
    }),
  ),
  circuit_breaker_states: z.record(z.string(), circuit),
  total_services: count,
  healthy_services: count,
  unhealthy_services: count,
  recommendations: z.array(z.string()),
});

export const selectionLogic = z.strictObject({ service_selection_logic: json, example_scenarios: json });

export const priorityChanged = z.strictObject({
  success: z.literal(true),
  message: z.string(),
  provider_name: z.string(),
  changes: z.strictObject({
    handler: z.string(),
    service_type: z.string(),
    old_priority: z.string(),
    new_priority: z.string(),
    old_priority_group: count,
    new_priority_group: count,
    old_strategy: z.string(),
    new_strategy: z.string(),
  }),
  timestamp: time,
});

export const breakersReset = z.strictObject({
  success: z.literal(true),
  message: z.string(),
  reset_count: count,
  service_type: z.string().nullable(),
  timestamp: time,
});

const toolsetHealth = z.strictObject({
  healthy: z.boolean(),
  last_pong: time.nullable(),
  age_ms: count.nullable(),
  staleness_threshold_ms: count,
});
const toolsetInfo = z.strictObject({
  name: z.string(),
  description: z.string(),
  version: z.string(),
  tags: z.array(z.string()),
  tool_count: count,
  registered_at: time,
  owner: z.string().nullable(),
  health: toolsetHealth,
});
export const toolsetList = z.strictObject({
  toolsets: z.array(toolsetInfo),
  count,
  truncated: z.literal(true).optional(),
});
const schema = z.union([json, z.boolean()]);
export const toolsetRecord = z.strictObject({
  ...toolsetInfo.shape,
  tools: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      tags: z.array(z.string()),
      payload_schema: schema,
      result_schema: schema,
      sidecar_schema: schema.optional(),
    }),
  ),
});
export const toolsetRegistered = z.strictObject({ registered_at: time, lease_token: z.string() });

export const callTaken = z.strictObject({
  tool_use_id: z.string(),
  call_id: z.string(),
  result_url: z.string(),
});

const callError = z.strictObject({
  code: z.string(),
  message: z.string(),
  issues: z.array(z.looseObject({ field: z.string(), constraint: z.string() })).optional(),
});
export const callResult = z.strictObject({
  call_id: z.string(),
  tool_use_id: z.string(),
  status: z.enum(["pending", "done", "failed"]),
  result: z.unknown().optional(),
  bounds: z.unknown().optional(),
  server_data: z.array(z.unknown()).optional(),
  error: callError.optional(),
});
export const toolsetLoad = z.strictObject({ queued: count, claimed: count, consumers: count });

const meta = z.strictObject({
  run_id: z.string(),
  session_id: z.string(),
  turn_id: z.string().optional(),
  tool_call_id: z.string().optional(),
  parent_tool_call_id: z.string().optional(),
});
export const claimedMessages = z.strictObject({
  messages: z.array(
    z.union([
      z.strictObject({ type: z.literal("ping"), ping_id: z.string() }),
      z.strictObject({
        type: z.literal("call"),
        claim_id: z.string(),
        call_id: z.string(),
        tool_use_id: z.string(),
        tool: z.string(),
        payload: z.unknown(),
        meta,
        deadline: time,
        traceparent: z.string().optional(),
        tracestate: z.string().optional(),
        baggage: z.string().optional(),
      }),
    ]),
  ),
});
export const pongTaken = z.strictObject({ received: z.literal(true), timestamp: time });
export const deltaTaken = z.strictObject({ received: z.literal(true), deadline: time });
export const callSettled = z.strictObject({
  call_id: z.string(),
  status: z.enum(["done", "failed"]),
  error: callError.optional(),
});
