import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { openServices, type Refusal } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("a reset of breakers on $backend", ({ openBackend }) => {
  const RESET = "/v1/runtime/services/circuit-breakers/reset";

  /** Three providers of two services, with all breakers open. */
  async function broken() {
    const services = openServices({ backend: openBackend() });
    await services.offer("a", [{}, { handler: "chat" }, { service: "stt" }]);
    await services.offer("b");
    for (const id of ["a", "b"]) await services.reports(id, false, 5);
    await services.reports("a", false, 5, "stt");
    const states = async () => {
      const { circuit_breaker_stats } = await services.runtime();
      return Object.fromEntries(
        Object.entries(circuit_breaker_stats).map(([name, { state }]) => [name, state]),
      );
    };
    return { services, states };
  }

  it("closes them all, and says how many: one a provider and service [1-50] [1-51]", async () => {
    const { services, states } = await broken();
    const { status, body } = await services.post(RESET);
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      message: "Reset all 3 circuit breakers",
      reset_count: 3,
      service_type: null,
      timestamp: new Date(START).toISOString(),
    });
    expect(await states()).toEqual({ "llm.a": "closed", "llm.b": "closed", "stt.a": "closed" });
    expect(await services.turns(1)).toEqual(["a"]);
  });

  it("closes those of one service, and no others [1-50] [1-51]", async () => {
    const { services, states } = await broken();
    const { body } = await services.post(`${RESET}?service_type=llm`);
    expect(body).toMatchObject({
      message: "Reset 2 circuit breakers for llm services",
      reset_count: 2,
      service_type: "llm",
    });
    expect(await states()).toEqual({ "llm.a": "closed", "llm.b": "closed", "stt.a": "open" });
  });

  it("forgets failures, successes and probes, and keeps the totals [1-40]", async () => {
    const { services } = await broken();
    await services.pass(60_000);
    await services.turns(2);
    await services.served(true, 1);
    await services.post(RESET);
    expect(await services.stats("a")).toMatchObject({
      state: "closed",
      failure_count: 0,
      success_count: 0,
      last_failure_time: null,
      last_error: null,
      last_failure_age: null,
      time_in_open_state: 0,
      call_count: 6,
      total_failures: 5,
      state_transitions: 3,
    });
    await services.reports("a", false, 4);
    expect((await services.stats("a")).state).toBe("closed");
  });

  it("confuses no two of them, however alike their names", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("b_c", { service: "a" });
    await services.offer("c", { service: "a_b" });
    await services.reports("b_c", false, 5, "a");
    await services.reports("c", false, 5, "a_b");
    expect((await services.post(RESET)).body).toMatchObject({ reset_count: 2 });
    expect(await services.turns(1, "", "a")).toEqual(["b_c"]);
    expect(await services.turns(1, "", "a_b")).toEqual(["c"]);
  });

  it("of a service that nobody offers is 404, in source 1's words [1-51]", async () => {
    const { services, states } = await broken();
    const { status, body } = await services.post<Refusal>(`${RESET}?service_type=tts`);
    expect([status, body.code, body.error]).toEqual([404, "service_not_found", "Invalid service type: tts"]);
    expect(await states()).toEqual({ "llm.a": "open", "llm.b": "open", "stt.a": "open" });
  });

  it("of nothing at all resets nothing, which is no error", async () => {
    const services = openServices({ backend: openBackend() });
    expect(await services.post(RESET)).toMatchObject({
      status: 200,
      body: { message: "Reset all 0 circuit breakers", reset_count: 0 },
    });
  });
});
