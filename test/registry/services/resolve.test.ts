import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/core/problem.ts";
import { listSelections, resolve } from "../../../src/registry/services/resolve.ts";
import { breakablePools, openServices } from "../../support/services.ts";
import { ANYONE } from "../../support/entries.ts";
import { ANY } from "../../support/offers.ts";
import { BACKENDS } from "../../support/stores.ts";

const LLM = { service: "llm", query: ANY, dryRun: false };

describe.each(BACKENDS)("resolve on $backend", ({ openBackend }) => {
  it("chooses a provider, and keeps the choice under its selection id", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a", { priority: "LOW" });
    await registry.offer("b", { priority: "HIGH" });
    const namespace = registry.open("default");
    const found = await resolve(namespace, ANYONE, LLM, registry.now);
    if (found instanceof Problem) throw found;
    expect(found.provider.document.registration.id).toBe("b");
    expect(found).toMatchObject({ considered: 1, rejected: [], degraded: false });
    const [kept] = await listSelections(namespace, "llm", 1, registry.now);
    expect(kept).toMatchObject({ provider: "b", at: registry.now });
    expect(found.selectionId).toMatch(new RegExp(`^${kept!.selectionId}\\.${registry.now}\\.0\\.`));
  });

  it("moves nothing on a dry run", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a", { strategy: "round_robin" });
    await registry.offer("b", { strategy: "round_robin" });
    const namespace = registry.open("default");
    const dry = { ...LLM, dryRun: true };
    for (let i = 0; i < 2; i += 1) {
      expect(await resolve(namespace, ANYONE, dry, registry.now)).toMatchObject({
        selectionId: null,
        chosen: { offer: { provider: "a" } },
      });
    }
    expect(await listSelections(namespace, "llm", 1, registry.now)).toEqual([]);
  });

  it("tells a service that is not offered from one whose providers cannot be used", async () => {
    const registry = openServices({ backend: openBackend() });
    const namespace = registry.open("default");
    expect(await resolve(namespace, ANYONE, LLM, registry.now)).toMatchObject({ code: "service_not_found" });
    await registry.offer("a", {}, { heartbeat_interval_seconds: 4, ttl_seconds: 60 });
    await registry.pass(6001);
    expect(await resolve(namespace, ANYONE, LLM, registry.now)).toMatchObject({
      code: "no_provider_available",
      options: { reasons: [{ id: "a", stage: "liveness" }] },
    });
  });

  it("still chooses when the pool cannot be reached, and says so", async () => {
    const { backend, fail } = breakablePools(openBackend());
    const registry = openServices({ backend });
    await registry.offer("a");
    await fail();
    expect(await resolve(registry.open("default"), ANYONE, LLM, registry.now)).toMatchObject({
      degraded: true,
      selectionId: null,
      chosen: { offer: { provider: "a" } },
    });
  });
});
