import type { Context } from "hono";
import { cors } from "hono/cors";
import { Hono } from "hono/tiny";
import type { Access } from "../config.ts";
import { type Asker, hasScope } from "../core/authority.ts";
import { Problem } from "../core/problem.ts";
import { readLeaseToken } from "../registry/lease-token.ts";
import type { Namespace } from "../registry/namespace.ts";
import { CheckedAsk } from "./frame/ask.ts";
import { ANONYMOUS, authenticate } from "./frame/auth.ts";
import { DIALECTS } from "./frame/dialects.ts";
import type { Answer, Dialect, Endpoint } from "./frame/endpoint.ts";
import { matchesEtag, weakEtag } from "./frame/etag.ts";
import type { Reply } from "./frame/reply.ts";
import { readBody, readParams, readQuery, requestIdOf } from "./frame/request.ts";
import { endpoints } from "./routes.ts";
import { pages } from "./routes/pages.ts";

/** What a page of another origin may read of an answer. */
const EXPOSED_HEADERS = "ETag, X-Request-Id, Server-Timing, Retry-After, Location";

const METHODS = ["POST", "GET", "PUT", "DELETE"];

export interface AppOptions {
  access: Access;
  /** Opens a namespace by its name. */
  open: (namespace: string) => Namespace;
  /** ms since the Unix epoch */
  clock: () => number;
  /** The routes; all there are unless said. */
  table?: readonly Endpoint[];
}

/** Answers one request; a Problem that it throws is refused in the endpoint's dialect. */
type Handler = (c: Context) => Promise<Reply | Response>;

/** The whole HTTP surface: what every answer carries, who may ask, and the table of endpoints. */
export function createApp({ access, open, clock, table = [...endpoints, ...pages] }: AppOptions): Hono {
  // hono/tiny tries the patterns one by one, which is the quickest among so few; Hono's RegExpRouter refuses some of them.
  const app = new Hono();
  const isOpen = access.mode === "open";

  const withEnvelope = (dialect: Dialect, handler: Handler) =>
    async function respond(c: Context): Promise<Response> {
      const startedAt = clock();
      const requestId = requestIdOf(c);
      let reply: Reply | Response;
      try {
        reply = await handler(c);
      } catch (error) {
        reply = refuse(c, dialect, requestId, error);
      }
      const headers: Record<string, string> = reply instanceof Response ? {} : reply.headers;
      headers["X-Request-Id"] = requestId;
      headers["Server-Timing"] = `total;dur=${clock() - startedAt}`;
      headers["X-Content-Type-Options"] = "nosniff";
      if (!isOpen) {
        headers["Access-Control-Allow-Origin"] = "*";
        headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS;
      }
      return send(reply, headers);
    };

  if (!isOpen) {
    const preflight = cors({
      origin: "*",
      allowMethods: ["GET", "POST", "PUT", "DELETE"],
      allowHeaders: [
        "Authorization",
        "Content-Type",
        "Lease-Token",
        "If-None-Match",
        "X-Request-Id",
        "Last-Event-ID",
        "traceparent",
        "tracestate",
        "baggage",
      ],
      maxAge: 86_400,
    });
    // A browser asks without a key whether it may send one.
    app.options(
      "*",
      withEnvelope("problem", async (c) => (await preflight(c, async () => {})) as Response),
    );
  }

  async function nothingHere(c: Context): Promise<never> {
    await authenticate(c.req.raw, access);
    const allow = hasSlashAtTheEnd(c)
      ? []
      : METHODS.filter((method) => app.router.match(method, c.req.path)[0].length > 0);
    if (allow.length > 0) {
      throw new Problem("method_not_allowed", `${c.req.path} takes ${allow.join(", ")}.`, { allow });
    }
    throw new Problem(
      "route_not_found",
      "There is nothing at this path. GET /openapi.json lists the routes; a slash in an id travels as %2F.",
    );
  }

  const notFound = withEnvelope("problem", nothingHere);
  for (const endpoint of table) {
    const respond = withEnvelope(endpoint.dialect ?? "problem", async (c) => {
      const asker = await askerOf(c, endpoint, access);
      return serve(c, endpoint, asker, open(asker.namespace));
    });
    app.on(endpoint.method, endpoint.path, (c) => (hasSlashAtTheEnd(c) ? notFound(c) : respond(c)));
  }

  app.notFound(notFound);
  return app;
}

/** The router overlooks a slash at the end, and no route has one. */
const hasSlashAtTheEnd = ({ req: { path } }: Context): boolean => path.length > 1 && path.endsWith("/");

/** @throws {Problem} as `authenticate` does; `forbidden` where the key lacks the endpoint's scope */
async function askerOf({ req }: Context, { key, scope }: Endpoint, access: Access): Promise<Asker> {
  const need = key ?? (scope === null ? "none" : "required");
  const isKeyless =
    need === "none" ||
    (need === "optional" && access.mode === "keys" && req.header("Authorization") === undefined);
  const asker = isKeyless ? ANONYMOUS : await authenticate(req.raw, access);
  if (scope !== null && !hasScope(asker, scope)) {
    throw new Problem("forbidden", `This key does not have the scope "${scope}".`);
  }
  return asker;
}

async function serve(
  c: Context,
  endpoint: Endpoint,
  asker: Asker,
  namespace: Namespace,
): Promise<Reply | Response> {
  const params = readParams(c, endpoint);
  const query = readQuery(c, endpoint);
  const body = endpoint.readsBodyLate ? undefined : await readBody(c, endpoint);
  // The clock is read last: a body may take its time to come, and a lease may lapse meanwhile.
  const now = namespace.clock();
  const sent = c.req.header("Lease-Token");
  const token = sent === undefined ? undefined : await readLeaseToken(sent);
  const ask = new CheckedAsk(c, endpoint, { params, query, body, asker, namespace, token, now });
  const answer = await endpoint.handle(ask);
  return answer.raw ?? replyOf(c, endpoint, answer);
}

async function replyOf(c: Context, { scope }: Endpoint, answer: Answer): Promise<Reply> {
  const { status, body, text } = answer;
  const headers: Record<string, string> = { ...answer.headers };
  if (body === undefined) return { status, headers, body: text ?? null };
  // A read that says no-store itself has an answer that may be used only once.
  if (scope === "read" && status === 200 && headers["Cache-Control"] === undefined) {
    headers["ETag"] = answer.etag ?? (await weakEtag(body as object));
    headers["Cache-Control"] = "private, no-cache";
    if (matchesEtag(c.req.header("If-None-Match"), headers["ETag"])) {
      return { status: 304, headers, body: null };
    }
  }
  headers["Content-Type"] ??= "application/json";
  return { status, headers, body: JSON.stringify(body) };
}

function refuse(c: Context, dialect: Dialect, requestId: string, error: unknown): Reply {
  const problem =
    error instanceof Problem
      ? error
      : new Problem("internal", "Something went wrong on our side.", { cause: error });
  if (problem.status >= 500 && !problem.kind.expected) {
    // Only the cause's name: the messages of lower layers may carry commands, values and tokens.
    const cause = problem.cause instanceof Error ? problem.cause.name : typeof problem.cause;
    console.error(
      JSON.stringify({
        request_id: requestId,
        method: c.req.method,
        code: problem.code,
        detail: problem.message,
        cause,
      }),
    );
  }
  const sentKey = c.req.header("Authorization") !== undefined;
  return DIALECTS[dialect].refuse(problem, { requestId, sentKey });
}

function send(reply: Reply | Response, headers: Record<string, string>): Response {
  if (!(reply instanceof Response)) {
    headers["Cache-Control"] ??= "no-store";
    return new Response(reply.body, { status: reply.status, headers });
  }
  // The platform made a socket's handshake, and its headers cannot be changed.
  if (reply.status === 101) return reply;
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value);
  if (!reply.headers.has("Cache-Control")) reply.headers.set("Cache-Control", "no-store");
  return reply;
}
