import { VERSION } from "../core/version.ts";

/** The revision without a session: each request says what it needs (basic/versioning of the specification). */
export const MODERN_VERSION = "2026-07-28";
/** The revisions that begin with `initialize`, newest first. */
export const LEGACY_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;
export const VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS];

/** Which rules a request goes by. */
export type Era = "modern" | "legacy";

/** Codes of JSON-RPC 2.0, and of MCP's own range (-32020 to -32099). */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

export type RequestId = string | number;
export type Json = Record<string, unknown>;

/** A request that the protocol itself refuses. */
export class RpcError extends Error {
  readonly status: number;
  readonly code: number;
  readonly data: Json | undefined;

  /** @param status  of the HTTP answer: 400 or 404 where the revision says so, else 200 */
  constructor(status: number, code: number, message: string, data?: Json) {
    super(message);
    this.name = "RpcError";
    this.status = status;
    this.code = code;
    this.data = data;
  }
}

export const invalidParams = (message: string): RpcError => new RpcError(200, RPC.invalidParams, message);

/** @param id  undefined where the request has none that can be read */
export const errorMessage = (
  id: RequestId | undefined,
  { code, message, data }: Pick<RpcError, "code" | "message" | "data">,
): Json => ({
  jsonrpc: "2.0",
  ...(id !== undefined && { id }),
  error: { code, message, ...(data && { data }) },
});

export const resultMessage = (id: RequestId, result: Json): Json => ({ jsonrpc: "2.0", id, result });

export const notification = (method: string, params: Json): Json => ({ jsonrpc: "2.0", method, params });

const META = "io.modelcontextprotocol";
export const META_KEYS = {
  protocolVersion: `${META}/protocolVersion`,
  clientCapabilities: `${META}/clientCapabilities`,
  serverInfo: `${META}/serverInfo`,
  subscriptionId: `${META}/subscriptionId`,
} as const;

/** The extension by which a call that takes long is a task, which its client asks for by itself. */
export const TASKS_EXTENSION = `${META}/tasks`;

export const SERVER_INFO = { name: "rollcall", title: "Rollcall", version: VERSION } as const;

/** What each result of the modern era has besides its own fields. */
export const completed = (era: Era, result: Json): Json =>
  era === "legacy"
    ? result
    : {
        resultType: "complete",
        ...result,
        _meta: { ...(result["_meta"] as Json | undefined), [META_KEYS.serverInfo]: SERVER_INFO },
      };
