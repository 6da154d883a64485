import { describe, expect, it } from "vitest";
import { openServices, type Resolved, stagesOf } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const ROUND = { strategy: "round_robin" };

describe.each(BACKENDS)("an answer to resolve on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("holds the provider, the binding it was found by, and the terms of the call [1-30]", async () => {
    const services = open();
    const { lease_token } = await services.offer(
      "a/b",
      { handler: "chat", priority: "HIGH", circuit_breaker: { timeout_duration: 2.5 } },
      { host: "a.example", metadata: { zone: 1 } },
    );
    const { status, body } = await services.resolve("?handler=chat");
    expect(status).toBe(200);
    expect(body).toEqual({
      provider: (await services.get("/v1/agents/a%2Fb")).body,
      binding: {
        service: "llm",
        handler: "chat",
        priority: 1,
        priority_group: 0,
        strategy: "fallback",
        circuit_breaker: {
          failure_threshold: 5,
          recovery_timeout: 60,
          success_threshold: 3,
          timeout_duration: 2.5,
        },
      },
      selection_id: expect.stringMatching(/^[0-9a-f-]{36}\.\d{13}\.0\.[\w-]{22}$/) as string,
      deadline_seconds: 2.5,
      circuit_state: "closed",
      considered: 1,
    });
    expect(JSON.stringify(body)).not.toContain(lease_token.split(".")[3]);
  });

  it("holds with a limit all that can be used, the one chosen first, and nothing has been done with the others [1-27]", async () => {
    const services = open();
    await services.offer("a", { ...ROUND, priority_group: 1 });
    await services.offer("b", { ...ROUND, priority_group: 1 });
    await services.offer("c", { priority: "LOW" });
    await services.offer("d", { priority: "HIGH" }, { status: "busy" });
    await services.offer("e", { handler: "chat", circuit_breaker: { timeout_duration: 2 } });
    const idsOf = ({ body }: { body: Resolved }) => body.providers?.map(({ provider }) => provider["id"]);

    const first = await services.resolve("?handler=chat&limit=10&explain=true");
    expect(idsOf(first)).toEqual(["e", "c", "a", "b"]);
    const {
      provider,
      binding,
      selection_id,
      deadline_seconds,
      circuit_state,
      considered,
      providers,
      reasons,
    } = first.body;
    expect(providers?.[0]).toEqual({ provider, binding, deadline_seconds, circuit_state });
    expect([deadline_seconds, selection_id]).toEqual([2, expect.any(String)]);
    expect(considered).toBe(5);
    expect(stagesOf(reasons)).toEqual([["d", "status", "busy"]]);

    expect(idsOf(await services.resolve("?limit=2"))).toEqual(["c", "a"]);
    expect(idsOf(await services.resolve("?limit=10"))).toEqual(["c", "a", "b"]);
    expect(idsOf(await services.resolve("?limit=1"))).toEqual(["c"]);
    expect((await services.resolve()).body).not.toHaveProperty("providers");
  });

  it("holds with a limit what the turn makes of a group, and takes one turn", async () => {
    const services = open();
    for (const id of ["a", "b", "c"]) await services.offer(id, ROUND);
    const seen: unknown[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const { body } = await services.resolve("?limit=3");
      seen.push(body.providers?.map(({ provider }) => provider["id"]).join(""));
    }
    expect(seen).toEqual(["abc", "bca", "cab", "abc"]);
  });

  it("gives 30 seconds where nothing was said, and every selection an id of its own [1-29]", async () => {
    const services = open();
    await services.offer("a");
    const [first, second] = [await services.resolve(), await services.resolve()];
    expect(first.body.deadline_seconds).toBe(30);
    expect(first.body.selection_id).not.toBe(second.body.selection_id);
  });

  it("is none of those that the caller excludes, because it has tried them", async () => {
    const services = open();
    await services.offer("a", { priority: "HIGH" });
    await services.offer("b", ROUND);
    await services.offer("c", ROUND);
    expect(await services.turns(1, "?exclude=a")).toEqual(["b"]);
    expect(await services.turns(1, "?exclude=a&exclude=c")).toEqual(["b"]);
    const { status, body } = await services.resolve("?exclude=a&exclude=b&exclude=c&fail_open=true");
    expect([status, body.code]).toEqual([503, "no_provider_available"]);
    expect(stagesOf(body.reasons)).toEqual(["a", "b", "c"].map((id) => [id, "caller", "excluded"]));
  });

  it("holds reasons if asked to explain, and only then", async () => {
    const services = open();
    await services.offer("a", { priority: "HIGH" }, { status: "busy" });
    await services.offer("b");
    await services.offer("c");
    const { body } = await services.resolve("?explain=true");
    expect(body.provider.id).toBe("b");
    expect(body.considered).toBe(2);
    expect(stagesOf(body.reasons)).toEqual([["a", "status", "busy"]]);
    const { body: silent } = await services.resolve("?explain=false");
    expect(silent).not.toHaveProperty("reasons");
    expect(silent.considered).toBe(2);
    expect((await services.resolve()).body).not.toHaveProperty("reasons");
  });

  it("is 404 for a service that nobody offers, or nobody any more", async () => {
    const services = open();
    await services.register({ id: "a", services: [{ service: "llm" }], ttl_seconds: 60 });
    const expectUnknown = async (service: string) => {
      const { status, body } = await services.resolve("", service);
      expect([status, body.code]).toEqual([404, "service_not_found"]);
      expect(body.detail).toContain(service);
      expect(body).not.toHaveProperty("reasons");
    };
    await expectUnknown("stt");
    expect((await services.resolve()).status).toBe(200);
    await services.call("DELETE", "/v1/agents/a");
    await expectUnknown("llm");
  });

  it("is 503 while all providers have lapsed, unless it may fail open", async () => {
    const services = open();
    await services.register({ id: "a", services: [{ service: "llm" }], ttl_seconds: 60, current_load: 3 });
    await services.pass(60_001);
    const { status, body } = await services.resolve();
    expect([status, body.code]).toEqual([503, "no_provider_available"]);
    expect(body.reasons).toEqual([
      {
        id: "a",
        stage: "liveness",
        reason: "lapsed",
        detail: "its lease has ended; it comes back by calling in",
      },
    ]);
    const opened = await services.resolve("?fail_open=true");
    expect(opened.status).toBe(200);
    expect(opened.body).toMatchObject({
      fail_open: true,
      provider: { id: "a", status: "available", effective_status: "unreachable", current_load: 3 },
    });
  });

  it("is 503 when nobody can be used, with one reason each, and when to ask again [1-26]", async () => {
    const services = open();
    // Two ways to the same provider are one provider passed over.
    await services.offer("busy", [{ handler: "chat" }, {}], { status: "busy" });
    await services.offer("open");
    await services.reports("open", false, 5);
    await services.offer("other", { handler: "voice" });
    const { status, headers, body } = await services.resolve("?handler=chat");
    expect([status, body.code]).toEqual([503, "no_provider_available"]);
    expect(headers.get("Retry-After")).toBe("1");
    expect(stagesOf(body.reasons)).toEqual([
      ["busy", "status", "busy"],
      ["open", "breaker", "circuit_open"],
      ["other", "handler", "other_handler"],
    ]);
  });

  it.each([
    { query: "?capabilities=spot", pointer: "/capabilities" },
    { query: "?explain=yes", pointer: "/explain" },
    { query: "?dry_run=1", pointer: "/dry_run" },
    { query: "?fallback_to_global=no", pointer: "/fallback_to_global" },
    { query: "?handler=", pointer: "/handler" },
    { query: "?handler=a&handler=b", pointer: "/handler" },
  ])("is 400 for $query", async ({ query, pointer }) => {
    const { status, body } = await open().resolve(query);
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it.each(["a/b", "größe", "two words", "50%", "*", "..."])("finds a service called %s", async (service) => {
    const services = open();
    await services.offer("a", { service });
    expect((await services.resolve("", service)).body).toMatchObject({ binding: { service } });
  });
});

describe.each(BACKENDS)("a handler on $backend", ({ openBackend }) => {
  const GLOBAL = ["?", "?handler=*", "?handler=*&fallback_to_global=false", "?handler=voice"];

  async function chatAndGlobal() {
    const services = openServices({ backend: openBackend() });
    await services.offer("global", { priority: "CRITICAL" });
    await services.offer("chat", { handler: "chat", priority: "FALLBACK", priority_group: 9 });
    return services;
  }

  it.each(GLOBAL)("that has no offers of its own is served by the global ones: %s [1-12]", async (query) => {
    expect(await (await chatAndGlobal()).turns(1, query)).toEqual(["global"]);
  });

  it("is served by its own offers first, by the global ones if none of them can be used [1-11]", async () => {
    const services = await chatAndGlobal();
    expect(await services.turns(1, "?handler=chat")).toEqual(["chat"]);
    await services.reports("chat", false, 5);
    const { body } = await services.resolve("?handler=chat&explain=true");
    expect(body.provider.id).toBe("global");
    expect(body.binding).toMatchObject({ handler: "*" });
    expect(stagesOf(body.reasons)).toEqual([["chat", "breaker", "circuit_open"]]);
  });

  it("is not served by global offers that it does not want [1-11]", async () => {
    const services = await chatAndGlobal();
    await services.reports("chat", false, 5);
    const { status, body } = await services.resolve("?handler=chat&fallback_to_global=false");
    expect(status).toBe(503);
    expect(stagesOf(body.reasons)).toEqual([
      ["chat", "breaker", "circuit_open"],
      ["global", "handler", "other_handler"],
    ]);
  });

  it("is what it is called, letter for letter", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("chat", { handler: "chat" });
    expect(await services.turns(1, "?handler=Chat")).toEqual(["no_provider_available"]);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);
  });
});

describe.each(BACKENDS)("a required capability on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("is looked for in the binding, or in the agent where the binding names none [1-22]", async () => {
    const services = open();
    await services.offer("agents", {}, { capabilities: ["draw", { name: "paint" }] });
    await services.offer("bindings", { capabilities: ["sing"] }, { capabilities: ["draw"] });
    await services.offer("none", { capabilities: [], priority: "CRITICAL" }, { capabilities: ["draw"] });
    expect(await services.turns(1, "?capability=draw")).toEqual(["agents"]);
    expect(await services.turns(1, "?capability=paint&capability=draw")).toEqual(["agents"]);
    expect(await services.turns(1, "?capability=sing")).toEqual(["bindings"]);
    expect(await services.turns(1)).toEqual(["none"]);
    const { body } = await services.resolve("?capability=draw&capability=sing");
    expect(body.reasons).toEqual(
      [
        ["none", "draw, sing"],
        ["agents", "sing"],
        ["bindings", "draw"],
      ].map(([id, missing]) => ({
        id,
        stage: "capability",
        reason: "capability_missing",
        detail: `it does not offer ${missing}`,
      })),
    );
  });

  it("that is missing moves no counter and no cursor [1-23]", async () => {
    const services = open();
    await services.offer("a", { ...ROUND, capabilities: ["x"] });
    await services.offer("b", { ...ROUND });
    await services.reports("b", false, 4);
    const before = await services.runtime();
    expect(await services.turns(2, "?capability=x")).toEqual(["a", "a"]);
    expect(await services.turns(2, "?capability=y")).toEqual(Array(2).fill("no_provider_available"));
    expect(await services.runtime()).toEqual(before);
    expect(await services.turns(1)).toEqual(["b"]);
  });
});
