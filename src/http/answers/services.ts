import * as z from "zod";
import { CIRCUIT_STATES } from "../../core/services/breaker.ts";
import { SELECTION_STAGES } from "../../core/services/obstacle.ts";
import { agent } from "./agents.ts";
import { binding } from "./binding.ts";
import { count, json, refusedItem, staleness, time } from "./common.ts";

const circuit = z.enum(CIRCUIT_STATES);

export const serviceNames = z.strictObject({
  services: z.array(z.strictObject({ name: z.string(), providers: count })),
  /** On this page. */
  count,
  next_cursor: z.string().nullable(),
});

export const rejection = z.strictObject({
  id: z.string(),
  stage: z.enum(SELECTION_STAGES),
  reason: z.string(),
  detail: z.string(),
});

export const usableProvider = z.strictObject({
  provider: agent,
  binding,
  deadline_seconds: z.number(),
  circuit_state: circuit,
});

export const resolved = usableProvider.extend({
  selection_id: z.string().nullable(),
  considered: count,
  /** With limit: all that can be used, in the order in which they would be tried; the first is the one chosen. */
  providers: z.array(usableProvider).optional(),
  /** None could be selected: this one is unreachable, or has lapsed and is as it was registered. */
  fail_open: z.literal(true).optional(),
  degraded: z.literal(true).optional(),
  warnings: z.array(z.string()).optional(),
  reasons: z.array(rejection).optional(),
  ...staleness,
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

export const taken = z.strictObject({
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

/** Healthy: it can be chosen now, and its breaker is closed. */
const providerHealth = {
  healthy: z.boolean(),
  /** Why not, as a resolve says it that passes the provider over. */
  reason: z.string().nullable(),
  detail: z.string().nullable(),
};
export const provider = z.strictObject({
  name: z.string(),
  priority: z.string(),
  priority_group: count,
  strategy: z.string(),
  capabilities: z.array(z.string()),
  metadata: json,
  circuit_breaker_state: circuit,
  ...providerHealth,
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
  /** With limit: more agents offer the service than were looked at. */
  truncated: z.literal(true).optional(),
});

export const runtimeHealth = z.strictObject({
  overall_health: z.enum(["healthy", "degraded", "unhealthy"]),
  timestamp: time,
  services: z.record(
    z.string(),
    z.strictObject({
      ...providerHealth,
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
