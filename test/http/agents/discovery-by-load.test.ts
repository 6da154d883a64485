import { describe, expect, it } from "vitest";
import { discoverIds, readAgent } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

describe.each(BACKENDS)("discovery by load on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each([
    [0, 0, 1, []],
    [null, 0, 0, ["a"]],
    [null, 1_000_000, 0, ["a"]],
    [2, 1, 0.5, ["a"]],
    [2, 2, 1, []],
  ])(
    "treats a maximum of %j under load %i as a ratio of %d [4-01, 4-26]",
    async (max_concurrency, current_load, load_ratio, who) => {
      const registry = open();
      await registry.register({ id: "a", max_concurrency, current_load });
      expect(await readAgent(registry, "a")).toMatchObject({ max_concurrency, current_load, load_ratio });
      expect(await discoverIds(registry, "max_load_ratio=0.99")).toEqual(who);
    },
  );

  it("finds who is eligible: available, or busy with room, with every label required [4-26]", async () => {
    const registry = open();
    const both = { capabilities: ["go", "review"] };
    for (const [id, fields] of Object.entries({
      "a-idle": both,
      "b-busy-with-room": { ...both, status: "busy", current_load: 9 },
      "c-busy-and-full": { ...both, status: "busy", current_load: 10 },
      "d-busy-unlimited": { ...both, status: "busy", current_load: 500, max_concurrency: null },
      "e-offline": { ...both, status: "offline" },
      "f-one-label": { capabilities: ["go"] },
    })) {
      await registry.register({ id, ...fields });
    }
    await registry.register({ ...both, id: "g-idle-and-full", current_load: 12 });
    const eligible = "status=accepting&max_load_ratio=1000000";
    expect(await discoverIds(registry, `${eligible}&capability=go&capability=review`)).toEqual([
      "a-idle",
      "d-busy-unlimited",
      "b-busy-with-room",
      "g-idle-and-full",
    ]);
    expect(await discoverIds(registry, eligible)).toHaveLength(5);
  });

  it("puts the least loaded first, ties by id, and nobody eligible is an empty list [4-27]", async () => {
    const registry = open();
    expect(await discoverIds(registry, "limit=1")).toEqual([]);
    for (const [id, current_load, max_concurrency] of [
      ["c", 1, 10],
      ["b", 1, 10],
      ["d", 0, 10],
      ["a", 2, 10],
      ["e", 10, 1000],
    ] as const) {
      await registry.register({ id, current_load, max_concurrency });
    }
    expect(await discoverIds(registry, "")).toEqual(["d", "e", "b", "c", "a"]);
    expect(await discoverIds(registry, "limit=1")).toEqual(["d"]);
  });

  it("puts those with the fewest tasks first where it is asked to, as an older router did for critical ones [4-27]", async () => {
    const registry = open();
    for (const [id, current_load, max_concurrency] of [
      ["c", 1, 2],
      ["b", 1, 100],
      ["d", 2, null],
      ["a", 2, 1000],
    ] as const) {
      await registry.register({ id, current_load, max_concurrency });
    }
    expect(await discoverIds(registry, "sort=current_load")).toEqual(["b", "c", "a", "d"]);
    expect(await discoverIds(registry, "sort=load_ratio")).toEqual(["d", "a", "b", "c"]);
    const { body } = await registry.get<{ excluded: unknown[] }>(
      "/v1/discover?sort=current_load&limit=3&explain=true",
    );
    const detail = "it passed, with load 2, ratio 0, behind the first 3";
    expect(body.excluded).toEqual([{ id: "d", stage: "limit", reason: "beyond_limit", detail }]);
  });
});
