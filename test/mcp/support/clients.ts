import {
  Client,
  StreamableHTTPClientTransport,
  type VersionNegotiationOptions,
} from "@modelcontextprotocol/client";
import { StdioClientTransport, type StdioServerParameters } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** A tool as it is listed. */
export interface ListedTool {
  name: string;
  description?: string | undefined;
  inputSchema: object;
}
/** The answer to a call. */
export interface Result {
  content: { type: string; text?: string }[];
  structuredContent?: unknown;
  isError?: boolean | undefined;
}
export interface Calling {
  signal?: AbortSignal;
  onprogress?: (said: { progress: number; total?: number | undefined }) => void;
}

/** What one of the field's clients does, under the same names for all. */
export interface Caller extends AsyncDisposable {
  /** All of them, page by page where there are pages. */
  tools(): Promise<ListedTool[]>;
  call(name: string, args?: Record<string, unknown>, options?: Calling): Promise<Result>;
}

/** Where to connect to, and with which key. */
export interface Target {
  url: string;
  key?: string;
}
type Connect = (target: Target) => Promise<Caller>;

const INFO = { name: "rollcall-tests", version: "1.0.0" };

const requestInit = ({ key }: Target) => ({
  requestInit: { headers: key === undefined ? {} : { Authorization: `Bearer ${key}` } },
});

const caller2 = (client: Client): Caller => ({
  tools: async () => (await client.listTools()).tools,
  call: (name, args, options) => client.callTool({ name, arguments: args }, options),
  [Symbol.asyncDispose]: () => client.close(),
});

const client2 =
  (mode?: VersionNegotiationOptions["mode"]): Connect =>
  async (target) => {
    const client = new Client(INFO, mode ? { versionNegotiation: { mode } } : {});
    await client.connect(new StreamableHTTPClientTransport(new URL(target.url), requestInit(target)));
    return caller2(client);
  };

const client1: Connect = async (target) => {
  const client = new Client1(INFO);
  await client.connect(new Transport1(new URL(target.url), requestInit(target)));
  return {
    tools: async () => (await client.listTools()).tools,
    // The type has room for a result that revisions before 2024-11-05 had.
    call: (name, args, options) =>
      client.callTool({ name, arguments: args }, undefined, options) as Promise<Result>,
    [Symbol.asyncDispose]: () => client.close(),
  };
};

/** The official clients, each in the ways that it negotiates a revision. */
export const CLIENTS: readonly { client: string; era: "modern" | "legacy"; connect: Connect }[] = [
  { client: "@modelcontextprotocol/client 2.4.0", era: "legacy", connect: client2() },
  { client: "@modelcontextprotocol/client 2.4.0, auto", era: "modern", connect: client2("auto") },
  {
    client: "@modelcontextprotocol/client 2.4.0, pinned to 2026-07-28",
    era: "modern",
    connect: client2({ pin: "2026-07-28" }),
  },
  { client: "@modelcontextprotocol/sdk 1.32.2", era: "legacy", connect: client1 },
];
/** Connects as a client of the newest revision. */
export const connect = client2({ pin: "2026-07-28" });

/** Connects as a client of the newest revision whose user gives this as their name to whoever asks. */
export async function connectAs(name: string, target: Target): Promise<Caller> {
  const client = new Client(INFO, {
    capabilities: { elicitation: {} },
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name } }));
  await client.connect(new StreamableHTTPClientTransport(new URL(target.url), requestInit(target)));
  return caller2(client);
}

/** Listens for changes of the list of tools, as a client of the newest revision. */
export async function listenForTools(target: Target): Promise<AsyncDisposable & { changed: Promise<void> }> {
  const client = new Client(INFO, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const changed = Promise.withResolvers<void>();
  client.setNotificationHandler("notifications/tools/list_changed", () => changed.resolve());
  await client.connect(new StreamableHTTPClientTransport(new URL(target.url), requestInit(target)));
  const { honoredFilter } = await client.listen({ toolsListChanged: true });
  if (honoredFilter.toolsListChanged !== true) throw new Error("not listened to");
  return { changed: changed.promise, [Symbol.asyncDispose]: () => client.close() };
}

/** Connects to a server that a command starts. */
export async function connectTo(command: StdioServerParameters): Promise<Caller> {
  const client = new Client(INFO);
  await client.connect(new StdioClientTransport(command));
  return caller2(client);
}
