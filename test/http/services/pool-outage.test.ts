import { describe, expect, it } from "vitest";
import { breakablePools, openServices, stagesOf } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const ROUND = { strategy: "round_robin" };

describe.each(BACKENDS)("a broken pool on $backend", ({ openBackend }) => {
  function open() {
    const { backend, fail, recover } = breakablePools(openBackend());
    const passing = async () => new Response("ok");
    return { services: openServices({ backend, fetchHealth: passing }), fail, recover };
  }

  it("still has its callers answered, who are told", async () => {
    const { services, fail, recover } = open();
    await services.offer("busy", { priority: "CRITICAL" }, { status: "busy" });
    await services.offer("a", { circuit_breaker: { timeout_duration: 7 } });
    await services.offer("b", { handler: "chat" });
    expect((await services.resolve()).body).not.toHaveProperty("degraded");
    await fail();
    const { status, body } = await services.resolve("?explain=true");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      provider: { id: "a" },
      degraded: true,
      deadline_seconds: 7,
      circuit_state: "closed",
      considered: 2,
      selection_id: null,
    });
    expect(stagesOf(body.reasons)).toEqual([["busy", "status", "busy"]]);
    expect(await services.turns(1, "?handler=chat")).toEqual(["b"]);
    await recover();
    expect((await services.resolve()).body).not.toHaveProperty("degraded");
  });

  it("is 503 with reasons, or 404, where no memory would help", async () => {
    const { services, fail } = open();
    await services.offer("busy", {}, { status: "busy" });
    await fail();
    const { status, body } = await services.resolve();
    expect([status, body.code]).toEqual([503, "no_provider_available"]);
    expect(stagesOf(body.reasons)).toEqual([["busy", "status", "busy"]]);
    expect((await services.resolve("", "stt")).status).toBe(404);
  });

  it("sends its callers to everyone in the ring, from a random start", async () => {
    const { services, fail } = open();
    const ids = ["a", "b", "c"];
    for (const id of ids) await services.offer(id, ROUND);
    await services.offer("dead", ROUND, { status: "offline" });
    await fail();
    // That one of three is missed in 60 tries: 3 × (2/3)^60, about one in 10^10.
    const served = await services.turns(60);
    expect([...new Set(served)].toSorted()).toEqual(ids);
    // And it is no ring: of one, each turn is foretold by the one before.
    const steps = new Set(served.slice(1).map((id, i) => `${served[i]}${id}`));
    expect(steps.size).toBeGreaterThan(3);
  });

  it("leaves others' memory alone, and has its own when it is mended", async () => {
    const { services, fail, recover } = open();
    for (const id of ["a", "b"]) await services.offer(id, [{}, { service: "stt" }]);
    await services.reports("a", false, 5);
    await services.reports("a", false, 5, "stt");
    await fail();
    expect((await services.resolve()).body).toMatchObject({ degraded: true, provider: { id: "a" } });
    const { body } = await services.resolve("", "stt");
    expect(body.provider.id).toBe("b");
    expect(body).not.toHaveProperty("degraded");
    await recover();
    expect(await services.turns(1)).toEqual(["b"]);
  });

  it("loses no report without saying so", async () => {
    const { services, fail, recover } = open();
    await services.offer("a", [{}, { service: "stt" }]);
    await fail();
    const refused = await services.report("a", false);
    expect([refused.status, refused.body.code]).toEqual([503, "store_unavailable"]);
    expect(refused.headers.get("Retry-After")).toBe("2");
    const change = { priority: "LOW" };
    const path = "/v1/runtime/services/a/priority?service_type=llm";
    expect((await services.call("PUT", path, change)).status).toBe(503);
    expect((await services.post("/v1/runtime/services/circuit-breakers/reset")).status).toBe(503);
    await recover();
    expect((await services.report("a", false)).body).toMatchObject({ counted: true });
    expect((await services.call("PUT", path, change)).status).toBe(200);
  });

  it("keeps no other service's health checks from counting, nor the next sweep from going on", async () => {
    const { services, fail, recover } = open();
    const failing = openServices({ backend: services.backend, fetchHealth: async () => Response.error() });
    await services.offer("a", [{}, { service: "stt" }], { health_url: "http://localhost:1/" });
    await fail();
    for (const path of ["/v1/sweep", "/v1/services/health-checks"]) {
      const { status, body } = await failing.post<{ code: string }>(path);
      expect([status, body.code]).toEqual([503, "store_unavailable"]);
    }
    expect((await failing.resolve("", "stt")).body.reasons).toMatchObject([{ stage: "health_check" }]);
    const { body } = await services.get<{ last_sweep: { at: string } | null }>("/v1/stats");
    expect(body.last_sweep).not.toBeNull();
    await recover();
    expect((await services.post("/v1/sweep")).status).toBe(200);
    expect(await services.turns(1, "", "stt")).toEqual(["a"]);
  });
});
