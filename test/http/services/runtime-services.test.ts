import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const isoAfter = (ms: number) => new Date(START + ms).toISOString();

describe.each(BACKENDS)("the list of services on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });
  const idle = (name: string) => ({
    name,
    state: "closed",
    failure_count: 0,
    success_count: 0,
    last_failure_time: null,
    call_count: 0,
    total_failures: 0,
    total_successes: 0,
    success_rate: 1,
    consecutive_failures: 0,
    recovery_attempts: 0,
    state_transitions: 0,
    time_in_open_state: 0,
    last_failure_age: null,
    last_error: null,
    latency_ms: null,
    health_check: null,
  });

  it("has source 1's shape, by handler and service, and says what is the default [1-03] [1-43] [1-44]", async () => {
    const services = open();
    await services.offer("a/b", [
      { handler: "chat", priority: 3, priority_group: 2, strategy: "ROUND_ROBIN", capabilities: ["x"] },
      { service: "stt" },
    ]);
    await services.offer("c", { service: "stt" }, { capabilities: ["y"], metadata: { zone: 1 } });
    await services.register({ id: "no-services" });
    const health = { healthy: true, reason: null, detail: null };
    const common = { metadata: {}, circuit_breaker_state: "closed", ...health };
    const normal = { priority: "NORMAL", priority_group: 0, strategy: "fallback" };
    expect(await services.runtime()).toEqual({
      handlers: {
        chat: {
          llm: [
            {
              name: "a/b",
              priority: "LOW",
              priority_group: 2,
              strategy: "round_robin",
              capabilities: ["x"],
              ...common,
            },
          ],
        },
      },
      global_services: {
        stt: [
          { name: "a/b", ...normal, capabilities: [], ...common },
          { name: "c", ...normal, capabilities: ["y"], ...common, metadata: { zone: 1 } },
        ],
      },
      circuit_breaker_stats: {
        "llm.a/b": idle("llm.a/b"),
        "stt.a/b": idle("stt.a/b"),
        "stt.c": idle("stt.c"),
      },
    });
  });

  it("is empty where nothing is offered, and has nothing of who is gone", async () => {
    const services = open();
    const nothing = { handlers: {}, global_services: {}, circuit_breaker_stats: {} };
    expect(await services.runtime()).toEqual(nothing);
    await services.register({ id: "a", services: [{ service: "llm" }], ttl_seconds: 60 });
    await services.pass(60_001);
    expect(await services.runtime()).toEqual(nothing);
  });

  it("names every priority, and has providers in the order of their selection [1-01] [1-06]", async () => {
    const services = open();
    const inOrder = [
      ["z", { priority: 0 }, "CRITICAL"],
      ["b", { priority: 1 }, "HIGH"],
      ["c", { priority: 1 }, "HIGH"],
      ["y", { priority: 2 }, "NORMAL"],
      ["x", { priority: 3 }, "LOW"],
      ["w", { priority: 9 }, "FALLBACK"],
      ["a", { priority: 0, priority_group: 1 }, "CRITICAL"],
    ] as const;
    for (const [id, binding] of inOrder.toReversed()) await services.offer(id, binding);
    const { global_services } = await services.runtime();
    expect(global_services["llm"]?.map(({ name, priority }) => [name, priority])).toEqual(
      inOrder.map(([id, , name]) => [id, name]),
    );
  });

  it("of one handler has the global services too, and every breaker [1-45]", async () => {
    const services = open();
    await services.offer("a", [{ handler: "chat" }, { handler: "voice", service: "stt" }]);
    await services.offer("b");
    const { handlers, global_services, circuit_breaker_stats } = await services.runtime("?handler=chat");
    expect(Object.keys(handlers)).toEqual(["chat"]);
    expect(Object.keys(handlers["chat"] ?? {})).toEqual(["llm"]);
    expect(global_services["llm"]?.map(({ name }) => name)).toEqual(["b"]);
    expect(Object.keys(circuit_breaker_stats).toSorted()).toEqual(["llm.a", "llm.b", "stt.a"]);
    expect(Object.keys((await services.runtime("?handler=nobody's")).handlers)).toEqual([]);
  });

  it("of one service has nothing of another [1-43]", async () => {
    const services = open();
    await services.offer("a", [{}, { service: "stt" }, { service: "stt", handler: "chat" }]);
    const { handlers, global_services, circuit_breaker_stats } = await services.runtime(
      "?service_type=stt&handler=chat",
    );
    expect(handlers).toEqual({ chat: { stt: [expect.objectContaining({ name: "a" })] } });
    expect(Object.keys(global_services)).toEqual(["stt"]);
    expect(Object.keys(circuit_breaker_stats)).toEqual(["stt.a"]);
    expect((await services.runtime("?service_type=tts")).global_services).toEqual({});
  });

  it("tells a breaker's whole story [1-41]", async () => {
    const services = open();
    await services.offer("a", { circuit_breaker: { failure_threshold: 2 } });
    await services.report("a", true, { latency_ms: 10 });
    await services.report("a", false, { error: "first" });
    await services.report("a", false, { error: "second" });
    await services.pass(2500);
    const opened = {
      ...idle("llm.a"),
      state: "open",
      failure_count: 2,
      consecutive_failures: 2,
      last_failure_time: isoAfter(0),
      call_count: 3,
      total_failures: 2,
      total_successes: 1,
      success_rate: 1 / 3,
      state_transitions: 1,
      time_in_open_state: 2.5,
      last_failure_age: 2.5,
      last_error: "second",
      latency_ms: 10,
    };
    expect(await services.stats("a")).toEqual(opened);
    expect((await services.report("a", false, { error: "late" })).body.counted).toBe(false);
    await services.report("a", true, { latency_ms: 99 });
    expect(await services.stats("a"), "reports while it is open").toEqual(opened);
    await services.pass(57_500);
    await services.served(true, 1);
    expect(await services.stats("a")).toEqual({
      ...opened,
      state: "half_open",
      success_count: 1,
      call_count: 4,
      total_successes: 2,
      success_rate: 0.5,
      recovery_attempts: 1,
      state_transitions: 2,
      time_in_open_state: 0,
      last_failure_age: 60,
    });
    const { global_services } = await services.runtime();
    expect(global_services["llm"]?.[0]?.circuit_breaker_state).toBe("half_open");
  });
});

describe("the selection logic", () => {
  it("is told in source 1's shape, with every name there is [1-56]", async () => {
    const { status, body } = await openServices().get("/v1/runtime/services/selection-logic");
    expect(status).toBe(200);
    const text = expect.stringMatching(/\S/) as string;
    const level = (value: number) => ({ value, description: text });
    expect(body).toEqual({
      service_selection_logic: {
        overview: text,
        priority_groups: text,
        priority_levels: {
          levels: {
            CRITICAL: level(0),
            HIGH: level(1),
            NORMAL: level(2),
            LOW: level(3),
            FALLBACK: level(9),
          },
        },
        selection_strategies: { fallback: text, round_robin: text },
        circuit_breakers: { states: { closed: text, open: text, half_open: text } },
        selection_flow: Array.from({ length: 8 }, () => text),
      },
      example_scenarios: {
        fallback_strategy: text,
        round_robin_strategy: text,
        multi_group_example: text,
      },
    });
  });
});
