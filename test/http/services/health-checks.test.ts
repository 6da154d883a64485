import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import worker from "../../../src/worker.ts";
import { apiKeys, bearer } from "../../support/keys.ts";
import { openServices, type Services, stagesOf } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";
import { healthEndpoints } from "../../support/health-endpoints.ts";

const CHECKS = "/v1/services/health-checks";
const WELL = { health_url: "https://well.example/health" };

/** https://well.example is healthy; every other URL answers 503. */
function connected({ openBackend }: (typeof BACKENDS)[number]) {
  const ill = new Set<string>();
  const { asked, fetchHealth } = healthEndpoints((url) => {
    const { hostname } = new URL(url);
    return new Response("…", { status: hostname === "well.example" && !ill.has(hostname) ? 200 : 503 });
  });
  const services = openServices({ backend: openBackend(), fetchHealth });
  return { services, asked, ill };
}
const check = async (services: Services) => (await services.post<Record<string, boolean>>(CHECKS)).body;

describe.each(BACKENDS)("health checks on $backend", (backend) => {
  it("tell of each offer whether its provider passed, by handler, service and provider [1-59]", async () => {
    const { services, asked } = connected(backend);
    await services.offer("a/b", [{}, { handler: "chat" }, { service: "stt" }], WELL);
    await services.offer("c", {}, { health_url: "https://ill.example/" });
    const { status, body } = await services.post(CHECKS);
    expect(status).toBe(200);
    expect(body).toEqual({
      "global.llm.a/b": true,
      "chat.llm.a/b": true,
      "global.stt.a/b": true,
      "global.llm.c": false,
    });
    // One provider is asked once, however much it offers.
    expect(asked.toSorted()).toEqual(["https://ill.example/", WELL.health_url]);
  });

  it("leave out who has no health_url, no services, or no life [1-59]", async () => {
    const { services, asked } = connected(backend);
    await services.offer("without");
    await services.register({ id: "no-services", ...WELL });
    await services.register({ id: "lapsed", services: [{ service: "llm" }], ttl_seconds: 60, ...WELL });
    await services.pass(60_001);
    expect(await check(services)).toEqual({});
    expect(asked).toEqual([]);
  });

  it("bar who fails from selection until one passes, and count one failure each [1-24]", async () => {
    const { services, ill } = connected(backend);
    await services.offer("a", {}, WELL);
    expect(await services.turns(1)).toEqual(["a"]);
    ill.add("well.example");
    expect(await check(services)).toEqual({ "global.llm.a": false });
    const { status, body } = await services.resolve();
    expect([status, body.code]).toEqual([503, "no_provider_available"]);
    expect(body.reasons).toEqual([
      {
        id: "a",
        stage: "health_check",
        reason: "health_check_failed",
        detail: "its health check answered 503",
      },
    ]);
    expect(await services.stats("a")).toMatchObject({
      failure_count: 1,
      total_failures: 1,
      last_error: "its health check answered 503",
      health_check: "its health check answered 503",
    });
    ill.clear();
    await check(services);
    expect(await services.turns(1)).toEqual(["a"]);
    expect(await services.stats("a")).toMatchObject({ state: "closed", health_check: null });
  });

  it("that pass move no counter: failures stay, and no half-open breaker is closed", async () => {
    const { services } = connected(backend);
    await services.offer("a", {}, WELL);
    await services.reports("a", false, 4);
    const before = await services.stats("a");
    for (let i = 0; i < 3; i += 1) await check(services);
    expect(await services.stats("a")).toEqual(before);
    await services.report("a", false);
    await services.pass(60_000);
    for (let i = 0; i < 3; i += 1) await check(services);
    expect(await services.stats("a")).toMatchObject({ state: "half_open", success_count: 0 });
  });

  it("that fail open the breaker like any five failures, and a pass does not close it", async () => {
    const { services, ill } = connected(backend);
    await services.offer("a", {}, WELL);
    ill.add("well.example");
    for (let i = 0; i < 5; i += 1) await check(services);
    expect((await services.stats("a")).state).toBe("open");
    ill.clear();
    await check(services);
    expect(stagesOf((await services.resolve()).body.reasons)).toEqual([["a", "breaker", "circuit_open"]]);
    await services.pass(60_000);
    expect((await services.resolve()).body.circuit_state).toBe("half_open");
  });

  it("say nothing of a registration that came after", async () => {
    const { services, ill } = connected(backend);
    await services.offer("a", {}, WELL);
    ill.add("well.example");
    await check(services);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.offer("a", {}, WELL);
    expect(await services.turns(1)).toEqual(["a"]);
  });

  it("are made by a sweep too, which says how many", async () => {
    const { services, asked, ill } = connected(backend);
    await services.offer("a", {}, WELL);
    await services.offer("b", {}, { health_url: "https://ill.example/" });
    await services.offer("without");
    ill.add("well.example");
    const { status, body } = await services.post("/v1/sweep");
    expect([status, body["checked"]]).toEqual([200, 2]);
    expect(asked).toHaveLength(2);
    expect(await services.turns(1)).toEqual(["without"]);
    ill.clear();
    await services.post("/v1/sweep");
    expect(await services.turns(1)).toEqual(["a"]);
  });

  it("are each namespace's own", async () => {
    const { services, asked } = connected(backend);
    await services.register({ id: "a", services: [{ service: "llm" }], ...WELL });
    const there = { "Rollcall-Namespace": "elsewhere" };
    expect((await services.post(CHECKS, undefined, there)).body).toEqual({});
    expect(asked).toEqual([]);
  });
});

describe("the cron", () => {
  it("checks health too, in every namespace", async () => {
    const namespace = `n-${crypto.randomUUID()}`;
    const key = { name: "boss", token: "key-of-boss", scopes: ["admin" as const], namespace };
    const bindings = { ...env, API_KEYS: await apiKeys([key]) };
    const ask = async (method: string, path: string, body?: unknown) => {
      const request = new Request<unknown, IncomingRequestCfProperties>(`https://rollcall.test${path}`, {
        method,
        headers: { ...bearer(key.token), "Content-Type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const response = await worker.fetch(request, bindings, {} as ExecutionContext);
      return { status: response.status, body: await response.json<Record<string, unknown>>() };
    };
    const agent = { id: "a", name: "a", type: "worker", services: [{ service: "llm" }] };
    // Not to be fetched, so nothing leaves the machine.
    await ask("POST", "/v1/agents", { ...agent, health_url: "http://127.0.0.1:1/" });
    expect((await ask("GET", "/v1/services/llm/resolve")).status).toBe(200);

    await worker.scheduled(createScheduledController(), bindings);
    const { status, body } = await ask("GET", "/v1/services/llm/resolve");
    expect(status).toBe(503);
    expect(body["reasons"]).toEqual([
      {
        id: "a",
        stage: "health_check",
        reason: "health_check_failed",
        detail: "its health_url may not be fetched: it is not https",
      },
    ]);
  });
});
