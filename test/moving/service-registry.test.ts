import { expect } from "vitest";
import { byCodeUnit } from "../../src/core/order.ts";
import { type AskedRegistry, type Ground, itMoves, OPERATOR } from "../support/moving.ts";
import type { Registered } from "../support/registry.ts";
import { type Refusal, type Resolved, type Runtime, stagesOf } from "../support/services.ts";

/** Registers a provider whose offers are all for "llm" unless they say otherwise. */
const offer = (
  registry: AskedRegistry,
  id: string,
  offers: object | object[] = {},
  fields: object = {},
): Promise<Registered> => {
  const services = [offers].flat().map((one) => ({ service: "llm", ...one }));
  return registry.register({ id, type: "llm", heartbeat_interval_seconds: null, services, ...fields });
};
const resolve = (registry: AskedRegistry, query = "", service = "llm") =>
  registry.get<Resolved & Refusal>(`/v1/services/${service}/resolve${query}`);
const chosen = async (registry: AskedRegistry, query = "") =>
  (await resolve(registry, query)).body.provider?.id;
const listed = async (registry: AskedRegistry, query = "") =>
  (await resolve(registry, `?limit=10${query}`)).body.providers?.map(({ provider }) => provider.id);
/** Calls whoever is chosen, so many times; gives the states of the breaker. */
async function serve(registry: AskedRegistry, success: boolean, count: number): Promise<string[]> {
  const states: string[] = [];
  while (states.length < count) {
    const { provider, selection_id } = (await resolve(registry)).body;
    const outcome = { service: "llm", provider_id: provider.id, selection_id, success };
    const { body } = await registry.post<{ circuit_state: string }>("/v1/outcomes", outcome);
    states.push(body.circuit_state);
  }
  return states;
}
const runtime = async (registry: AskedRegistry, query = "") =>
  (await registry.get<Runtime>(`/v1/runtime/services${query}`)).body;
const breakerOf = async (registry: AskedRegistry, id: string) =>
  (await runtime(registry)).circuit_breaker_stats[`llm.${id}`];
const reset = (registry: AskedRegistry, query = "") =>
  registry.post(`/v1/runtime/services/circuit-breakers/reset${query}`, undefined, OPERATOR);
const change = (registry: AskedRegistry, id: string, body: object, query = "") =>
  registry.call("PUT", `/v1/runtime/services/${id}/priority${query}`, body, OPERATOR);
/** A registry whose providers' health endpoints answer so. */
const openChecked = ({ open }: Ground, isWell: () => boolean) =>
  open({ fetchHealth: async () => new Response(null, { status: isWell() ? 204 : 500 }) });
const check = async (registry: AskedRegistry) =>
  (await registry.post("/v1/services/health-checks", undefined, OPERATOR)).body;
const health_url = "https://provider.example/health";

itMoves("The service registry", {
  async "`register(handler, service_type, provider, …)`"({ open }) {
    const registry = open();
    const { agent_id } = await offer(registry, "openai", [
      { handler: "ActionSelectionPDMA", priority: "HIGH", capabilities: ["function_calling"] },
      { service: "vision" },
    ]);
    expect(agent_id).toBe("openai");
    expect(await chosen(registry, "?handler=ActionSelectionPDMA&capability=function_calling")).toBe("openai");
    expect((await resolve(registry, "", "vision")).status).toBe(200);
  },
  async "`register_service(service_type, provider, …)`"({ open }) {
    const registry = open();
    await offer(registry, "fallback");
    await offer(registry, "star", { handler: "*", priority: "LOW" });
    expect(await listed(registry, "&handler=Whoever")).toEqual(["fallback", "star"]);
  },
  async "`unregister(name)`"({ open }) {
    const registry = open();
    const { lease_token } = await offer(registry, "openai");
    const left = await registry.call("DELETE", "/v1/agents/openai", undefined, {
      "Lease-Token": lease_token,
    });
    expect([left.status, (await resolve(registry)).status]).toEqual([204, 404]);
  },
  async "`get_service(handler, service_type, required_capabilities, fallback_to_global)`"({ open }) {
    const registry = open();
    await offer(registry, "own", { handler: "Speak", capabilities: ["text"] });
    await offer(registry, "global", { capabilities: ["text", "embeds"] });
    expect(await chosen(registry, "?handler=Speak&capability=text")).toBe("own");
    expect(await chosen(registry, "?handler=Speak&capability=text&capability=embeds")).toBe("global");
    const query = "?handler=Speak&capability=embeds&fallback_to_global=false";
    expect((await resolve(registry, query)).status).toBe(503);
  },
  async "all services of a type, in order"({ open }) {
    const registry = open();
    await offer(registry, "b", { priority_group: 1 });
    await offer(registry, "c", { priority: "LOW" });
    await offer(registry, "a", { priority: "HIGH" });
    await offer(registry, "d", {}, { status: "busy" });
    expect(await listed(registry)).toEqual(["a", "c", "b"]);
  },
  async "`record_success()`, `record_failure()`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await serve(registry, true, 2);
    await serve(registry, false, 1);
    expect(await breakerOf(registry, "a")).toMatchObject({ call_count: 3, failure_count: 1 });
  },
  async "`get_provider_info(handler, service_type)`"({ open }) {
    const registry = open();
    await offer(registry, "own", [{ handler: "Speak" }, { service: "vision", handler: "Speak" }]);
    await offer(registry, "global", { priority: "HIGH" }, { metadata: { model: "m" } });
    const info = await runtime(registry, "?handler=Speak&service_type=llm");
    expect(Object.keys(info.handlers["Speak"]!)).toEqual(["llm"]);
    expect(info.global_services["llm"]).toEqual([
      expect.objectContaining({
        name: "global",
        priority: "HIGH",
        priority_group: 0,
        strategy: "fallback",
        metadata: { model: "m" },
        circuit_breaker_state: "closed",
      }),
    ]);
    expect(Object.keys(info.circuit_breaker_stats)).toContain("llm.global");
  },
  async "`wait_ready(timeout, service_types)`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    const path = "/v1/services/ready?timeout=1&service=llm";
    expect((await registry.get(path)).body).toMatchObject({ ready: true });
    const missing = await registry.get(`${path}&service=memory`);
    expect([missing.status, missing.body["missing"]]).toEqual([503, ["memory"]]);
  },
  async "`health_check_all()`"(ground) {
    let isWell = true;
    const registry = openChecked(ground, () => isWell);
    await offer(registry, "a", [{ handler: "Speak" }, {}], { health_url });
    await offer(registry, "silent");
    expect(await check(registry)).toEqual({ "Speak.llm.a": true, "global.llm.a": true });
    isWell = false;
    await registry.pass(60_000);
    const { status } = await registry.post("/v1/sweep", undefined, OPERATOR);
    expect([status, await chosen(registry)]).toEqual([200, "silent"]);
  },
  async "`reset_circuit_breakers()`"({ open, withKeys }) {
    const registry = open();
    await offer(registry, "a");
    await serve(registry, false, 5);
    expect((await reset(registry)).body).toMatchObject({ success: true });
    expect(await breakerOf(registry, "a")).toMatchObject({ state: "closed", failure_count: 0 });
    const { status } = await registry.post("/v1/runtime/services/circuit-breakers/reset");
    expect(status).toBe(withKeys ? 403 : 200);
  },
  async "`PUT /v1/runtime/services/{name}/priority`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await offer(registry, "b", [{ priority: "LOW" }, { service: "vision" }]);
    const body = { priority: "critical", priority_group: 0, strategy: "FALLBACK" };
    expect((await change(registry, "b", body)).status).toBe(400);
    expect((await change(registry, "b", body, "?service_type=llm")).body).toMatchObject({
      success: true,
      provider_name: "b",
      changes: { old_priority: "LOW", new_priority: "CRITICAL" },
    });
    expect(await listed(registry)).toEqual(["b", "a"]);
  },
  async "`GET /v1/runtime/services/health`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await offer(registry, "b", {}, { status: "busy" });
    const { body } = await registry.get("/v1/runtime/services/health");
    expect(body).toMatchObject({
      overall_health: "degraded",
      total_services: 2,
      healthy_services: 1,
      unhealthy_services: 1,
      services: { "global.llm.a": { healthy: true }, "global.llm.b": { healthy: false, reason: "busy" } },
    });
  },
  async "`GET /v1/runtime/services/selection-logic`, `get_service_selection_explanation()`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await resolve(registry, "?handler=Speak");
    const { body } = await registry.get("/v1/runtime/services/selection-logic");
    expect(body).toMatchObject({ service_selection_logic: { priority_groups: expect.anything() } });
    const { body: made } = await registry.get("/v1/services/llm/selections");
    expect(made["selections"]).toEqual([expect.objectContaining({ handler: "Speak", provider: "a" })]);
  },

  async "`service_type`"({ open }) {
    const registry = open();
    const services = [{ service_type: "llm" }];
    await registry.register({ id: "a", type: "llm", services });
    const outcome = { service_type: "llm", provider_id: "a", success: true };
    expect((await registry.post("/v1/outcomes", outcome)).status).toBe(200);
    expect((await registry.get("/v1/services/ready?service_type=llm&timeout=0")).status).toBe(200);
    expect((await resolve(registry)).body.binding["service"]).toBe("llm");
  },
  async "`handler`"({ open }) {
    const registry = open();
    await offer(registry, "own", { handler: "Speak" });
    await offer(registry, "star", { handler: "*" });
    expect([await chosen(registry, "?handler=Speak"), await chosen(registry)]).toEqual(["own", "star"]);
  },
  async "`priority`"({ open }) {
    const registry = open();
    for (const [id, priority] of Object.entries({ e: 9, d: "low", c: "Normal", b: 1, a: "CRITICAL" })) {
      await offer(registry, id, { priority });
    }
    expect(await listed(registry)).toEqual(["a", "b", "c", "d", "e"]);
  },
  async "`priority_group`, `strategy`"({ open }) {
    const registry = open();
    await offer(registry, "a", { priority_group: 3, strategy: "ROUND_ROBIN" });
    expect((await resolve(registry)).body.binding).toMatchObject({
      priority_group: 3,
      strategy: "round_robin",
    });
  },
  async "`capabilities`"({ open }) {
    const registry = open();
    await offer(registry, "a", { capabilities: ["text"] }, { capabilities: ["vision"] });
    await offer(registry, "b", {}, { capabilities: ["vision"] });
    expect(await listed(registry, "&capability=text")).toEqual(["a"]);
    expect(await listed(registry, "&capability=vision")).toEqual(["b"]);
  },
  async "`required_capabilities`"({ open }) {
    const registry = open();
    await offer(registry, "a", { capabilities: ["text"] });
    await offer(registry, "b", { capabilities: ["text", "vision"] });
    for (const word of ["capability", "required_capabilities"]) {
      expect(await listed(registry, `&${word}=text&${word}=vision`)).toEqual(["b"]);
    }
  },
  async "`circuit_breaker_config`"({ open }) {
    const registry = open();
    const terms = { failure_threshold: 3, recovery_timeout: 120, success_threshold: 5, timeout_duration: 10 };
    await offer(registry, "a", { circuit_breaker_config: terms });
    await offer(registry, "b", { circuit_breaker: terms, priority: "LOW" });
    const { providers } = (await resolve(registry, "?limit=2")).body;
    expect(providers?.map(({ binding }) => binding["circuit_breaker"])).toEqual([terms, terms]);
  },
  async "`timeout_duration`"({ open }) {
    const registry = open();
    await offer(registry, "a", { circuit_breaker: { timeout_duration: 2.5 } });
    expect((await resolve(registry)).body.deadline_seconds).toBe(2.5);
  },
  async "`metadata`"({ open }) {
    const registry = open();
    const metadata = { model: "gpt-4", max_tokens: 4000 };
    await offer(registry, "a", {}, { metadata });
    expect((await resolve(registry)).body.provider["metadata"]).toEqual(metadata);
  },
  async "the instance"({ open }) {
    const registry = open();
    const where = { endpoint: "https://llm.example/v1", host: "llm.example", port: 443 };
    await offer(registry, "a", {}, where);
    expect((await resolve(registry)).body.provider).toMatchObject(where);
  },
  async "`is_healthy()`"(ground) {
    let isWell = true;
    const registry = openChecked(ground, () => isWell);
    await offer(registry, "a", {}, { health_url });
    expect(await check(registry)).toEqual({ "global.llm.a": true });
    isWell = false;
    expect(await check(registry)).toEqual({ "global.llm.a": false });
  },
  async "`name`, `state`, `failure_count`, `success_count`, `last_failure_time` of a breaker"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await serve(registry, false, 2);
    expect(await breakerOf(registry, "a")).toMatchObject({
      name: "llm.a",
      state: "closed",
      failure_count: 2,
      success_count: 0,
      last_failure_time: "2126-01-01T00:00:00.000Z",
    });
  },
  async "`success`, `message`, `changes` of a change of priority"({ open }) {
    const registry = open();
    await offer(registry, "a");
    expect((await change(registry, "a", { priority: "HIGH" })).body).toMatchObject({
      success: true,
      message: "Successfully updated provider 'a' priority",
      provider_name: "a",
      changes: { handler: "global", service_type: "llm", old_priority: "NORMAL", new_priority: "HIGH" },
    });
  },

  async "offers to the caller's handler first, then global ones; groups in ascending order; in a group by priority"({
    open,
  }) {
    const registry = open();
    await offer(registry, "d", { priority: "CRITICAL" });
    await offer(registry, "c", { handler: "Speak", priority_group: 2 });
    for (const id of ["b", "a"]) await offer(registry, id, { handler: "Speak", priority: "LOW" });
    expect(await listed(registry, "&handler=Speak")).toEqual(["a", "b", "c", "d"]);
  },
  async "a group is tried by the strategy of its first provider"({ open }) {
    const registry = open();
    await offer(registry, "a", { priority: "HIGH" });
    await offer(registry, "b", { strategy: "round_robin" });
    const { body } = await resolve(registry);
    expect([body.provider.id, body.warnings]).toEqual(["a", [expect.stringContaining("mixes strategies")]]);
    expect(await chosen(registry)).toBe("a");
  },
  async "`ROUND_ROBIN` takes each in turn"({ open }) {
    const registry = open();
    for (const id of ["a", "b", "d"]) await offer(registry, id, { strategy: "ROUND_ROBIN" });
    const turns = [await chosen(registry), await chosen(registry)];
    await offer(registry, "c", { strategy: "ROUND_ROBIN" });
    await registry.call("DELETE", "/v1/agents/b", undefined, OPERATOR);
    for (let turn = 0; turn < 4; turn += 1) turns.push(await chosen(registry));
    expect(turns).toEqual(["a", "b", "c", "d", "a", "c"]);
  },
  async "being selected counts as a success"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await serve(registry, false, 4);
    for (let i = 0; i < 3; i += 1) await resolve(registry);
    expect(await breakerOf(registry, "a")).toMatchObject({ failure_count: 4, success_count: 0 });
    expect(await serve(registry, false, 1)).toEqual(["open"]);
  },
  async "five failures open a breaker, after 60 s it is half open, three successes close it"({ open }) {
    const registry = open();
    await offer(registry, "a");
    expect(await serve(registry, false, 5)).toEqual(["closed", "closed", "closed", "closed", "open"]);
    await registry.pass(59_999);
    expect((await resolve(registry)).status).toBe(503);
    await registry.pass(1);
    expect(await serve(registry, true, 3)).toEqual(["half_open", "half_open", "closed"]);
  },
  async "a half-open breaker lets every call through"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await serve(registry, false, 5);
    await registry.pass(60_000);
    const statuses: number[] = [];
    for (let probe = 0; probe < 4; probe += 1) statuses.push((await resolve(registry)).status);
    expect(statuses).toEqual([200, 200, 200, 503]);
  },
  async "a failure while it is open prolongs that"({ open }) {
    const registry = open();
    await offer(registry, "a");
    const { selection_id } = (await resolve(registry)).body;
    await serve(registry, false, 5);
    await registry.pass(30_000);
    const late = { service: "llm", provider_id: "a", selection_id, success: false };
    expect((await registry.post("/v1/outcomes", late)).body).toMatchObject({ circuit_state: "open" });
    await registry.pass(30_000);
    expect((await resolve(registry)).body.circuit_state).toBe("half_open");
  },
  async "a failed health check is a failure, and passes the provider over"(ground) {
    let isWell = false;
    const registry = openChecked(ground, () => isWell);
    await offer(registry, "a", { priority: "HIGH" }, { health_url });
    await offer(registry, "b");
    await check(registry);
    expect([await chosen(registry), (await breakerOf(registry, "a"))?.failure_count]).toEqual(["b", 1]);
    isWell = true;
    await check(registry);
    expect(await chosen(registry)).toBe("a");
  },
  async "`Circuit breaker '…' is open, service unavailable`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    await serve(registry, false, 5);
    const { reasons } = (await resolve(registry)).body;
    const detail = "Circuit breaker 'llm.a' is open, service unavailable";
    expect(reasons).toEqual([{ id: "a", stage: "breaker", reason: "circuit_open", detail }]);
  },
  async "nobody usable: `None`"({ open }) {
    const registry = open();
    await offer(registry, "a", {}, { status: "maintenance" });
    const none = await resolve(registry);
    expect([none.status, none.body.code]).toEqual([503, "no_provider_available"]);
    expect(stagesOf(none.body.reasons)).toEqual([["a", "status", "maintenance"]]);
    const nobody = await resolve(registry, "", "memory");
    expect([nobody.status, nobody.body.code]).toEqual([404, "service_not_found"]);
  },
  async "an unknown priority, strategy or provider: 200 with `success: false`"({ open }) {
    const registry = open();
    await offer(registry, "a");
    const answers = [
      await change(registry, "a", { priority: "X" }),
      await change(registry, "a", { priority: "HIGH", strategy: "X" }),
      await change(registry, "X", { priority: "HIGH" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 404]);
    expect(answers.map(({ body }) => body["error"])).toEqual([
      expect.stringContaining("Invalid priority 'X'. Valid priorities: "),
      expect.stringContaining("Invalid strategy 'X'. Valid strategies: "),
      "Service provider 'X' not found in registry",
    ]);
  },
  async "a reset closes all breakers, whatever `service_type` says"({ open }) {
    const registry = open();
    await offer(registry, "a", [{}, { service: "vision" }]);
    const outcomes = ["llm", "vision"].flatMap((service) =>
      Array.from({ length: 5 }, () => ({ service, provider_id: "a", success: false })),
    );
    await registry.post("/v1/outcomes", { outcomes });
    await reset(registry, "?service_type=llm");
    const stats = Object.values((await runtime(registry)).circuit_breaker_stats) as {
      name: string;
      state: string;
    }[];
    const states = stats.map(({ name, state }) => `${name} ${state}`);
    expect(states.toSorted(byCodeUnit)).toEqual(["llm.a closed", "vision.a open"]);
  },
  async "`overall_health`: unhealthy where more are unhealthy than healthy, else degraded where any is"({
    open,
  }) {
    const registry = open();
    const overall = async () => (await registry.get("/v1/runtime/services/health")).body["overall_health"];
    const seen = [await overall()];
    for (const [id, status] of Object.entries({ a: "available", b: "busy", c: "offline" })) {
      await offer(registry, id, {}, { status });
      seen.push(await overall());
    }
    expect(seen).toEqual(["healthy", "healthy", "degraded", "unhealthy"]);
  },
});
