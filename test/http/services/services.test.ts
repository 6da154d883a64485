import { describe, expect, it } from "vitest";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

interface Services {
  services: { name: string; providers: number }[];
  count: number;
  next_cursor: string | null;
}

const list = async (registry: Registry, query = "") =>
  (await registry.get<Services>(`/v1/services${query}`)).body;
const offer = (registry: Registry, id: string, ...services: string[]) =>
  registry.register({ id, services: services.map((service) => ({ service })) });

describe.each(BACKENDS)("the services on $backend", ({ openBackend }) => {
  it("are listed by name, with how many agents are registered for each, from page to page", async () => {
    const registry = new Registry({ backend: openBackend() });
    await offer(registry, "a", "llm", "ocr");
    await offer(registry, "b", "llm", "a b/ü");
    const first = await list(registry, "?limit=2");
    expect(first.services).toEqual([
      { name: "a b/ü", providers: 1 },
      { name: "llm", providers: 2 },
    ]);
    expect(first.count).toBe(2);
    const rest = await list(registry, `?limit=2&cursor=${first.next_cursor}`);
    expect(rest).toEqual({ services: [{ name: "ocr", providers: 1 }], count: 1, next_cursor: null });
  });

  it("are found by the beginning of their name", async () => {
    const registry = new Registry({ backend: openBackend() });
    await offer(registry, "a", "llm", "llm/fast", "all");
    const { services } = await list(registry, "?prefix=llm");
    expect(services.map(({ name }) => name)).toEqual(["llm", "llm/fast"]);
    expect((await list(registry, "?prefix=none")).services).toEqual([]);
  });

  it("are gone with their last provider", async () => {
    const registry = new Registry({ backend: openBackend() });
    await offer(registry, "a", "llm");
    await registry.call("DELETE", "/v1/agents/a");
    expect((await list(registry)).services).toEqual([]);
  });
});

describe.each(BACKENDS)("the providers of one service on $backend", ({ openBackend }) => {
  it("are the first so many by id where a limit is given, and the answer says that there are more", async () => {
    const registry = new Registry({ backend: openBackend() });
    for (const id of ["a", "b", "c"]) await offer(registry, id, "llm");
    const at = async (query: string) => {
      const { body } = await registry.get<{
        global_services: { llm?: { name: string }[] };
        truncated?: true;
      }>(`/v1/runtime/services?${query}`);
      return { names: body.global_services.llm?.map(({ name }) => name), truncated: body.truncated };
    };
    expect(await at("service_type=llm&limit=2")).toEqual({ names: ["a", "b"], truncated: true });
    expect(await at("service_type=llm&limit=3")).toEqual({ names: ["a", "b", "c"], truncated: undefined });
    expect(await at("service_type=none&limit=3")).toEqual({ names: undefined, truncated: undefined });
  });

  it("have a limit for one service alone", async () => {
    const { status, body } = await new Registry({ backend: openBackend() }).get(
      "/v1/runtime/services?limit=2",
    );
    expect([status, body]).toMatchObject([400, { errors: [{ pointer: "/limit" }] }]);
  });
});

it("cost at most two requests to Redis, however many services there are", async () => {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  await offer(registry, "a", ...Array.from({ length: 60 }, (_, i) => `service ${i}`));
  expect((await backend.bridge.cost(() => list(registry))).requests).toBeLessThanOrEqual(2);
});
