import { describe, expect, it } from "vitest";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

interface Marked {
  marker: string;
  as_of: string;
}

const markerOf = async (registry: Registry) => (await registry.get<Marked>("/v1/marker")).body.marker;

describe.each(BACKENDS)("the marker on $backend", ({ openBackend }) => {
  it("is another one once something was told, and the same while nothing was", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { lease_token } = await registry.register({ id: "a" });
    const first = await markerOf(registry);
    await registry.pass(1000);
    await registry.heartbeat("a", lease_token, { status: "available", current_load: 3 });
    expect(await markerOf(registry)).toBe(first);
    await registry.pass(1000);
    await registry.heartbeat("a", lease_token, { status: "busy", current_load: 3 });
    expect(await markerOf(registry)).not.toBe(first);
  });

  it("is up to 1 s old, however many ask", async () => {
    const registry = new Registry({ backend: openBackend() });
    const first = await markerOf(registry);
    await registry.register({ id: "a" });
    await registry.pass(999);
    expect(await markerOf(registry)).toBe(first);
    await registry.pass(1);
    expect(await markerOf(registry)).not.toBe(first);
  });

  it("is there for those who ask at the same time, too", async () => {
    const registry = new Registry({ backend: openBackend() });
    const markers = await Promise.all([1, 2, 3].map(() => markerOf(registry)));
    expect(new Set(markers).size).toBe(1);
  });
});

it("costs one command of Redis at most, and none within the second", async () => {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  await registry.register({ id: "a" });
  const cost = await backend.bridge.cost(() => markerOf(registry));
  expect([cost.requests, cost.commands]).toEqual([1, 1]);
  expect((await backend.bridge.cost(() => markerOf(registry))).requests).toBe(0);
});
