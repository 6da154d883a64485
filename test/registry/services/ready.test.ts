import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/core/problem.ts";
import { waitUntilReady } from "../../../src/registry/services/ready.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("waiting until services are ready on $backend", ({ openBackend }) => {
  it("ends when the last of them has a provider, and says how long it took", async () => {
    const registry = openServices({
      backend: openBackend(),
      pause: async (ms) => {
        await registry.pass(ms);
        if (registry.now - begun === 2000) await registry.offer("b", { service: "vision" });
      },
    });
    const begun = registry.now;
    await registry.offer("a");
    const wait = { services: ["llm", "vision"], timeoutMs: 10_000 };
    const ready = await waitUntilReady(registry.open("default"), wait, begun);
    if (ready instanceof Problem) throw ready;
    expect([...ready.providers]).toEqual([
      ["llm", 1],
      ["vision", 1],
    ]);
    expect(ready.waitedMs).toBe(2000);
  });

  it("ends at the deadline, and names what is missing", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a");
    const begun = registry.now;
    const wait = { services: ["llm", "vision"], timeoutMs: 2500 };
    expect(await waitUntilReady(registry.open("default"), wait, begun)).toMatchObject({
      code: "services_not_ready",
      options: { missing: ["vision"] },
    });
    expect(registry.now - begun).toBe(2500);
  });
});
