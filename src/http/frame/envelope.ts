import type { Context } from "hono";
import { Problem } from "../../core/problem.ts";
import { Sync, SYNC_HEADER } from "../../sync.ts";
import { CORS_HEADERS } from "./cors.ts";
import { DIALECTS } from "./dialects.ts";
import type { Dialect } from "./endpoint.ts";
import type { Reply } from "./reply.ts";
import { requestIdOf } from "./request.ts";

/** Answers one request; refuses it by throwing a Problem. What it leaves in `sync` is passed on. */
export type Handler = (c: Context, sync: Sync, requestId: string) => Promise<Reply | Response>;

export interface EnvelopeOptions {
  /** ms since the Unix epoch */
  clock: () => number;
  /** Whether pages of other origins may read the answers. */
  withCors: boolean;
}

/** Completes handlers: adds the headers that every answer has, and refuses what they throw in an endpoint's dialect. */
export const envelope =
  ({ clock, withCors }: EnvelopeOptions) =>
  (dialect: Dialect, handler: Handler) =>
    async function respond(c: Context): Promise<Response> {
      const startedAt = clock();
      const requestId = requestIdOf(c);
      const sync = new Sync();
      let reply: Reply | Response;
      try {
        reply = await handler(c, sync, requestId);
      } catch (error) {
        reply = refuse(c, dialect, requestId, error);
      }
      const headers: Record<string, string> = reply instanceof Response ? {} : reply.headers;
      headers["X-Request-Id"] = requestId;
      headers["Server-Timing"] = `total;dur=${clock() - startedAt}`;
      headers["X-Content-Type-Options"] = "nosniff";
      const { passedOn } = sync;
      if (passedOn !== undefined) headers[SYNC_HEADER] = passedOn;
      if (withCors) Object.assign(headers, CORS_HEADERS);
      return send(reply, headers);
    };

function refuse(c: Context, dialect: Dialect, requestId: string, error: unknown): Reply {
  const problem =
    error instanceof Problem
      ? error
      : new Problem("internal", "Something went wrong on our side.", { cause: error });
  if (problem.status >= 500 && !problem.kind.expected) logRefusal(c.req.method, problem, requestId);
  const sentKey = c.req.header("Authorization") !== undefined;
  const { origin } = new URL(c.req.url);
  return DIALECTS[dialect].refuse(problem, { requestId, origin, sentKey });
}

function logRefusal(method: string, { code, message: detail, cause }: Problem, requestId: string): void {
  // Only the cause's name: messages of lower layers may contain commands, values and tokens.
  const name = cause instanceof Error ? cause.name : typeof cause;
  console.error(JSON.stringify({ request_id: requestId, method, code, detail, cause: name }));
}

function send(reply: Reply | Response, headers: Record<string, string>): Response {
  if (!(reply instanceof Response)) {
    headers["Cache-Control"] ??= "no-store";
    return new Response(reply.body, { status: reply.status, headers });
  }
  // The platform makes a socket's handshake, and its headers cannot be changed.
  if (reply.status === 101) return reply;
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value);
  if (!reply.headers.has("Cache-Control")) reply.headers.set("Cache-Control", "no-store");
  return reply;
}
