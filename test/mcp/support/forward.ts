import {
  Client,
  MissingRequiredClientCapabilityError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { createClient, type ServedTool, ToolError, ToolOutput } from "../../../src/client/index.ts";

function rethrown(thrown: unknown): never {
  if (!(thrown instanceof MissingRequiredClientCapabilityError)) throw thrown;
  const { message, requiredCapabilities } = thrown;
  throw new ToolError("missing_client_capability", message, { server_data: [{ requiredCapabilities }] });
}

function transportTo(server: readonly string[] | URL) {
  if (server instanceof URL) return new StreamableHTTPClientTransport(server);
  const [command = "", ...args] = server;
  return new StdioClientTransport({ command, args, stderr: "ignore" });
}

/** Puts an MCP server behind a registry, as the bridge will do. */
export async function forward(
  registry: { url: string; key?: string },
  toolset: string,
  server: readonly string[] | URL,
): Promise<AsyncDisposable> {
  const client = new Client({ name: "forward", version: "1.0.0" });
  await client.connect(transportTo(server));
  const heard = new Map<unknown, (said: object) => void>();
  // Not by the client's own `onprogress`: it drops what arrives together with the result.
  client.setNotificationHandler("notifications/progress", ({ params: { progressToken, ...said } }) =>
    heard.get(progressToken)?.(said),
  );

  const { tools } = await client.listTools();
  const served = tools
    .filter(({ execution }) => execution?.taskSupport !== "required")
    .map(({ name, ...tool }): [string, ServedTool] => [
      name,
      {
        ...tool,
        async handle(given: Record<string, unknown>, { callId, signal, delta }) {
          heard.set(callId, (said) => void delta("progress", JSON.stringify(said)));
          const params = { name, arguments: given, _meta: { progressToken: callId } };
          const {
            content,
            structuredContent = null,
            isError,
          } = await client
            .callTool(params, { signal })
            .finally(() => heard.delete(callId))
            .catch(rethrown);
          if (isError) throw new ToolError("tool_error", "The tool failed.", { server_data: content });
          return new ToolOutput(structuredContent, { server_data: content });
        },
      },
    ]);
  const provider = await createClient(registry).serveToolset(
    { name: toolset, tools: Object.fromEntries(served) },
    { concurrency: 100, leaveOn: [] },
  );
  return {
    async [Symbol.asyncDispose]() {
      await provider.leave();
      await client.close();
    },
  };
}
