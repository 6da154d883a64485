import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { openServices, type Selected } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const at = (ms: number) => new Date(START + ms).toISOString();
const ROUND = { strategy: "round_robin" };

describe.each(BACKENDS)("a dry run on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("moves neither cursor nor probes nor selections", async () => {
    const services = open();
    for (const id of ["a", "b"]) {
      await services.offer(id, { ...ROUND, circuit_breaker: { success_threshold: 1, recovery_timeout: 1 } });
    }
    await services.turns(1);
    const kept = await services.selections();
    expect(await services.turns(3, "?dry_run=true")).toEqual(["b", "b", "b"]);
    expect(await services.turns(1, "?dry_run=true&capability=none")).toEqual(["no_provider_available"]);
    for (const id of ["a", "b"]) await services.reports(id, false, 5);
    await services.pass(1000);
    const before = await services.runtime();
    expect(await services.turns(4, "?dry_run=true")).toEqual(["b", "b", "b", "b"]);
    expect(await services.runtime()).toEqual(before);
    expect(await services.selections()).toEqual(kept);
    expect(await services.turns(3)).toEqual(["b", "a", "no_provider_available"]);
    expect(await services.selections()).toHaveLength(kept.length + 3);
  });

  it("tells what the real call then does, and gives no selection id for it", async () => {
    const services = open();
    await services.offer("busy", { priority: "CRITICAL", ...ROUND }, { status: "busy" });
    for (const id of ["a", "b", "c"]) await services.offer(id, ROUND);
    await services.reports("b", false, 5);
    for (const query of ["?explain=true", "?explain=true", "?explain=true&handler=x", "?capability=none"]) {
      const dry = await services.resolve(`${query}&dry_run=true`);
      const real = await services.resolve(query);
      const same = (body: object, instance: unknown) => ({ ...body, selection_id: null, instance });
      expect(same(dry.body, 0)).toEqual(same(real.body, 0));
      expect(dry.status).toBe(real.status);
      expect(dry.body.selection_id ?? null).toBeNull();
    }
  });
});

describe.each(BACKENDS)("the selections of a service on $backend", ({ openBackend }) => {
  const open = () => openServices({ backend: openBackend() });

  it("are kept newest first, those that found nobody too, each with its reasons", async () => {
    const services = open();
    await services.offer("a", { handler: "chat", priority_group: 2, capabilities: ["x"] });
    await services.offer("b", {}, { status: "busy" });
    const first = await services.resolve("?handler=chat&capability=x");
    await services.pass(1000);
    const second = await services.resolve("?handler=chat&capability=y&explain=true");
    await services.pass(1000);
    await services.resolve();
    const { status, body } = await services.get("/v1/services/llm/selections");
    expect(status).toBe(200);
    expect(body["count"]).toBe(3);
    const [third, ...rest] = body["selections"] as Selected[];
    expect(third).toMatchObject({ handler: null, provider: null, capabilities: [], at: at(2000) });
    expect(third!.reasons.map(({ id, stage }) => [id, stage])).toEqual([
      ["b", "status"],
      ["a", "handler"],
    ]);
    expect(rest).toEqual([
      {
        selection_id: expect.any(String) as string,
        at: at(1000),
        handler: "chat",
        capabilities: ["y"],
        provider: null,
        scope: null,
        priority_group: null,
        circuit_state: null,
        reasons: second.body.reasons,
      },
      {
        selection_id: first.body.selection_id?.split(".")[0],
        at: at(0),
        handler: "chat",
        capabilities: ["x"],
        provider: "a",
        scope: "chat",
        priority_group: 2,
        circuit_state: "closed",
        reasons: [],
      },
    ]);
  });

  it("are the last 100, or the last few that are asked for", async () => {
    const services = open();
    await services.offer("a");
    const ids: string[] = [];
    for (let i = 0; i < 103; i += 1) {
      ids.unshift((await services.resolve()).body.selection_id!.split(".")[0]!);
    }
    const idsOf = (list: Selected[]) => list.map(({ selection_id }) => selection_id);
    expect(idsOf(await services.selections())).toEqual(ids.slice(0, 100));
    expect(idsOf(await services.selections("?limit=100"))).toEqual(ids.slice(0, 100));
    expect(idsOf(await services.selections("?limit=2"))).toEqual(ids.slice(0, 2));
  });

  it("are each service's own, and none where nobody asked", async () => {
    const services = open();
    await services.offer("a", [{}, { service: "stt" }]);
    await services.resolve();
    await services.resolve("", "stt");
    expect(await services.selections()).toHaveLength(1);
    expect(await services.selections("", "stt")).toHaveLength(1);
    expect(await services.selections("", "tts")).toEqual([]);
  });

  it("are told while anybody offers it, whoever was chosen", async () => {
    const services = open();
    await services.offer("a");
    await services.resolve();
    await services.call("DELETE", "/v1/agents/a");
    expect(await services.selections()).toEqual([]);
    await services.offer("b");
    expect(await services.selections()).toMatchObject([{ provider: "a" }]);
  });
});

describe.each(BACKENDS)("a service that nobody offers, on $backend,", ({ openBackend }) => {
  it("has no selections, and no pool is made for its name", async () => {
    const backend = openBackend();
    const opened: string[] = [];
    const openPool: typeof backend.openPool = (namespace, service) => {
      opened.push(service);
      return backend.openPool(namespace, service);
    };
    const services = openServices({ backend: { ...backend, openPool } });
    await services.offer("a");
    for (const name of ["made-up", "ll", "llm2"]) {
      expect((await services.get(`/v1/services/${name}/selections`)).body).toEqual({
        selections: [],
        count: 0,
      });
    }
    expect(opened).toEqual([]);
    expect((await services.get("/v1/services/llm/selections")).status).toBe(200);
    expect(opened).toEqual(["llm"]);
  });
});
