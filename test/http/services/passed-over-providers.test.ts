import { describe, expect, it } from "vitest";
import { openServices, stagesOf } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("passed over on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it.each(["busy", "degraded", "unhealthy", "maintenance", "draining", "offline"])(
    "is who says that it is %s",
    async (status) => {
      const services = open();
      await services.offer("a", {}, { status });
      await services.offer("b");
      const { body } = await services.resolve("?explain=true");
      expect(body.provider.id).toBe("b");
      expect(body.reasons).toEqual([
        { id: "a", stage: "status", reason: status, detail: `status is ${status}` },
      ]);
    },
  );

  it("is who has been silent for more than 1.5 intervals, until it calls in", async () => {
    const services = open();
    const { lease_token } = await services.offer("a", {}, { heartbeat_interval_seconds: 30 });
    await services.offer("b");
    await services.pass(45_000);
    expect(await services.turns(1)).toEqual(["a"]);
    await services.pass(1);
    const { body } = await services.resolve("?explain=true");
    expect(body.provider.id).toBe("b");
    expect(stagesOf(body.reasons)).toEqual([["a", "liveness", "unreachable"]]);
    await services.heartbeat("a", lease_token);
    expect(await services.turns(1)).toEqual(["a"]);
  });

  it("is who an operator drains, at once, until the drain is cancelled", async () => {
    const services = open();
    await services.offer("a");
    await services.offer("b");
    expect(await services.turns(1)).toEqual(["a"]);
    await services.post("/v1/agents/a/drain");
    const { body } = await services.resolve("?explain=true");
    expect(body.provider.id).toBe("b");
    expect(stagesOf(body.reasons)).toEqual([["a", "status", "draining"]]);
    await services.call("DELETE", "/v1/agents/a/drain");
    expect(await services.turns(1)).toEqual(["a"]);
  });

  it("is who becomes busy by a heartbeat, at once, and no longer once it is available", async () => {
    const services = open();
    const { lease_token } = await services.offer("a");
    await services.heartbeat("a", lease_token, { status: "busy", current_load: 10 });
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.heartbeat("a", lease_token, { status: "available", current_load: 0 });
    expect(await services.turns(1)).toEqual(["a"]);
  });

  it("is whose breaker is open, in source 1's words [1-22] [1-39]", async () => {
    const services = open();
    await services.offer("a");
    await services.reports("a", false, 5);
    expect((await services.resolve()).body.reasons).toEqual([
      {
        id: "a",
        stage: "breaker",
        reason: "circuit_open",
        detail: "Circuit breaker 'llm.a' is open, service unavailable",
      },
    ]);
  });

  it("is who is half open with all its probes out, until one is reported or lapses [1-34]", async () => {
    const services = open();
    const terms = { success_threshold: 2, timeout_duration: 10, recovery_timeout: 60 };
    await services.offer("a", { circuit_breaker: terms });
    await services.reports("a", false, 5);
    await services.pass(59_999);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.pass(1);
    const { body: probe } = await services.resolve();
    expect(probe.circuit_state).toBe("half_open");
    await services.pass(1);
    expect(await services.turns(2)).toEqual(["a", "no_provider_available"]);
    expect(stagesOf((await services.resolve()).body.reasons)).toEqual([
      ["a", "probes", "probe_budget_spent"],
    ]);
    await services.pass(9998);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.pass(1);
    expect(await services.turns(2)).toEqual(["a", "no_provider_available"]);
    await services.report("a", true, { selection_id: probe.selection_id });
    expect((await services.stats("a")).success_count).toBe(1);
  });

  it("is each one for the first thing in its way: capability, status, then breaker [1-22]", async () => {
    const services = open();
    const { lease_token } = await services.offer("a", { capabilities: ["x"] }, { status: "busy" });
    await services.reports("a", false, 5);
    const stage = async (query = "") => stagesOf((await services.resolve(query)).body.reasons)?.[0]?.[1];
    expect(await stage("?capability=y")).toBe("capability");
    expect(await stage()).toBe("status");
    await services.heartbeat("a", lease_token, { status: "available" });
    expect(await stage()).toBe("breaker");
  });
});

describe.each(BACKENDS)("being selected on $backend", ({ openBackend }) => {
  it("is no success: it closes no breaker and clears no failure [1-25]", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("a");
    await services.reports("a", false, 4);
    await services.turns(3);
    expect(await services.stats("a")).toMatchObject({ failure_count: 4, call_count: 4 });
    await services.reports("a", false, 1);
    await services.pass(60_000);
    await services.turns(3);
    expect(await services.stats("a")).toMatchObject({ state: "half_open", success_count: 0 });
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
  });
});
