import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { openServices, type Services } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const isoAfter = (ms: number) => new Date(START + ms).toISOString();

interface Health {
  overall_health: string;
  services: Record<string, { healthy: boolean; circuit_breaker_state: string }>;
  recommendations: string[];
  [field: string]: unknown;
}
const healthOf = async (services: Services) =>
  (await services.get<Health>("/v1/runtime/services/health")).body;

describe.each(BACKENDS)("the health of services on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  /** So many with closed breakers, and so many with open ones. */
  async function inHealth(healthy: number, unhealthy: number) {
    const services = open();
    for (let i = 0; i < healthy; i += 1) await services.offer(`well-${i}`);
    for (let i = 0; i < unhealthy; i += 1) {
      await services.offer(`ill-${i}`);
      await services.reports(`ill-${i}`, false, 5);
    }
    return services;
  }

  it("has source 1's shape, with every breaker in its map [1-52]", async () => {
    const services = open();
    await services.offer("a/b", [{ handler: "chat", priority: "LOW", strategy: "round_robin" }, {}]);
    await services.offer("c", { service: "stt", priority_group: 3 });
    await services.reports("c", false, 5, "stt");
    await services.pass(1);
    const well = { healthy: true, circuit_breaker_state: "closed", priority_group: 0 };
    expect(await healthOf(services)).toEqual({
      overall_health: "degraded",
      timestamp: isoAfter(1),
      services: {
        "chat.llm.a/b": { ...well, priority: "LOW", strategy: "round_robin" },
        "global.llm.a/b": { ...well, priority: "NORMAL", strategy: "fallback" },
        "global.stt.c": {
          healthy: false,
          circuit_breaker_state: "open",
          priority: "NORMAL",
          priority_group: 3,
          strategy: "fallback",
        },
      },
      circuit_breaker_states: { "llm_a/b": "closed", stt_c: "open" },
      total_services: 3,
      healthy_services: 2,
      unhealthy_services: 1,
      recommendations: [
        "Warning: 1 services are unhealthy",
        "Consider resetting circuit breakers for failed services",
        "Check service logs for error details",
      ],
    });
  });

  it.each([
    { healthy: 0, unhealthy: 0, overall: "healthy" },
    { healthy: 2, unhealthy: 0, overall: "healthy" },
    { healthy: 2, unhealthy: 1, overall: "degraded" },
    { healthy: 2, unhealthy: 2, overall: "degraded" },
    { healthy: 1, unhealthy: 2, overall: "unhealthy" },
    { healthy: 0, unhealthy: 1, overall: "unhealthy" },
  ])("is $overall with $healthy closed and $unhealthy open breakers [1-54]", async (given) => {
    const services = await inHealth(given.healthy, given.unhealthy);
    expect(await healthOf(services)).toMatchObject({
      overall_health: given.overall,
      total_services: given.healthy + given.unhealthy,
      healthy_services: given.healthy,
      unhealthy_services: given.unhealthy,
    });
  });

  it.each([
    { healthy: 1, unhealthy: 0, first: undefined },
    { healthy: 2, unhealthy: 2, first: "Warning: 2 services are unhealthy" },
    { healthy: 1, unhealthy: 2, first: "Critical: More unhealthy services than healthy ones" },
  ])("recommends what source 1 did, with $unhealthy of $healthy more [1-55]", async ({ first, ...given }) => {
    const { recommendations } = await healthOf(await inHealth(given.healthy, given.unhealthy));
    expect(recommendations[0]).toBe(first);
    expect(recommendations).toHaveLength(first === undefined ? 0 : 3);
  });

  it("is not yet good when a breaker is half open [1-53]", async () => {
    const services = await inHealth(1, 1);
    await services.pass(60_000);
    const { overall_health, services: details } = await healthOf(services);
    expect(overall_health).toBe("degraded");
    expect(details["global.llm.ill-0"]).toMatchObject({ healthy: false, circuit_breaker_state: "half_open" });
  });

  it("is about breakers alone: nobody is probed, and a busy provider is healthy [1-53]", async () => {
    const services = open();
    await services.offer("a", {}, { status: "busy" });
    expect(await healthOf(services)).toMatchObject({ overall_health: "healthy", healthy_services: 1 });
  });
});
