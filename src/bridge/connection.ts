import type { Client, Progress, Tool } from "@modelcontextprotocol/client";
import type { Sdk } from "./sdk.ts";

/** Where an MCP server is: a command that is run without a shell, or a URL. */
export type McpAddress =
  | {
      command: string;
      args: readonly string[];
      /** Beside what every child gets: HOME, PATH and the like. */
      env: Readonly<Record<string, string>>;
    }
  | { url: URL; headers: Readonly<Record<string, string>> };

/** A server that does not know the newer revisions may never answer the question for them. */
const PROBE_MS = 10_000;

/** One connection to an MCP server, from the first message until it is closed or lost. */
export interface Connection {
  client: Client;
  /** Who hears of a call's progress, by its token. */
  progress: Map<string, (said: Progress) => void>;
  /** Every tool, from all pages. */
  tools: () => Promise<Tool[]>;
  /** Resolves when the connection is closed or lost. */
  closed: Promise<void>;
  /** Ends the child too. */
  close: () => Promise<void>;
}

/**
 * Declares no capability, so the server offers what needs none.
 *
 * @param options.signal          gives the attempt up
 * @param options.onToolsChanged  called when the server says so
 * @throws {Error} for a server that cannot be started or reached, and for Rollcall itself, which would be a loop
 */
export async function connect(
  sdk: Sdk,
  address: McpAddress,
  { signal, onToolsChanged }: { signal: AbortSignal; onToolsChanged: () => void },
): Promise<Connection> {
  const client = new sdk.Client(
    { name: "rollcall-bridge", version: "1.0.0" },
    {
      capabilities: {},
      versionNegotiation: { mode: "auto", probe: { timeoutMs: PROBE_MS } },
      listChanged: { tools: { autoRefresh: false, onChanged: onToolsChanged } },
    },
  );
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the client is no EventTarget
  const closed = new Promise<void>((resolve) => (client.onclose = () => resolve()));
  const progress: Connection["progress"] = new Map();
  // Not by a request's `onprogress`: it misses what arrives together with the result.
  client.setNotificationHandler("notifications/progress", ({ params: { progressToken, ...said } }) =>
    progress.get(String(progressToken))?.(said),
  );
  try {
    await client.connect(transportTo(sdk, address), { signal });
    if (client.getServerVersion()?.name === "rollcall") {
      throw new Error("this MCP server is Rollcall, and its tools behind itself would be a loop");
    }
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    client,
    progress,
    closed,
    tools: async () => (await client.listTools(undefined, { cacheMode: "refresh" })).tools,
    close: () => client.close(),
  };
}

const transportTo = (sdk: Sdk, address: McpAddress) =>
  "url" in address
    ? new sdk.StreamableHTTPClientTransport(address.url, { requestInit: { headers: address.headers } })
    : new sdk.StdioClientTransport({ ...address, args: [...address.args], env: { ...address.env } });
