import { describe, inject, it } from "vitest";
import { expectEveryTool } from "./support/every-tool.ts";
import { keyOf } from "./support/keys.ts";
import { EVERYTHING, filesystem } from "./support/official-servers.ts";

describe("a bridged server", () => {
  it.each([
    { toolset: "everything", args: EVERYTHING },
    { toolset: "files", args: filesystem(inject("filesFolder")) },
  ])("$toolset: every tool is listed, and can be called by its name there", async ({ toolset, args }) => {
    await expectEveryTool({ url: `${inject("keyedUrl")}/mcp`, key: keyOf("ann") }, toolset, args);
  });
});
