import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { openServices, type Services } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const isoAfter = (ms: number) => new Date(START + ms).toISOString();

interface Health {
  overall_health: string;
  services: Record<
    string,
    { healthy: boolean; reason: string | null; detail: string | null; circuit_breaker_state: string }
  >;
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
    const well = {
      healthy: true,
      reason: null,
      detail: null,
      circuit_breaker_state: "closed",
      priority_group: 0,
    };
    expect(await healthOf(services)).toEqual({
      overall_health: "degraded",
      timestamp: isoAfter(1),
      services: {
        "chat.llm.a/b": { ...well, priority: "LOW", strategy: "round_robin" },
        "global.llm.a/b": { ...well, priority: "NORMAL", strategy: "fallback" },
        "global.stt.c": {
          healthy: false,
          reason: "circuit_open",
          detail: "Circuit breaker 'stt.c' is open, service unavailable",
          circuit_breaker_state: "open",
          priority: "NORMAL",
          priority_group: 3,
          strategy: "fallback",
        },
      },
      circuit_breaker_states: { "llm.a/b": "closed", "stt.c": "open" },
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
    expect(details["global.llm.ill-0"]).toMatchObject({
      healthy: false,
      reason: "circuit_half_open",
      circuit_breaker_state: "half_open",
    });
  });

  it("is what resolve would do: who is busy, silent or drained is not healthy, and says why [1-53]", async () => {
    const services = open();
    await services.offer("busy", {}, { status: "busy" });
    await services.register({ id: "silent", services: [{ service: "llm" }] });
    await services.offer("drained");
    await services.post("/v1/agents/drained/drain");
    await services.offer("well");
    await services.pass(45_001);
    const { services: details, ...health } = await healthOf(services);
    expect(health).toMatchObject({ overall_health: "unhealthy", healthy_services: 1, unhealthy_services: 3 });
    const { reasons = [] } = (await services.resolve("?explain=true&capability=none")).body;
    expect(reasons.map(({ stage }) => stage)).toEqual(Array(4).fill("capability"));
    const { status, body } = await services.resolve("?explain=true");
    expect([status, body.provider.id]).toEqual([200, "well"]);
    const unhealthy = Object.values(details).filter(({ healthy }) => !healthy);
    expect(unhealthy.map(({ reason, detail }) => ({ reason, detail }))).toEqual(
      body.reasons?.map(({ reason, detail }) => ({ reason, detail })),
    );
  });

  it("is the same in every view of it: health, list, health checks, the page and resolve [1-53]", async () => {
    const services = openServices({
      backend: openBackend(),
      fetchHealth: () => Promise.resolve(new Response("well")),
    });
    const checked = { health_url: "https://well.example/" };
    await services.offer("a", { circuit_breaker: { recovery_timeout: 10 } }, checked);
    await services.offer("b", {}, { status: "busy", ...checked });
    await services.offer("c", { service: "stt" }, checked);
    await services.reports("a", false, 5);
    const expected: Record<string, boolean> = {
      "global.llm.a": false,
      "global.llm.b": false,
      "global.stt.c": true,
    };
    const { services: details } = await healthOf(services);
    expect(Object.fromEntries(Object.entries(details).map(([name, { healthy }]) => [name, healthy]))).toEqual(
      expected,
    );
    expect((await services.post("/v1/services/health-checks")).body).toEqual(expected);
    const { global_services: listed, circuit_breaker_stats: stats } = await services.runtime();
    const providers = Object.entries(listed).flatMap(([service, list]) =>
      list.map(({ name, healthy, detail }) => [`${service}.${name}`, healthy, detail] as const),
    );
    expect(Object.fromEntries(providers.map(([name, healthy]) => [`global.${name}`, healthy]))).toEqual(
      expected,
    );
    expect(providers.map(([name]) => name).toSorted()).toEqual(Object.keys(stats).toSorted());

    const refused = await services.resolve();
    expect(refused.body.code).toBe("no_provider_available");
    for (const { id, detail } of refused.body.reasons ?? []) {
      expect(details[`global.llm.${id}`]?.detail).toBe(detail);
    }
    expect(
      (await services.get<{ missing: string[] }>("/v1/services/ready?service=llm&timeout=0")).body.missing,
    ).toEqual(["llm"]);
    expect((await services.get("/v1/services/ready?service=stt&timeout=0")).status).toBe(200);
  });
});
