import { bridge as bridgeTo } from "../../bridge/bridge.ts";
import type { McpAddress } from "../../bridge/connection.ts";
import { loadSdk } from "../../bridge/sdk.ts";
import { UsageError } from "../usage-error.ts";
import { bridgeReport } from "../bridge-report.ts";
import { command, type Session } from "../command.ts";
import { readUrl } from "../url.ts";
import { mcpClientVersion } from "../package.ts";

const ARGS = {
  toolset: { type: "positional", required: true, description: "The toolset that its tools become" },
  "mcp-url": { type: "string", description: "Where the MCP server is, in place of a command" },
  header: {
    type: "string",
    description: 'With --mcp-url: "Name: value", for that server alone; repeat it for several',
  },
  env: {
    type: "string",
    description: "NAME or NAME=value: a variable that the command gets; repeat it for several",
  },
  allow: { type: "string", description: "Offer this tool and no others; repeat it for several" },
  deny: { type: "string", description: "Do not offer this tool; repeat it for several" },
  prefix: { type: "string", description: "Put this before the name of each tool" },
  tag: { type: "string", description: "A tag of the toolset; repeat it for several" },
  concurrency: { type: "string", description: "How many calls to carry out at once (100)" },
  verbose: { type: "boolean", description: "Write a line for each call" },
} as const;

export const bridge = command({
  description: "Put an MCP server behind the registry, until Ctrl-C: after -- the command that starts it",
  examples: [
    "bridge files -- npx -y @modelcontextprotocol/server-filesystem /tmp",
    "bridge github --env GITHUB_TOKEN --deny delete_file -- github-mcp-server stdio",
    'bridge docs --mcp-url https://mcp.example/mcp --header "Authorization: Bearer …"',
  ],
  args: ARGS,
  takesCommand: true,
  async run(session) {
    const { args, all, number, client, io, json } = session;
    const address = addressOf(session);
    const sdk = await loadSdk(mcpClientVersion());
    const report = bridgeReport(io, { name: args.toolset, json, isVerbose: args.verbose === true });
    const { reason, error } = await bridgeTo(client, sdk, {
      toolset: args.toolset,
      address,
      allow: all("allow"),
      deny: all("deny"),
      prefix: args.prefix ?? "",
      tags: all("tag"),
      concurrency: number("concurrency") ?? 100,
      signal: io.ending,
      report,
    });
    report({ type: "ended", reason });
    if (error) throw error;
  },
});

function addressOf({ args, all, command: words, io, url }: Session<typeof ARGS>): McpAddress {
  const [program, ...rest] = words;
  const mcpUrl = args["mcp-url"];
  if ((program === undefined) === (mcpUrl === undefined)) {
    throw new UsageError("give --mcp-url, or after -- the command that starts the MCP server");
  }
  if (program !== undefined) {
    if (all("header").length > 0) throw new UsageError("--header goes with --mcp-url");
    return { command: program, args: rest, env: variables(all("env"), io.env) };
  }
  if (all("env").length > 0) throw new UsageError("--env goes with a command");
  const mcp = new URL(readUrl(mcpUrl!));
  if (mcp.origin === new URL(url).origin) {
    throw new UsageError("--mcp-url is the registry's own, and its tools behind itself would be a loop");
  }
  return { url: mcp, headers: headersOf(all("header")) };
}

function variables(
  named: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    named.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      const value = env[text];
      if (value === undefined) throw new UsageError(`--env ${text}: there is no such variable here`);
      return [text, value];
    }),
  );
}

function headersOf(given: readonly string[]): Record<string, string> {
  // Checked here, because a message of fetch's would quote the value, which is a secret.
  const headers = new Headers();
  for (const text of given) {
    const at = text.indexOf(":");
    try {
      headers.append(text.slice(0, Math.max(at, 0)), text.slice(at + 1).trim());
    } catch {
      throw new UsageError('--header needs "Name: value"');
    }
  }
  return Object.fromEntries(headers);
}
