import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { openServices, type Refusal, type Services } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Changed {
  changes: Record<string, unknown>;
}

const put = (services: Services, id: string, body: unknown, query = "") =>
  services.call<Changed & Refusal>(
    "PUT",
    `/v1/runtime/services/${encodeURIComponent(id)}/priority${query}`,
    body,
  );

describe.each(BACKENDS)("a change of priority on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("is answered in source 1's shape, and by its names [1-46] [1-47]", async () => {
    const services = open();
    await services.offer("a/b", { priority: 9, priority_group: 4 });
    await services.pass(1000);
    const change = { priority: "high", priority_group: 1, strategy: "round_robin" };
    const { status, body } = await put(services, "a/b", change);
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      message: "Successfully updated provider 'a/b' priority",
      provider_name: "a/b",
      changes: {
        handler: "global",
        service_type: "llm",
        old_priority: "FALLBACK",
        new_priority: "HIGH",
        old_priority_group: 4,
        new_priority_group: 1,
        old_strategy: "FALLBACK",
        new_strategy: "ROUND_ROBIN",
      },
      timestamp: new Date(START + 1000).toISOString(),
    });
    const { body: again } = await put(services, "a/b", { priority: "LOW" });
    expect(again.changes).toMatchObject({
      old_priority: "HIGH",
      new_priority: "LOW",
      old_priority_group: 1,
      new_priority_group: 1,
      old_strategy: "ROUND_ROBIN",
      new_strategy: "ROUND_ROBIN",
    });
  });

  it.each([
    ["CRITICAL", "CRITICAL"],
    ["critical", "CRITICAL"],
    ["HiGh", "HIGH"],
    [0, "CRITICAL"],
    [9, "FALLBACK"],
    ["3", "LOW"],
  ])("takes %j for %s [1-46]", async (priority, name) => {
    const services = open();
    await services.offer("a");
    expect((await put(services, "a", { priority })).body.changes).toMatchObject({ new_priority: name });
    expect((await services.runtime()).global_services["llm"]?.[0]?.priority).toBe(name);
  });

  it.each(["round_robin", "ROUND_ROBIN", "Round_Robin"])("takes the strategy %s [1-02]", async (strategy) => {
    const services = open();
    await services.offer("a", { strategy: "FallBack" });
    const { body } = await put(services, "a", { priority: 2, strategy });
    expect(body.changes).toMatchObject({ old_strategy: "FALLBACK", new_strategy: "ROUND_ROBIN" });
    expect((await services.runtime()).global_services["llm"]?.[0]?.strategy).toBe("round_robin");
  });

  it.each([
    [{ priority: "URGENT" }, "/priority", "Invalid priority 'URGENT'. Valid priorities: "],
    [{ priority: 4 }, "/priority", "Invalid priority '4'. Valid priorities: "],
    [{ priority: "" }, "/priority", "Invalid priority ''. Valid priorities: "],
    [{ priority: "LOW", strategy: "random" }, "/strategy", "Invalid strategy 'random'. Valid strategies: "],
  ])("is 400 for %j, in source 1's words [1-48]", async (body, pointer, text) => {
    const services = open();
    await services.offer("a");
    const valid = pointer === "/priority" ? "CRITICAL, HIGH, NORMAL, LOW, FALLBACK" : "FALLBACK, ROUND_ROBIN";
    const refused = await put(services, "a", body);
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
    expect(refused.body.error).toBe(`${text}[${valid}]`);
    expect(refused.body.errors).toEqual([{ pointer, detail: refused.body.error }]);
    expect((await services.runtime()).global_services["llm"]?.[0]?.priority).toBe("NORMAL");
  });

  it.each([
    [{}, "/priority"],
    [{ priority: "LOW", priority_group: -1 }, "/priority_group"],
    [{ priority: "LOW", priority_group: 1001 }, "/priority_group"],
    [{ priority: "LOW", group: 1 }, "/group"],
  ])("is 400 for %j", async (body, pointer) => {
    const services = open();
    await services.offer("a");
    const refused = await put(services, "a", body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("is 404 for a provider that is not there, or has no such binding [1-48]", async () => {
    const services = open();
    await services.offer("a", { handler: "chat" });
    await services.register({ id: "no-services" });
    await services.register({ id: "lapsed", services: [{ service: "llm" }], ttl_seconds: 60 });
    await services.pass(60_001);
    for (const [id, query] of [
      ["nobody", ""],
      ["no-services", ""],
      ["lapsed", ""],
      ["a", "?service_type=stt"],
      ["a", "?handler=voice"],
    ] as const) {
      const { status, body } = await put(services, id, { priority: "LOW" }, query);
      expect([id, status, body.code]).toEqual([id, 404, "provider_not_found"]);
      expect(body.error).toBe(`Service provider '${id}' not found in registry`);
    }
  });

  it("has to say which binding, where there are several", async () => {
    const services = open();
    await services.offer("a", [{}, { handler: "chat" }, { service: "stt" }]);
    for (const query of ["", "?service_type=llm", "?handler=*"]) {
      const refused = await put(services, "a", { priority: "LOW" }, query);
      expect([query, refused.status]).toEqual([query, 400]);
      expect(refused.body.errors).toMatchObject([{ pointer: "/service_type" }]);
    }
    const priorities = async () => {
      const { handlers, global_services } = await services.runtime();
      const lists = [global_services["llm"], handlers["chat"]?.["llm"], global_services["stt"]];
      return lists.map((list) => list?.[0]?.priority);
    };
    expect(await priorities()).toEqual(["NORMAL", "NORMAL", "NORMAL"]);
    await put(services, "a", { priority: "LOW" }, "?handler=chat");
    expect(await priorities()).toEqual(["NORMAL", "LOW", "NORMAL"]);
    const chat = await put(services, "a", { priority: "HIGH" }, "?service_type=llm&handler=chat");
    expect(chat.body.changes).toMatchObject({ handler: "chat", old_priority: "LOW", new_priority: "HIGH" });
    await put(services, "a", { priority: 0 }, "?service_type=stt");
    expect(await priorities()).toEqual(["NORMAL", "HIGH", "CRITICAL"]);
  });

  it("is what selection uses, and the list's order, from then on [1-49]", async () => {
    const services = open();
    for (const id of ["a", "b", "c"]) await services.offer(id);
    expect(await services.turns(1)).toEqual(["a"]);
    await put(services, "c", { priority: "CRITICAL" });
    const { body } = await services.resolve();
    expect(body.provider.id).toBe("c");
    expect(body.binding).toMatchObject({ priority: 0 });
    await put(services, "c", { priority: "CRITICAL", priority_group: 1 });
    expect(await services.turns(1)).toEqual(["a"]);
    for (const id of ["a", "b"]) await put(services, id, { priority: "NORMAL", strategy: "round_robin" });
    expect(await services.turns(4)).toEqual(["a", "b", "a", "b"]);
    const { global_services } = await services.runtime();
    expect(global_services["llm"]?.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    const health = await services.get<{ services: Record<string, object> }>("/v1/runtime/services/health");
    expect(health.body.services["global.llm.c"]).toMatchObject({ priority: "CRITICAL", priority_group: 1 });
  });

  it("lasts through heartbeats and renewal, and ends with the registration", async () => {
    const services = open();
    const { lease_token } = await services.offer("a", {}, { heartbeat_interval_seconds: 30 });
    await services.offer("b");
    await put(services, "a", { priority: "LOW" });
    await services.heartbeat("a", lease_token, { status: "available", current_load: 1 });
    await services.heartbeat("a", lease_token, { metadata: { zone: 1 } });
    const again = { id: "a", name: "agent", type: "worker", services: [{ service: "llm", priority: 0 }] };
    const renewed = await services.post("/v1/agents", again, { "Lease-Token": lease_token });
    expect(renewed.body).toMatchObject({ outcome: "renewed" });
    expect(await services.turns(1)).toEqual(["b"]);
    await services.offer("a", { priority: 0 });
    expect(await services.turns(1)).toEqual(["a"]);
    expect((await services.runtime()).global_services["llm"]?.[0]).toMatchObject({ priority: "CRITICAL" });
  });

  it("touches neither the agent's record nor its lease", async () => {
    const services = open();
    const { lease_token } = await services.offer("a");
    const before = (await services.get("/v1/agents/a")).body;
    await put(services, "a", { priority: "LOW" });
    expect((await services.get("/v1/agents/a")).body).toEqual(before);
    expect((await services.heartbeat("a", lease_token)).status).toBe(200);
  });

  it("leaves the breaker as it was", async () => {
    const services = open();
    await services.offer("a");
    await services.reports("a", false, 5);
    await put(services, "a", { priority: "CRITICAL" });
    expect((await services.stats("a")).state).toBe("open");
    await services.post("/v1/runtime/services/circuit-breakers/reset");
    expect((await services.runtime()).global_services["llm"]?.[0]?.priority).toBe("CRITICAL");
  });
});
