import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { fleetOf } from "../fleet/agents.ts";
import { Http } from "../load/http.ts";
import { interleave, type Operation, type Timing } from "../load/load.ts";
import type { Rig } from "../rig.ts";
import { startBridge, startEverything } from "../servers/everything.ts";

/** One call of a tool, by the way that it takes. */
export interface McpCalls {
  callers: number;
  /** The MCP server itself, over HTTP. */
  direct: Timing[];
  /** The same, by MCP's own client library, which the bridge calls it by too; it runs in the process of the load. */
  byLibrary: Timing[];
  /** The least that a request to the Worker costs; a call by way of a bridge makes two, the caller's and the provider's answer. */
  health: Timing[];
  /** The same server behind a bridge, by `POST /mcp`. */
  throughMcp: Timing[];
  /** And by the registry's own route for calls. */
  throughRest: Timing[];
}

export const TOOLSET = "everything";
const ARGUMENTS = { message: "hello" };
const SAID = "Echo: hello";
const LEGACY_VERSION = "2025-11-25";
const ACCEPT = "application/json, text/event-stream";

/** Measures a tool call over MCP against the same call of the same server without a registry, alone and 40 at once. */
export async function measureMcp(rig: Rig): Promise<McpCalls[]> {
  const fleet = fleetOf(0, "mcp");
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet]);
  const server = await startEverything();
  const http = served.http(fleet);
  const bare = new Http(server.url);
  const registry = { url: served.worker.url, key: fleet.apiKey, http };
  const library = new Client({ name: "rollcall-bench", version: "1.0.0" });
  await library.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
  const bridge = await startBridge(registry, TOOLSET, `${server.url}/mcp`);
  try {
    const sides = [
      { operation: await callingDirectly(bare), pid: server.pid },
      { operation: () => library.callTool({ name: "echo", arguments: ARGUMENTS }), pid: server.pid },
      { operation: () => http.expect(200, "GET", "/health"), pid: served.worker.pid },
      { operation: throughMcp(http), pid: served.worker.pid },
      { operation: throughRest(http), pid: served.worker.pid },
    ];
    const results: McpCalls[] = [];
    const { pair, warmUpMs } = rig.plan;
    for (const callers of [1, 40]) {
      const [direct, byLibrary, health, mcp, rest] = await interleave(sides, { callers, ...pair, warmUpMs });
      results.push({
        callers,
        direct: direct!,
        byLibrary: byLibrary!,
        health: health!,
        throughMcp: mcp!,
        throughRest: rest!,
      });
    }
    return results;
  } finally {
    await bridge.stop();
    await library.close();
    await bare.close();
    await server.stop();
    await served.stop();
  }
}

/** That server knows only the revisions with a session. */
async function callingDirectly(bare: Http): Promise<Operation> {
  const initialize = {
    protocolVersion: LEGACY_VERSION,
    capabilities: {},
    clientInfo: { name: "rollcall-bench", version: "1.0.0" },
  };
  const begun = await bare.send("POST", "/mcp", rpc("initialize", initialize), { accept: ACCEPT });
  const session = begun.headers["mcp-session-id"];
  if (typeof session !== "string") throw new Error(`no session: ${begun.status} ${begun.text}`);
  const headers = { accept: ACCEPT, "mcp-session-id": session, "mcp-protocol-version": LEGACY_VERSION };
  const body = rpc("tools/call", { name: "echo", arguments: ARGUMENTS });
  return async () => said(await bare.expect(200, "POST", "/mcp", body, headers));
}

export function throughMcp(http: Http): Operation {
  const headers = { accept: ACCEPT, "mcp-protocol-version": LEGACY_VERSION };
  const body = rpc("tools/call", { name: `${TOOLSET}__echo`, arguments: ARGUMENTS });
  return async () => said(await http.expect(200, "POST", "/mcp", body, headers));
}

function throughRest(http: Http): Operation {
  const body = JSON.stringify({ payload: ARGUMENTS, meta: { run_id: "bench", session_id: "bench" } });
  return async () =>
    said(await http.expect(200, "POST", `/v1/toolsets/${TOOLSET}/tools/echo/calls?wait=10`, body));
}

const rpc = (method: string, params: object): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

function said(text: string): void {
  if (!text.includes(SAID)) throw new Error(`not what the tool says: ${text.slice(0, 300)}`);
}
