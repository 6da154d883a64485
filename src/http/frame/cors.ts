import type { Context } from "hono";
import { cors } from "hono/cors";
import { REASON_HEADER } from "../../cause.ts";
import { SYNC_HEADER } from "../../sync.ts";

/** What a page of another origin may read of an answer. */
export const CORS_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": `ETag, X-Request-Id, Server-Timing, Retry-After, Location, ${SYNC_HEADER}`,
} as const;

const allow = cors({
  origin: "*",
  allowMethods: ["GET", "POST", "PUT", "DELETE"],
  allowHeaders: [
    "Authorization",
    "Content-Type",
    "Lease-Token",
    "Idempotency-Key",
    "If-None-Match",
    "X-Request-Id",
    SYNC_HEADER,
    REASON_HEADER,
    "Last-Event-ID",
    "traceparent",
    "tracestate",
    "baggage",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    // MCP's clients repeat arguments in headers whose names tools choose. It does not stand for Authorization.
    "*",
  ],
  maxAge: 86_400,
});

/** Answers a browser's question whether a page may send a request. It comes without a key. */
export async function preflight(c: Context): Promise<Response> {
  // hono/cors answers every OPTIONS request itself, so there is always a response.
  return (await allow(c, async () => {})) as Response;
}
