import { describe, expect, it } from "vitest";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { Registry, START } from "../../support/registry.ts";
import { openServices, type Resolved, type Taken } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Results {
  results: Taken[];
}

describe.each(BACKENDS)("an outcome on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("is taken, and answered with where the provider stands now", async () => {
    const services = open();
    await services.offer("a/b", { circuit_breaker: { failure_threshold: 2 } });
    const first = await services.report("a/b", false, { latency_ms: 100 });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      service: "llm",
      provider_id: "a/b",
      counted: true,
      circuit_state: "closed",
      latency_ms: 100,
    });
    expect((await services.report("a/b", false)).body.circuit_state).toBe("open");
    await services.pass(60_000);
    expect((await services.report("a/b", true)).body.circuit_state).toBe("half_open");
  });

  it("of a provider that is not there, or of a service that it does not offer, is 404", async () => {
    const services = open();
    await services.offer("a");
    await services.offer("b", { service: "stt" });
    await services.register({ id: "lapsing", services: [{ service: "llm" }], ttl_seconds: 60 });
    const expectUnknown = async (id: string, service = "llm") => {
      const { status, body } = await services.report(id, true, { service });
      expect([status, body.code]).toEqual([404, "provider_not_found"]);
      expect(body.detail).toContain(`"${id}"`);
      expect(body.detail).toContain(`"${service}"`);
    };
    await expectUnknown("nobody");
    await expectUnknown("b");
    await expectUnknown("a", "tts");
    expect((await services.report("lapsing", false)).status).toBe(200);
    await services.pass(60_001);
    await expectUnknown("lapsing");
  });

  it("of a provider that cannot be selected still counts: the call was made before", async () => {
    const services = open();
    await services.offer("a", {}, { status: "busy" });
    await services.post("/v1/agents/a/drain");
    expect((await services.report("a", false)).body).toMatchObject({ counted: true });
    expect((await services.stats("a")).total_failures).toBe(1);
  });

  it("that names its selection counts once, however often it is reported", async () => {
    const services = open();
    await services.offer("a");
    const { selection_id } = (await services.resolve()).body;
    expect((await services.report("a", false, { selection_id })).body.counted).toBe(true);
    for (const success of [false, true]) {
      const again = await services.report("a", success, { selection_id, latency_ms: 5 });
      expect(again).toMatchObject({ status: 200, body: { counted: false, latency_ms: null } });
    }
    const other = (await services.resolve()).body.selection_id;
    const twice = { service: "llm", provider_id: "a", success: false, selection_id: other };
    const { body } = await services.post<Results>("/v1/outcomes", { outcomes: [twice, twice] });
    expect(body.results.map(({ counted }) => counted)).toEqual([true, false]);
    expect(await services.stats("a")).toMatchObject({ failure_count: 2, call_count: 2 });
  });

  it("that names its selection counts once, even when ten report it at once", async () => {
    const services = open();
    await services.offer("a");
    const { selection_id } = (await services.resolve()).body;
    const taken = await mapConcurrently(10, Array.from({ length: 10 }), () =>
      services.report("a", false, { selection_id }),
    );
    expect(taken.filter(({ body }) => body.counted)).toHaveLength(1);
    expect((await services.stats("a")).call_count).toBe(1);
  });

  it("opens the breaker for every caller once five of them have failed [1-29] [1-35]", async () => {
    const key = (name: string, scopes: TestKey["scopes"]) => ({ name, token: `key-${name}`, scopes });
    const callers = Array.from({ length: 5 }, (_, i) => key(`caller-${i}`, ["read", "write"]));
    const reader = key("reader", ["read"]);
    const services = openServices({
      backend: openBackend(),
      access: await keysAccess([...callers, reader]),
    });
    await services.register({ id: "a", services: [{ service: "llm" }] }, bearer("key-caller-0"));
    const states: unknown[] = [];
    for (const { token } of callers) {
      const headers = bearer(token);
      const { selection_id } = (await services.get<Resolved>("/v1/services/llm/resolve", headers)).body;
      const failed = { service: "llm", provider_id: "a", success: false, selection_id };
      states.push((await services.post<Taken>("/v1/outcomes", failed, headers)).body.circuit_state);
    }
    expect(states).toEqual(["closed", "closed", "closed", "closed", "open"]);
    const asked = await services.get("/v1/services/llm/resolve", bearer(reader.token));
    expect(asked).toMatchObject({ status: 503, body: { code: "no_provider_available" } });
  });

  it("without a selection's id, or with null, opens no breaker but for the owner's key and an admin's", async () => {
    const key = (name: string, scopes: TestKey["scopes"]) => ({ name, token: `key-${name}`, scopes });
    const services = openServices({
      backend: openBackend(),
      access: await keysAccess([
        key("owner", ["write"]),
        key("other", ["write", "read"]),
        key("boss", ["admin"]),
      ]),
    });
    await services.register({ id: "a", services: [{ service: "llm" }] }, bearer("key-owner"));
    const failed = { service: "llm", provider_id: "a", success: false, selection_id: null };
    const reports = async (token: string, count: number) => {
      const { body } = await services.post<Results>(
        "/v1/outcomes",
        { outcomes: Array.from({ length: count }, () => failed) },
        bearer(token),
      );
      return body.results.at(-1);
    };
    expect(await reports("key-other", 50)).toMatchObject({ counted: true, circuit_state: "closed" });
    expect(await reports("key-owner", 4)).toMatchObject({ circuit_state: "closed" });
    expect(await reports("key-boss", 1)).toMatchObject({ circuit_state: "open" });
  });

  it("that is a success starts the count of failures afresh [1-35]", async () => {
    const services = open();
    await services.offer("a");
    await services.reports("a", false, 4);
    await services.report("a", true);
    await services.reports("a", false, 4);
    expect(await services.stats("a")).toMatchObject({ state: "closed", failure_count: 4, call_count: 9 });
    expect((await services.report("a", false)).body.circuit_state).toBe("open");
  });

  it("changes nothing while the breaker is open: the outage gets no longer [1-33] [1-38]", async () => {
    const services = open();
    await services.offer("a");
    await services.reports("a", false, 5);
    await services.pass(59_999);
    expect((await services.report("a", false)).body.circuit_state).toBe("open");
    expect((await services.report("a", true)).body.circuit_state).toBe("open");
    await services.pass(1);
    expect((await services.report("a", true)).body, "by no probe's id").toMatchObject({
      counted: false,
      circuit_state: "half_open",
    });
    expect((await services.resolve()).body).toMatchObject({ circuit_state: "half_open" });
  });

  it("closes a half-open breaker at the third success, and opens it at any failure [1-36] [1-37]", async () => {
    const services = open();
    await services.offer("a");
    await services.reports("a", false, 5);
    await services.pass(60_000);
    await services.served(true, 2);
    expect(await services.served(false, 1)).toEqual(["open"]);
    await services.pass(59_999);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.pass(1);
    expect(await services.served(true, 3)).toEqual(["half_open", "half_open", "closed"]);
    expect(await services.stats("a")).toMatchObject({ state: "closed", failure_count: 0, success_count: 0 });
  });

  it("weighs a fifth in the mean latency, which is shown", async () => {
    const services = open();
    await services.offer("a");
    const means: (number | null)[] = [];
    for (const latency_ms of [100, 200, undefined, 0]) {
      means.push((await services.report("a", true, { latency_ms })).body.latency_ms);
    }
    expect(means).toEqual([100, 120, 120, 96]);
    expect((await services.stats("a")).latency_ms).toBe(96);
  });

  it("that failed leaves its error and its time to be read [1-41]", async () => {
    const services = open();
    await services.offer("a");
    await services.report("a", false, { error: "429 Too Many Requests: ☕" });
    await services.pass(1500);
    await services.report("a", true, { error: "of no interest" });
    expect(await services.stats("a")).toMatchObject({
      last_error: "429 Too Many Requests: ☕",
      last_failure_time: new Date(START).toISOString(),
      last_failure_age: 1.5,
      success_rate: 0.5,
    });
    await services.report("a", false);
    expect((await services.stats("a")).last_error).toBeNull();
  });

  it("says nothing of a registration that came after", async () => {
    const services = open();
    const { lease_token } = await services.offer("a");
    await services.reports("a", false, 5);
    const binding = { service: "llm" };
    const renewal = {
      id: "a",
      name: "agent",
      type: "worker",
      heartbeat_interval_seconds: null,
      services: [binding],
    };
    await services.post("/v1/agents", renewal, { "Lease-Token": lease_token });
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.offer("a");
    expect(await services.turns(1)).toEqual(["a"]);
    expect(await services.stats("a")).toMatchObject({ state: "closed", call_count: 0, latency_ms: null });
  });

  it("is each service's own, though the provider be the same [1-08]", async () => {
    const services = open();
    await services.offer("a", [{}, { service: "stt" }, { handler: "chat" }]);
    await services.reports("a", false, 5);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    expect(await services.turns(1, "?handler=chat")).toEqual(["no_provider_available"]);
    expect(await services.turns(1, "", "stt")).toEqual(["a"]);
  });

  it("is judged by the terms of the provider's first binding of the service", async () => {
    const services = open();
    const terms = { failure_threshold: 1, recovery_timeout: 5 };
    await services.offer("a", [{ handler: "chat", circuit_breaker: terms }, {}]);
    expect((await services.report("a", false)).body.circuit_state).toBe("open");
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
    await services.pass(5000);
    expect(await services.turns(1)).toEqual(["a"]);
  });
});

describe("outcomes", () => {
  it.each([
    { bad: { selection_id: "no-selection-id" }, pointer: "/selection_id" },
    { bad: { selection_id: "" }, pointer: "/selection_id" },
    { bad: { latency_ms: -1 }, pointer: "/latency_ms" },
    { bad: { latency_ms: 86_400_001 }, pointer: "/latency_ms" },
    { bad: { error: "x".repeat(4097) }, pointer: "/error" },
    { bad: { success: "yes" }, pointer: "/success" },
    { bad: { provider_id: "-a" }, pointer: "/provider_id" },
    { bad: { service: "" }, pointer: "/service" },
    { bad: { colour: "red" }, pointer: "/colour" },
  ])("are refused with $bad", async ({ bad, pointer }) => {
    const services = openServices();
    await services.offer("a");
    const { status, body } = await services.report("a", true, bad);
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect((await services.stats("a")).call_count).toBe(0);
  });

  it("are told what is missing of one, and not that it is no batch", async () => {
    const { body } = await new Registry().post<{ errors: object[] }>("/v1/outcomes", {
      selection_id: crypto.randomUUID(),
      success: false,
    });
    expect(body.errors).toEqual([
      { pointer: "/service", detail: "is required" },
      { pointer: "/provider_id", detail: "is required" },
    ]);
  });
});
