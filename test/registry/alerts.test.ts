import { describe, expect, it } from "vitest";
import { agentTroubles } from "../../src/registry/alerts/agents.ts";
import { isUnavailable } from "../../src/registry/alerts/capabilities.ts";
import { Registry } from "../support/registry.ts";
import { BACKENDS } from "../support/stores.ts";

const found = (available: number, unreachable: number, lapsed = 0) =>
  agentTroubles({ at: 0, byStatus: { available, unreachable }, lapsed }).map(({ code }) => code);

describe("silent agents", () => {
  it.each([
    { available: 12, unreachable: 3, is: true },
    { available: 13, unreachable: 3, is: false },
    { available: 1, unreachable: 2, is: false },
    { available: 0, unreachable: 3, is: true },
    { available: 0, unreachable: 0, is: false },
  ])("are an outage from 3 and 20 % of the live ones: $unreachable beside $available is $is", (given) => {
    expect(found(given.available, given.unreachable)).toEqual(given.is ? ["agents_unreachable"] : []);
  });

  it("that have lapsed are expected back where they are so many that only an outage explains it", () => {
    expect(found(29, 0, 5)).toEqual([]);
    expect(found(28, 0, 5)).toEqual(["recovering"]);
    expect(found(0, 0, 4)).toEqual([]);
  });
});

describe.each(BACKENDS)("a capability on $backend", ({ openBackend }) => {
  it("is unavailable where agents have it and none is free, and not where nobody has it", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ status: "busy", capabilities: ["spot"] });
    const { store } = registry.open("default");
    expect(await isUnavailable(store, "spot", registry.now)).toBe(true);
    expect(await isUnavailable(store, "nothing", registry.now)).toBe(false);
    await registry.register({ capabilities: ["spot"] });
    expect(await isUnavailable(store, "spot", registry.now)).toBe(false);
  });
});
