import * as z from "zod";
import {
  PRIORITIES,
  PRIORITY_NAMES,
  priorityName,
  type PriorityName,
  STRATEGIES,
} from "../../../core/services/binding.ts";
import { GLOBAL, type Offer } from "../../../core/services/choose.ts";
import type { Override } from "../../../core/services/provider-state.ts";
import { Problem, invalid } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { endpoint } from "../../frame/loose.ts";
import { SELECTION_LOGIC } from "./selection-logic.ts";
import { type FleetMember, serviceFleet } from "../../../registry/services/fleet.ts";
import * as shapes from "../../answers/index.ts";

/** Source 1's management API: its shapes and texts; what it answered with 200 and an error is a 400 or a 404 here. */

const breakerName = ({ service, offer }: FleetMember): string => `${service}_${offer.provider}`;

const servicesQuery = z.strictObject({
  handler: z.string().min(1).optional(),
  service_type: z.string().min(1).optional(),
});

function statsOf(member: FleetMember, now: number) {
  const { breaker, totals, failedCheck } = member.state;
  const calls = totals.successes + totals.failures;
  return {
    name: breakerName(member),
    state: member.circuit,
    failure_count: breaker.failures,
    success_count: breaker.successes,
    last_failure_time: totals.lastFailureAt === null ? null : isoTime(totals.lastFailureAt),
    call_count: calls,
    total_failures: totals.failures,
    total_successes: totals.successes,
    success_rate: calls === 0 ? 1 : totals.successes / calls,
    consecutive_failures: breaker.failures,
    recovery_attempts: totals.recoveryAttempts,
    state_transitions: totals.stateChanges,
    time_in_open_state:
      member.circuit === "open" && breaker.openedAt !== null ? (now - breaker.openedAt) / 1000 : 0,
    last_failure_age: totals.lastFailureAt === null ? null : (now - totals.lastFailureAt) / 1000,
    last_error: totals.lastError,
    latency_ms: totals.latencyMs,
    health_check: failedCheck,
  };
}

const list = endpoint({
  method: "GET",
  path: "/v1/runtime/services",
  operationId: "listServices",
  summary:
    "Providers by handler and service, with their breakers; a handler filter leaves the global ones in",
  scope: "read",
  query: servicesQuery,
  answers: { 200: { description: "Providers in selection order", body: shapes.runtimeServices } },
  refusals: ["invalid_request"],
  async handle(call) {
    const { query, now } = call;
    const fleet = await serviceFleet(call, query.service_type);
    const handlers = new Map<string, Map<string, unknown[]>>();
    const shown = fleet.filter(
      ({ offer }) => query.handler === undefined || [query.handler, GLOBAL].includes(offer.binding.handler),
    );
    for (const { service, offer, circuit, metadata } of shown) {
      const { handler, priority, priority_group, strategy } = offer.binding;
      const services = handlers.get(handler) ?? new Map<string, unknown[]>();
      handlers.set(handler, services);
      const provider = {
        name: offer.provider,
        priority: priorityName(priority),
        priority_group,
        strategy,
        capabilities: offer.capabilities,
        metadata,
        circuit_breaker_state: circuit,
      };
      services.set(service, [...(services.get(service) ?? []), provider]);
    }
    const global = handlers.get(GLOBAL) ?? new Map<string, unknown[]>();
    handlers.delete(GLOBAL);
    return {
      status: 200,
      body: {
        handlers: Object.fromEntries(
          [...handlers].map(([handler, services]) => [handler, Object.fromEntries(services)]),
        ),
        global_services: Object.fromEntries(global),
        circuit_breaker_stats: Object.fromEntries(
          fleet.map((member) => [breakerName(member), statsOf(member, now)]),
        ),
      },
    };
  },
});

const health = endpoint({
  method: "GET",
  path: "/v1/runtime/services/health",
  operationId: "servicesHealth",
  summary: "Healthy means a closed breaker; half open is not yet healthy",
  scope: "read",
  answers: { 200: { description: "Overall and one by one", body: shapes.runtimeHealth } },
  refusals: [],
  async handle(call) {
    const fleet = await serviceFleet(call, undefined);
    const healthy = fleet.filter(({ circuit }) => circuit === "closed").length;
    const unhealthy = fleet.length - healthy;
    const services = fleet.map(({ service, offer, circuit }) => {
      const { handler, priority, priority_group, strategy } = offer.binding;
      const key = `${handler === GLOBAL ? "global" : handler}.${service}.${offer.provider}`;
      return [
        key,
        {
          healthy: circuit === "closed",
          circuit_breaker_state: circuit,
          priority: priorityName(priority),
          priority_group,
          strategy,
        },
      ];
    });
    return {
      status: 200,
      body: {
        overall_health: unhealthy > healthy ? "unhealthy" : unhealthy > 0 ? "degraded" : "healthy",
        timestamp: isoTime(call.now),
        services: Object.fromEntries(services),
        circuit_breaker_states: Object.fromEntries(
          fleet.map((member) => [breakerName(member), member.circuit]),
        ),
        total_services: fleet.length,
        healthy_services: healthy,
        unhealthy_services: unhealthy,
        recommendations: recommendations(healthy, unhealthy),
      },
    };
  },
});

function recommendations(healthy: number, unhealthy: number): string[] {
  if (unhealthy === 0) return [];
  const first =
    unhealthy > healthy
      ? "Critical: More unhealthy services than healthy ones"
      : `Warning: ${unhealthy} services are unhealthy`;
  return [
    first,
    "Consider resetting circuit breakers for failed services",
    "Check service logs for error details",
  ];
}

const selectionLogic = endpoint({
  method: "GET",
  path: "/v1/runtime/services/selection-logic",
  operationId: "selectionLogic",
  summary: "How a provider is chosen, in general; explain=true on resolve says it of one choice",
  scope: "read",
  answers: { 200: { description: "The rules", body: shapes.selectionLogic } },
  refusals: [],
  handle: async () => ({ status: 200, body: SELECTION_LOGIC }),
});

/** Reads source 1's words for what to change; a name may be in any case, a priority also a number. */
function changeOf(
  body: { priority: string | number; priority_group?: number | undefined; strategy?: string | undefined },
  current: Offer["binding"],
): Override {
  const name = String(body.priority).toUpperCase();
  const named = PRIORITY_NAMES.find((known) => known === name || String(PRIORITIES[known]) === name);
  if (!named) {
    const detail = `Invalid priority '${body.priority}'. Valid priorities: [${PRIORITY_NAMES.join(", ")}]`;
    throw new Problem("invalid_request", detail, { errors: [{ pointer: "/priority", detail }] });
  }
  const strategy = STRATEGIES.find((known) => known === body.strategy?.toLowerCase());
  if (body.strategy !== undefined && !strategy) {
    const valid = STRATEGIES.map((known) => known.toUpperCase()).join(", ");
    const detail = `Invalid strategy '${body.strategy}'. Valid strategies: [${valid}]`;
    throw new Problem("invalid_request", detail, { errors: [{ pointer: "/strategy", detail }] });
  }
  return {
    priority: PRIORITIES[named satisfies PriorityName],
    priority_group: body.priority_group ?? current.priority_group,
    strategy: strategy ?? current.strategy,
  };
}

const setPriority = endpoint({
  method: "PUT",
  path: "/v1/runtime/services/:id/priority",
  operationId: "setServicePriority",
  summary: "Change a provider's priority, group or strategy for as long as its registration lasts",
  scope: "admin",
  query: servicesQuery,
  body: z.strictObject({
    priority: z.union([z.string().max(64), z.number()]),
    priority_group: z.int().min(0).max(1000).optional(),
    strategy: z.string().max(64).optional(),
  }),
  answers: { 200: { description: "Changed, with what it was", body: shapes.priorityChanged } },
  refusals: ["invalid_request", "provider_not_found"],
  async handle({ id, query, body, store, pool, now }) {
    const [snapshot] = await store.read([{ kind: "agent", id }], now);
    const offered = snapshot!.entry?.lease ? snapshot!.entry.document.registration.services : [];
    const bindings = offered.filter(
      ({ service, handler }) =>
        (query.service_type ?? service) === service && (query.handler ?? handler) === handler,
    );
    const [binding] = bindings;
    if (!binding || !snapshot!.entry) {
      throw new Problem("provider_not_found", `Service provider '${id}' not found in registry`);
    }
    if (bindings.length > 1) {
      const detail = `'${id}' has ${bindings.length} such bindings: name service_type and handler`;
      throw invalid([{ pointer: "/service_type", detail }]);
    }
    const { service, handler } = binding;
    const holder = { provider: id, fence: snapshot!.entry.document.fence };
    const [state] = await pool(service).describe([holder]);
    const current = { ...binding, ...state!.overrides[handler] };
    const change = changeOf(body, current);
    await pool(service).override(holder, handler, change);
    return {
      status: 200,
      body: {
        success: true,
        message: `Successfully updated provider '${id}' priority`,
        provider_name: id,
        changes: {
          handler: handler === GLOBAL ? "global" : handler,
          service_type: service,
          old_priority: priorityName(current.priority),
          new_priority: priorityName(change.priority),
          old_priority_group: current.priority_group,
          new_priority_group: change.priority_group,
          old_strategy: current.strategy.toUpperCase(),
          new_strategy: change.strategy.toUpperCase(),
        },
        timestamp: isoTime(now),
      },
    };
  },
});

const reset = endpoint({
  method: "POST",
  path: "/v1/runtime/services/circuit-breakers/reset",
  operationId: "resetCircuitBreakers",
  summary: "Close the breakers of all services, or of one",
  scope: "admin",
  query: z.strictObject({ service_type: z.string().min(1).optional() }),
  answers: { 200: { description: "Closed", body: shapes.breakersReset } },
  refusals: ["invalid_request", "service_not_found"],
  async handle(call) {
    const type = call.query.service_type;
    const fleet = await serviceFleet(call, type);
    if (type !== undefined && fleet.length === 0) {
      throw new Problem("service_not_found", `Invalid service type: ${type}`);
    }
    const counts = await Promise.all(
      [...Map.groupBy(fleet, ({ service }) => service)].map(async ([service, members]) => {
        // One provider has one breaker a service, however many handlers it serves there.
        const holders = new Map(members.map(({ offer }) => [offer.provider, offer]));
        await call.pool(service).reset([...holders.values()]);
        return holders.size;
      }),
    );
    const count = counts.reduce((sum, each) => sum + each, 0);
    return {
      status: 200,
      body: {
        success: true,
        message:
          type === undefined
            ? `Reset all ${count} circuit breakers`
            : `Reset ${count} circuit breakers for ${type} services`,
        reset_count: count,
        service_type: type ?? null,
        timestamp: isoTime(call.now),
      },
    };
  },
});

export const runtimeServiceEndpoints = [list, health, selectionLogic, setPriority, reset];
