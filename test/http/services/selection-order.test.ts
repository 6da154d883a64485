import { describe, expect, it } from "vitest";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { asOwnRequest } from "../../support/own-request.ts";
import { countingPools, openServices, stagesOf } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

const ROUND = { strategy: "round_robin" };

describe.each(BACKENDS)("services on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("serve the three tiers of source 1's example through failures and recoveries of each [1-13]", async () => {
    const services = open();
    await services.offer("primary", { priority: "CRITICAL" });
    await services.offer("secondary", { priority: "HIGH" });
    const pool = ["pool-1", "pool-2", "pool-3"];
    for (const id of pool) await services.offer(id, { priority_group: 1, strategy: "ROUND_ROBIN" });
    await services.offer("mock", { priority: "fallback", priority_group: 2 });

    expect(await services.turns(2)).toEqual(["primary", "primary"]);
    await services.reports("primary", false, 5);
    expect(await services.turns(2)).toEqual(["secondary", "secondary"]);
    await services.reports("secondary", false, 5);
    expect(await services.turns(6)).toEqual([...pool, ...pool]);
    for (const id of pool) await services.reports(id, false, 5);
    const last = await services.resolve("?explain=true");
    expect(last.body.provider.id).toBe("mock");
    expect(stagesOf(last.body.reasons)).toEqual(
      ["primary", "secondary", ...pool].map((id) => [id, "breaker", "circuit_open"]),
    );
    await services.reports("mock", false, 5);
    expect(await services.turns(1)).toEqual(["no_provider_available"]);

    await services.pass(60_000);
    const probe = await services.resolve();
    expect([probe.body.provider.id, probe.body.circuit_state]).toEqual(["primary", "half_open"]);
    await services.served(true, 2);
    const { selection_id } = probe.body;
    await services.report("primary", true, { selection_id });
    const recovered = await services.resolve();
    expect([recovered.body.provider.id, recovered.body.circuit_state]).toEqual(["primary", "closed"]);
  });

  it("are chosen by group, then priority, then id, whoever came first [1-06] [1-14] [1-16]", async () => {
    const services = open();
    const inOrder = [
      ["z-critical", { priority: 0 }],
      ["a-high", { priority: "high" }],
      ["b-high", { priority: "HIGH" }],
      ["normal", {}],
      ["low", { priority: "Low" }],
      ["fallback", { priority: 9 }],
      ["second-group", { priority: "CRITICAL", priority_group: 1 }],
      ["tenth-group", { priority: "CRITICAL", priority_group: 10 }],
    ] as const;
    for (const [id, binding] of inOrder.toReversed()) await services.offer(id, binding);
    const served: string[] = [];
    for (const [id] of inOrder) {
      served.push(...(await services.turns(1)));
      await services.reports(id, false, 5);
    }
    expect(served).toEqual(inOrder.map(([id]) => id));
  });

  it("rotate over everyone in a group, priority only ordering the ring [1-17] [1-19]", async () => {
    const services = open();
    await services.offer("low", { ...ROUND, priority: "LOW" });
    await services.offer("high", { ...ROUND, priority: "HIGH" });
    await services.offer("later", { ...ROUND, priority_group: 1 });
    expect(await services.turns(4)).toEqual(["high", "low", "high", "low"]);
  });

  it.each([
    { first: "round_robin", other: "fallback", served: ["a", "b", "a", "b"] },
    { first: "fallback", other: "round_robin", served: ["a", "a", "a", "a"] },
  ])("warn of a mixed group, which its first provider's $first rules [1-15]", async (given) => {
    const services = open();
    await services.offer("a", { priority: "HIGH", strategy: given.first });
    await services.offer("b", { strategy: given.other });
    expect(await services.turns(4)).toEqual(given.served);
    const { body } = await services.resolve();
    expect(body.warnings).toEqual([expect.stringContaining(given.first)]);
  });

  it("warn of nothing where a group is of one mind", async () => {
    const services = open();
    await services.offer("a", ROUND);
    await services.offer("b", { priority_group: 1 });
    expect((await services.resolve()).body).not.toHaveProperty("warnings");
  });

  it("go on after the last one served when others come, leave or are replaced [1-20]", async () => {
    const services = open();
    for (const id of ["b", "d", "f"]) await services.offer(id, ROUND);
    expect(await services.turns(2)).toEqual(["b", "d"]);
    await services.offer("a", ROUND);
    await services.offer("e", ROUND);
    expect(await services.turns(5)).toEqual(["e", "f", "a", "b", "d"]);
    for (const id of ["d", "e", "f"]) await services.call("DELETE", `/v1/agents/${id}`);
    expect(await services.turns(3)).toEqual(["a", "b", "a"]);
    await services.offer("b", ROUND);
    expect(await services.turns(2)).toEqual(["b", "a"]);
  });

  it("keep a cursor per service, per handler scope and per group [1-18]", async () => {
    const services = open();
    const bindings = [
      { ...ROUND },
      { ...ROUND, handler: "chat" },
      { ...ROUND, service: "stt" },
      { ...ROUND, service: "stt", handler: "chat" },
    ];
    for (const id of ["a", "b", "c"]) await services.offer(id, bindings);
    expect(await services.turns(1)).toEqual(["a"]);
    expect(await services.turns(2, "?handler=chat")).toEqual(["a", "b"]);
    expect(await services.turns(3, "", "stt")).toEqual(["a", "b", "c"]);
    expect(await services.turns(1, "?handler=chat", "stt")).toEqual(["a"]);
    expect(await services.turns(1)).toEqual(["b"]);
    expect(await services.turns(1, "?handler=chat")).toEqual(["c"]);
  });

  it("share one cursor between capability sets, so that no provider is served twice for it [1-18]", async () => {
    const services = open();
    for (const id of ["a", "b", "c"]) await services.offer(id, { ...ROUND, capabilities: ["x", "y"] });
    expect(await services.turns(1, "?capability=x")).toEqual(["a"]);
    expect(await services.turns(1, "?capability=y")).toEqual(["b"]);
    expect(await services.turns(1)).toEqual(["c"]);
  });

  it("are strangers to those of the same name in another namespace", async () => {
    const services = open();
    const there = { "Rollcall-Namespace": "elsewhere" };
    await services.offer("a", ROUND);
    await services.offer("b", ROUND);
    expect((await services.get("/v1/services/llm/resolve", there)).status).toBe(404);
    for (const id of ["a", "b"]) {
      await services.register({ id, services: [{ service: "llm", ...ROUND }] }, there);
    }
    expect(await services.turns(1)).toEqual(["a"]);
    const elsewhere = await services.get<{ provider: { id: string } }>("/v1/services/llm/resolve", there);
    expect(elsewhere.body.provider.id).toBe("a");
  });

  it("are served 1,000 times at once with no difference of more than one", async () => {
    const services = open();
    const ids = Array.from({ length: 7 }, (_, i) => `p-${i}`);
    for (const id of ids) await services.offer(id, ROUND);
    const counts = new Map<string, number>();
    for (let round = 0; round < 4; round += 1) {
      const served = await asOwnRequest(() =>
        mapConcurrently(50, Array.from({ length: 250 }), async () => (await services.turns(1))[0]!),
      );
      for (const id of served) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(ids);
    // 1,000 is 7 × 142 + 6.
    expect([...counts.values()].toSorted((a, b) => a - b)).toEqual([
      142,
      ...Array.from({ length: 6 }, () => 143),
    ]);
  });
});

describe("to resolve", () => {
  it.each([1, 3, 300])(
    "costs one trip to Redis and one call of the pool, with %i providers",
    async (count) => {
      const redis = redisBackend();
      const { backend, calls } = countingPools(redis);
      const services = openServices({ backend });
      await Promise.all(Array.from({ length: count }, (_, i) => services.offer(`p-${i}`, ROUND)));
      // The script is sent whole the first time.
      await services.resolve();
      calls.length = 0;
      let status = 0;
      const cost = await redis.bridge.cost(
        async () => ({ status } = await services.resolve("?explain=true")),
      );
      expect(status).toBe(200);
      expect(cost).toMatchObject({ requests: 1, commands: 1 });
      expect(calls).toEqual(["llm resolve"]);
    },
  );
});
