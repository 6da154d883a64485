import { GLOBAL, priorityName } from "../../../core/services/binding.ts";
import { handlerName, offerName, providerName } from "../../../core/services/offers.ts";
import { isoTime } from "../../../core/time.ts";
import type { FleetMember } from "../../../registry/services/fleet.ts";
import type { PriorityChange } from "../../../registry/services/manage.ts";

/** The answers of source 1's management API: its shapes, names and texts. */

const breakerName = ({ offer }: FleetMember): string => providerName(offer);

/** @param handler leaves out what is offered to other handlers; global offers and all breakers stay in */
export function shownFleet(fleet: readonly FleetMember[], handler: string | undefined, now: number) {
  const handlers = Map.groupBy(fleet, ({ offer }) => offer.binding.handler);
  const global = handlers.get(GLOBAL) ?? [];
  handlers.delete(GLOBAL);
  const shown = [...handlers].filter(([name]) => handler === undefined || handler === name);
  return {
    handlers: Object.fromEntries(shown.map(([name, members]) => [name, shownProviders(members)])),
    global_services: shownProviders(global),
    circuit_breaker_stats: Object.fromEntries(
      fleet.map((member) => [breakerName(member), shownBreaker(member, now)]),
    ),
  };
}

const shownProviders = (members: readonly FleetMember[]) =>
  Object.fromEntries(
    [...Map.groupBy(members, ({ service }) => service)].map(([service, offers]) => [
      service,
      offers.map(shownProvider),
    ]),
  );

const shownHealthOf = ({ unhealthy }: FleetMember) => ({
  healthy: unhealthy === undefined,
  reason: unhealthy?.reason ?? null,
  detail: unhealthy?.detail ?? null,
});

const shownProvider = (member: FleetMember) => ({
  name: member.offer.provider,
  priority: priorityName(member.offer.binding.priority),
  priority_group: member.offer.binding.priority_group,
  strategy: member.offer.binding.strategy,
  capabilities: [...member.offer.capabilities],
  metadata: member.metadata,
  circuit_breaker_state: member.circuit,
  ...shownHealthOf(member),
});

function shownBreaker(member: FleetMember, now: number) {
  const { breaker, totals, failedCheck } = member.state;
  const { lastFailureAt } = totals;
  const calls = totals.successes + totals.failures;
  const openForMs = member.circuit === "open" && breaker.openedAt !== null ? now - breaker.openedAt : 0;
  return {
    name: breakerName(member),
    state: member.circuit,
    failure_count: breaker.failures,
    success_count: breaker.successes,
    last_failure_time: lastFailureAt === null ? null : isoTime(lastFailureAt),
    call_count: calls,
    total_failures: totals.failures,
    total_successes: totals.successes,
    success_rate: calls === 0 ? 1 : totals.successes / calls,
    consecutive_failures: breaker.failures,
    recovery_attempts: totals.recoveryAttempts,
    state_transitions: totals.stateChanges,
    time_in_open_state: openForMs / 1000,
    last_failure_age: lastFailureAt === null ? null : (now - lastFailureAt) / 1000,
    last_error: totals.lastError,
    latency_ms: totals.latencyMs,
    health_check: failedCheck,
  };
}

export function shownHealth(fleet: readonly FleetMember[], now: number) {
  const unhealthy = fleet.filter((member) => member.unhealthy).length;
  const healthy = fleet.length - unhealthy;
  const overall: "healthy" | "degraded" | "unhealthy" =
    unhealthy > healthy ? "unhealthy" : unhealthy > 0 ? "degraded" : "healthy";
  return {
    overall_health: overall,
    timestamp: isoTime(now),
    services: Object.fromEntries(
      fleet.map((member) => [
        offerName(member.offer),
        {
          ...shownHealthOf(member),
          circuit_breaker_state: member.circuit,
          priority: priorityName(member.offer.binding.priority),
          priority_group: member.offer.binding.priority_group,
          strategy: member.offer.binding.strategy,
        },
      ]),
    ),
    circuit_breaker_states: Object.fromEntries(fleet.map((member) => [breakerName(member), member.circuit])),
    total_services: fleet.length,
    healthy_services: healthy,
    unhealthy_services: unhealthy,
    recommendations: recommendations(healthy, unhealthy),
  };
}

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

export const shownChange = (
  provider: string,
  { service, handler, before, after }: PriorityChange,
  now: number,
) => ({
  success: true as const,
  message: `Successfully updated provider '${provider}' priority`,
  provider_name: provider,
  changes: {
    handler: handlerName(handler),
    service_type: service,
    old_priority: priorityName(before.priority),
    new_priority: priorityName(after.priority),
    old_priority_group: before.priority_group,
    new_priority_group: after.priority_group,
    old_strategy: before.strategy.toUpperCase(),
    new_strategy: after.strategy.toUpperCase(),
  },
  timestamp: isoTime(now),
});

export const shownReset = (count: number, service: string | undefined, now: number) => ({
  success: true as const,
  message:
    service === undefined
      ? `Reset all ${count} circuit breakers`
      : `Reset ${count} circuit breakers for ${service} services`,
  reset_count: count,
  service_type: service ?? null,
  timestamp: isoTime(now),
});
