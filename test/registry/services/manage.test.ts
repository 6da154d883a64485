import { describe, expect, it } from "vitest";
import { readFleet } from "../../../src/registry/services/fleet.ts";
import { type PriorityInput, resetBreakers, setPriority } from "../../../src/registry/services/manage.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const change = (fields: Partial<PriorityInput>): PriorityInput => ({
  provider: "a",
  service: undefined,
  handler: undefined,
  priority: "high",
  group: undefined,
  strategy: undefined,
  ...fields,
});

describe.each(BACKENDS)("managing services on $backend", ({ openBackend }) => {
  it("changes one binding in the words of operators, and the fleet's order with it", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a");
    await registry.offer("b", { priority: "CRITICAL" });
    const namespace = registry.open("default");
    const input = change({ provider: "b", priority: 9, group: 3, strategy: "Round_Robin" });
    expect(await setPriority(namespace, input, registry.now)).toEqual({
      service: "llm",
      handler: "*",
      before: { priority: 0, priority_group: 0, strategy: "fallback" },
      after: { priority: 9, priority_group: 3, strategy: "round_robin" },
    });
    const fleet = await readFleet(namespace, "llm", registry.now);
    expect(fleet.map(({ offer }) => offer.provider)).toEqual(["a", "b"]);
  });

  it("refuses a word that means nothing, and a provider that is not there or not the only one meant", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a", [{}, { service: "vision" }]);
    const namespace = registry.open("default");
    const codeOf = async (fields: Partial<PriorityInput>) =>
      (await setPriority(namespace, change(fields), registry.now)) as { code?: string };
    expect(await codeOf({})).toMatchObject({ code: "invalid_request" });
    expect(await codeOf({ service: "llm", priority: "urgent" })).toMatchObject({ code: "invalid_request" });
    expect(await codeOf({ service: "llm", strategy: "random" })).toMatchObject({ code: "invalid_request" });
    expect(await codeOf({ provider: "b" })).toMatchObject({ code: "provider_not_found" });
    expect(await codeOf({ service: "llm" })).toMatchObject({ handler: "*" });
  });

  it("closes one breaker a provider and service", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a", [{}, { handler: "chat" }, { service: "vision" }]);
    await registry.reports("a", false, 5);
    const namespace = registry.open("default");
    const circuits = async () =>
      (await readFleet(namespace, "llm", registry.now)).map(({ circuit }) => circuit);
    expect(await circuits()).toEqual(["open", "open"]);
    expect(await resetBreakers(namespace, undefined, registry.now)).toBe(2);
    expect(await circuits()).toEqual(["closed", "closed"]);
    expect(await resetBreakers(namespace, "speech", registry.now)).toMatchObject({
      code: "service_not_found",
    });
  });
});
