import type { Html } from "./html.ts";
import type { Reply } from "./reply.ts";

/** A page loads only what this deployment serves, runs no inline script, and no other page may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const htmlHeaders = (headers: Record<string, string> = {}): Record<string, string> => ({
  "Content-Type": "text/html; charset=utf-8",
  // A page may need a key, so no cache may keep it.
  "Cache-Control": "no-store",
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  ...headers,
});

export const htmlReply = (page: Html, status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: htmlHeaders(headers),
  body: page.toString(),
});
