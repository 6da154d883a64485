import { describe, expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { localRegistry } from "../../src/local/index.ts";

const AGENT = { id: "a", name: "a", type: "b", capabilities: ["x"] };

describe("a registry in this process", () => {
  it("takes an agent, and finds it until it leaves", async () => {
    await using local = localRegistry();
    const registry = createClient(local);
    const found = async () => (await registry.discover({ capability: "x" })).agents.map(({ id }) => id);
    const agent = await registry.join(AGENT);
    expect(await found()).toEqual(["a"]);
    await agent.leave();
    expect(await found()).toEqual([]);
  });

  it("shares nothing with another", async () => {
    await using one = localRegistry();
    await using other = localRegistry();
    await using agent = await createClient(one).join(AGENT);
    expect(await createClient(other).discover()).toMatchObject({ agents: [] });
    expect((await createClient(one).discover()).agents.map(({ id }) => id)).toEqual([agent.id]);
  });
});
