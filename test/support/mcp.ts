import { expect } from "vitest";
import { MODERN_VERSION } from "../../src/mcp/protocol.ts";
import type { Toolsets } from "./toolsets.ts";

export type Json = Record<string, unknown>;
export interface RpcAnswer {
  jsonrpc: "2.0";
  id?: string | number;
  result?: Json;
  error?: { code: number; message: string; data?: Json };
}
export interface ListedTool {
  name: string;
  description: string;
  inputSchema: Json;
  outputSchema?: Json;
  title?: string;
  icons?: unknown[];
  _meta: Json;
}
export interface ToolResult {
  content: ({ type: string; text?: string } & Json)[];
  structuredContent?: unknown;
  isError?: boolean;
}

export const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
  "io.modelcontextprotocol/clientCapabilities": {},
};
export type Era = "modern" | "legacy";
export const ERAS = ["modern", "legacy"] as const;

export interface Sent {
  era?: Era;
  url?: string;
  params?: Json;
  /** Besides those of the era. */
  headers?: Record<string, string>;
  id?: string | number;
}

/** A request as a client of the era sends it. */
export function requestOf(method: string, { era = "modern", params = {}, headers = {}, id = 1 }: Sent = {}) {
  const name = params["name"] ?? params["taskId"];
  const isModern = era === "modern";
  return {
    body: {
      jsonrpc: "2.0",
      id,
      method,
      params: isModern ? { ...params, _meta: { ...MODERN_META, ...(params["_meta"] as Json) } } : params,
    },
    headers: {
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": isModern ? MODERN_VERSION : "2025-11-25",
      ...(isModern && { "Mcp-Method": method }),
      ...(isModern && typeof name === "string" && { "Mcp-Name": name }),
      ...headers,
    } as Record<string, string>,
  };
}

/** Sends one message, which must be answered by JSON. */
export async function rpc(
  registry: Toolsets,
  method: string,
  sent: Sent = {},
): Promise<{ status: number; headers: Headers; body: RpcAnswer }> {
  const { body, headers } = requestOf(method, sent);
  return registry.post<RpcAnswer>(sent.url ?? "/mcp", body, headers);
}

/** The result of a request that must have one. */
export async function resultOf<T = Json>(registry: Toolsets, method: string, sent: Sent = {}): Promise<T> {
  const { status, body } = await rpc(registry, method, sent);
  expect([status, body.error]).toEqual([200, undefined]);
  return body.result as T;
}

export const listTools = async (registry: Toolsets, sent: Sent = {}): Promise<ListedTool[]> =>
  (await resultOf<{ tools: ListedTool[] }>(registry, "tools/list", sent)).tools;

/** Names of listed tools, without Rollcall's own. */
export const listedNames = async (registry: Toolsets, sent: Sent = {}): Promise<string[]> =>
  (await listTools(registry, sent)).map(({ name }) => name).filter((name) => !name.startsWith("rollcall__"));

/** Sends one message that must be answered by a stream; its messages, and how often it only kept alive. */
export async function streamOf(
  registry: Toolsets,
  method: string,
  sent: Sent = {},
): Promise<{ headers: Headers; messages: (RpcAnswer & { method?: string; params?: Json })[] }> {
  const { body, headers } = requestOf(method, sent);
  const response = await registry.fetch(sent.url ?? "/mcp", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  const text = await response.text();
  const messages = text
    .split("\n\n")
    .filter((event) => event.startsWith("event: message"))
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)) as RpcAnswer);
  return { headers: response.headers, messages };
}
