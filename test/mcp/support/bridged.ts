import { bridge } from "../../../src/bridge/bridge.ts";
import type { McpAddress } from "../../../src/bridge/connection.ts";
import { loadSdk } from "../../../src/bridge/sdk.ts";
import { createClient } from "../../../src/client/index.ts";

/** Puts an MCP server behind a registry as `rollcall bridge` does, in this process: one for all servers. */
export async function bridged(
  registry: { url: string; key?: string },
  toolset: string,
  address: McpAddress,
): Promise<AsyncDisposable> {
  const serving = Promise.withResolvers<void>();
  const ending = new AbortController();
  const ended = bridge(createClient(registry), await loadSdk("2.4.0"), {
    toolset,
    address,
    allow: [],
    deny: [],
    prefix: "",
    tags: [],
    concurrency: 100,
    signal: ending.signal,
    report: ({ type }) => type === "serving" && serving.resolve(),
  });
  await Promise.race([serving.promise, ended]);
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await ended;
    },
  };
}
