import type { Context } from "hono";
import type { Asker } from "../../core/authority.ts";
import { Problem } from "../../core/problem.ts";
import { Sync, SYNC_HEADER } from "../../sync.ts";
import { counting, Spent, type Telemetry } from "../../telemetry.ts";
import { CORS_HEADERS } from "./cors.ts";
import { DIALECTS } from "./dialects.ts";
import type { Dialect, Endpoint } from "./endpoint.ts";
import type { Reply } from "./reply.ts";
import { requestIdOf } from "./request.ts";

/** One request on its way: what its handler leaves for the envelope. */
export class Passage {
  readonly requestId: string;
  /** What is passed on. */
  readonly sync = new Sync();
  readonly spent = new Spent();
  endpoint: Endpoint | undefined;
  asker: Asker | undefined;
  backend: string | undefined;
  /** Why the request is refused. */
  problem: Problem | undefined;
  /** Why items of a batch were refused. */
  refused: readonly Problem[] = [];

  constructor(requestId: string) {
    this.requestId = requestId;
  }
}

/** Answers one request; refuses it by throwing a Problem. */
export type Handler = (c: Context, passage: Passage) => Promise<Reply | Response>;

export interface EnvelopeOptions {
  /** ms since the Unix epoch */
  clock: () => number;
  /** Whether pages of other origins may read the answers. */
  withCors: boolean;
  telemetry: Telemetry;
}

/**
 * Completes handlers: adds the headers that every answer has, refuses what they throw in an endpoint's dialect, and has the
 * telemetry take note.
 */
export const envelope =
  ({ clock, withCors, telemetry }: EnvelopeOptions) =>
  (dialect: Dialect, handler: Handler) =>
    async function respond(c: Context): Promise<Response> {
      const startedAt = clock();
      const requestId = requestIdOf(c);
      const passage = new Passage(requestId);
      let reply: Reply | Response;
      try {
        reply = await counting(passage.spent, () => handler(c, passage));
      } catch (error) {
        passage.problem = problemOf(error);
        reply = refuse(c, dialect, requestId, passage.problem);
      }
      const ms = clock() - startedAt;
      const { endpoint, asker, backend, spent, problem, refused, sync } = passage;
      const { method } = c.req;
      telemetry.record({
        requestId,
        method,
        endpoint,
        asker,
        backend,
        spent,
        status: reply.status,
        problem,
        refused,
        ms,
      });
      const headers: Record<string, string> = reply instanceof Response ? {} : reply.headers;
      headers["X-Request-Id"] = requestId;
      headers["Server-Timing"] = `total;dur=${ms}`;
      headers["X-Content-Type-Options"] = "nosniff";
      const { passedOn } = sync;
      if (passedOn !== undefined) headers[SYNC_HEADER] = passedOn;
      if (withCors) Object.assign(headers, CORS_HEADERS);
      return send(reply, headers);
    };

const problemOf = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem("internal", "Something went wrong on our side.", { cause: error });

function refuse(c: Context, dialect: Dialect, requestId: string, problem: Problem): Reply {
  const { origin } = new URL(c.req.url);
  return DIALECTS[dialect].refuse(problem, { requestId, origin });
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
