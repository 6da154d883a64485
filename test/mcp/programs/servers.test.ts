import { describe, inject, it } from "vitest";
import { expectEveryTool } from "../support/every-tool.ts";
import { keyOf } from "../support/keys.ts";
import { EVERYTHING, MEMORY, SEQUENTIAL_THINKING } from "../support/official-servers.ts";

describe.concurrent("a bridged server", () => {
  it.each([
    { toolset: "memory", args: MEMORY },
    { toolset: "sequential-thinking", args: SEQUENTIAL_THINKING },
    { toolset: "everything-http", args: EVERYTHING },
  ])("$toolset: every tool is listed, and can be called by its name there", async ({ toolset, args }) => {
    await expectEveryTool({ url: `${inject("keyedUrl")}/mcp`, key: keyOf("ann") }, toolset, args);
  });
});
