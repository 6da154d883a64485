import { describe, expect, it } from "vitest";
import { countingPools, openServices, type Taken } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

interface Results {
  results: (Taken & { index: number; id: string | null; status: number; code?: string })[];
}

describe.each(BACKENDS)("a batch of outcomes on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("has a result for each, in its place, whatever became of the others", async () => {
    const services = open();
    await services.offer("a");
    await services.offer("b", { service: "stt" });
    const { status, body } = await services.post<Results>("/v1/outcomes", {
      outcomes: [
        { service: "llm", provider_id: "a", success: true, latency_ms: 7 },
        { service: "llm", provider_id: "b", success: true },
        { service: "llm", provider_id: "a" },
        "nonsense",
        { service: "stt", provider_id: "b", success: false },
        { service: "llm", provider_id: "a", success: true, colour: "red" },
      ],
    });
    expect(status).toBe(200);
    const taken = { status: 200, counted: true, circuit_state: "closed" };
    const refused = { status: 400, code: "invalid_request" };
    expect(body.results).toMatchObject([
      { index: 0, id: "a", ...taken, service: "llm", provider_id: "a", latency_ms: 7 },
      { index: 1, id: "b", status: 404, code: "provider_not_found" },
      { index: 2, id: null, ...refused, errors: [{ pointer: "/success" }] },
      { index: 3, id: null, ...refused, errors: [{ pointer: "" }] },
      { index: 4, id: "b", ...taken, service: "stt", provider_id: "b", latency_ms: null },
      { index: 5, id: null, ...refused, errors: [{ pointer: "/colour" }] },
    ]);
    expect(body.results).toHaveLength(6);
  });

  it("counts in the order in which it is given", async () => {
    const services = open();
    await services.offer("a");
    const outcomes = [false, false, false, false, true, false].map((success) => ({
      service: "llm",
      provider_id: "a",
      success,
    }));
    await services.post("/v1/outcomes", { outcomes });
    expect(await services.stats("a")).toMatchObject({ state: "closed", failure_count: 1, call_count: 6 });
  });
});

describe("a batch of outcomes", () => {
  it("costs one trip to Redis, and one call to the pool of each service", async () => {
    const redis = redisBackend();
    const { backend, calls } = countingPools(redis);
    const services = openServices({ backend });
    const bindings = [{}, { service: "stt" }];
    for (let i = 0; i < 40; i += 1) await services.offer(`p-${i}`, bindings);
    const outcomes = Array.from({ length: 200 }, (_, i) => ({
      service: i % 2 === 0 ? "llm" : "stt",
      provider_id: `p-${i % 40}`,
      success: true,
    }));
    const send = () => services.post<Results>("/v1/outcomes", { outcomes });
    await send();
    calls.length = 0;
    const { requests } = await redis.bridge.cost(async () => {
      const { body } = await send();
      expect(body.results.every(({ counted }) => counted)).toBe(true);
    });
    expect(requests).toBe(1);
    expect(calls.toSorted()).toEqual(["llm report", "stt report"]);
  });
});
