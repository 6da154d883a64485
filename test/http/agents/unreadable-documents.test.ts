import { describe, expect, it } from "vitest";
import { discoverIds, listAll, sweep, sweepUntilReaped } from "../../support/agents.ts";
import { Registry } from "../../support/registry.ts";
import { redisBackend } from "../../support/stores.ts";

describe("an unreadable document on redis", () => {
  it("fails the read of that agent and is left out of every list [4-10, 4-11]", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    await backend.bridge.raw("SET", `${backend.prefix}:default:doc:agent:b`, "{not json");
    expect((await registry.get("/v1/agents/b")).status).toBe(500);
    expect(await listAll(registry, 10)).toEqual(["a", "c"]);
    expect(await discoverIds(registry, "")).toEqual(["a", "c"]);
  });

  it.each([
    ["a document that lacks what it must have", "doc:agent:b", '{"fence":"f"}'],
    ["a document that is a list", "doc:agent:b", "[]"],
    ["a lease that is no JSON", "lease:agent:b:*", "{broken"],
  ])("hides no other agent when it is %s", async (_, pattern, value) => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    const [key = ""] = await backend.bridge.raw<string[]>("KEYS", `${backend.prefix}:default:${pattern}`);
    await backend.bridge.raw("SET", key, value);
    expect(await listAll(registry, 10)).toEqual(["a", "c"]);
    expect(await discoverIds(registry, "")).toEqual(["a", "c"]);
    expect((await registry.post("/v1/sweep")).status).toBe(200);
    await registry.register({ id: "b" });
    expect(await listAll(registry, 10)).toEqual(["a", "b", "c"]);
  });

  it("stops neither the sweep nor a registration, which replaces it", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    await backend.bridge.raw("SET", `${backend.prefix}:default:doc:agent:b`, "{not json");
    await registry.pass(300_001);
    expect(await sweep(registry)).toMatchObject({ lapsed: ["a", "c"], complete: true });
    expect(await sweepUntilReaped(registry)).toEqual(["a", "c"]);
    await registry.register({ id: "b" });
    expect((await registry.get("/v1/agents/b")).status).toBe(200);
    expect(await listAll(registry, 10)).toEqual(["b"]);
    await registry.post("/v1/sweep");
    const index = await backend.bridge.raw<string[]>(
      "ZRANGE",
      `${backend.prefix}:default:ix:type:worker`,
      0,
      -1,
    );
    expect(index).toHaveLength(1);
  });
});
