import * as z from "zod";
import { decodedHeader } from "./header-value.ts";
import {
  type Era,
  type Json,
  LEGACY_VERSIONS,
  META_KEYS,
  MODERN_VERSION,
  type RequestId,
  RPC,
  RpcError,
  VERSIONS,
} from "./protocol.ts";

/** A JSON-RPC request whose envelope is sound. */
export interface RpcRequest {
  id: RequestId;
  method: string;
  params: Json;
  era: Era;
  /** The revision that it goes by. */
  version: string;
}

const object = z.record(z.string(), z.unknown());
const requestId = z.union([z.string(), z.int()]);
const message = z.looseObject({ jsonrpc: z.literal("2.0"), id: requestId.optional() });
const request = z.looseObject({ method: z.string(), params: object.optional() });

/** The id that an answer repeats; undefined where there is none that could be. */
export function idOf(body: unknown): RequestId | undefined {
  const found = z.looseObject({ id: requestId }).safeParse(body);
  return found.data?.id;
}

/** An earlier revision than are spoken; its clients begin with `initialize` too. */
const OLDEST = "2024-11-05";
const isLegacyVersion = (version: string): boolean =>
  version === OLDEST || (LEGACY_VERSIONS as readonly string[]).includes(version);

/**
 * Checks a message's envelope and its headers, in the order that the specification's own suite expects.
 *
 * @returns undefined for what is not answered: a notification, or a response to a request that was never made
 * @throws {RpcError}
 */
export function readRequest(body: unknown, headers: Headers): RpcRequest | undefined {
  const envelope = message.safeParse(body);
  if (!envelope.success) {
    const what = Array.isArray(body)
      ? "Batches are not taken: send one message a request."
      : "This is no JSON-RPC 2.0 message with an id that is a string or an integer.";
    throw new RpcError(400, RPC.invalidRequest, what);
  }
  const { id } = envelope.data;
  if (id === undefined || "result" in envelope.data || "error" in envelope.data) return undefined;
  const parsed = request.safeParse(body);
  if (!parsed.success) {
    throw new RpcError(400, RPC.invalidRequest, "A request has a method, and params that are an object.");
  }
  const { method, params = {} } = parsed.data;
  const header = headers.get("MCP-Protocol-Version");
  const meta = object.safeParse(params["_meta"]).data ?? {};
  const isModern = META_KEYS.protocolVersion in meta || (header !== null && !isLegacyVersion(header));
  if (isModern) checkModern({ method, params }, meta, headers);
  else if (header === OLDEST) throw unsupported(header);
  return {
    id,
    method,
    params,
    era: isModern ? "modern" : "legacy",
    version: isModern ? MODERN_VERSION : (header ?? "2025-03-26"),
  };
}

/** The modern revision repeats in headers what those on the way may want to know. */
function checkModern(
  { method, params }: Pick<RpcRequest, "method" | "params">,
  meta: Json,
  headers: Headers,
): void {
  const header = headers.get("MCP-Protocol-Version");
  if (header === null) throw headerMismatch("MCP-Protocol-Version is missing");
  const version = meta[META_KEYS.protocolVersion];
  if (typeof version !== "string" || !object.safeParse(meta[META_KEYS.clientCapabilities]).success) {
    const [a, b] = [META_KEYS.protocolVersion, META_KEYS.clientCapabilities];
    throw new RpcError(400, RPC.invalidParams, `params._meta needs "${a}" and "${b}".`);
  }
  if (header !== version) throw headerMismatch("MCP-Protocol-Version is not that of params._meta");
  if (version !== MODERN_VERSION) throw unsupported(version);
  if (headers.get("Mcp-Method") !== method) throw headerMismatch("Mcp-Method is not the method");
  const name = NAMED_BY[method];
  if (name !== undefined && decodedHeader(headers.get("Mcp-Name")) !== params[name]) {
    throw headerMismatch(`Mcp-Name is not params.${name}`);
  }
}

/** The parameter that the header Mcp-Name repeats. */
const NAMED_BY: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

export const headerMismatch = (what: string): RpcError => new RpcError(400, RPC.headerMismatch, `${what}.`);

const unsupported = (requested: string): RpcError =>
  new RpcError(400, RPC.unsupportedVersion, `This revision is not spoken here.`, {
    supported: VERSIONS,
    requested,
  });
