import { describe, expect, inject, it } from "vitest";
import { connect } from "./support/clients.ts";
import { expectEveryTool } from "./support/every-tool.ts";
import { keyOf } from "./support/keys.ts";
import { EVERYTHING, filesystem } from "./support/official-servers.ts";

const ann = { url: `${inject("keyedUrl")}/mcp`, key: keyOf("ann") };

describe("a bridged server", () => {
  it.each([
    { toolset: "everything", args: EVERYTHING },
    { toolset: "files", args: filesystem(inject("filesFolder")) },
  ])("$toolset: every tool is listed, and can be called by its name there", async ({ toolset, args }) => {
    await expectEveryTool(ann, toolset, args);
  });

  it("that dies in the middle of a call fails it within 2 s, and its tools are back after the restart", async () => {
    await using client = await connect(ann);
    const since = performance.now();
    const { isError, content } = await client.call("mortal__die");
    expect(performance.now() - since).toBeLessThan(2000);
    expect([isError, content[0]!.text]).toEqual([true, expect.stringContaining("ended during the call")]);
    const isBack = async () => (await client.call("mortal__test_simple_text")).isError !== true;
    await expect.poll(isBack, { timeout: 30_000, interval: 100 }).toBe(true);
  });
});
