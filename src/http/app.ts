import type { Context } from "hono";
import { cors } from "hono/cors";
import { Hono } from "hono/tiny";
import { DEFAULT_NAMESPACE } from "../config.ts";
import { type Asker, hasScope } from "../core/authority.ts";
import { Problem, type ProblemCode } from "../core/problem.ts";
import { authenticate } from "./frame/auth.ts";
import type { Answer, Deps, Endpoint } from "./frame/endpoint.ts";
import { matchesEtag, weakEtag } from "./frame/etag.ts";
import { Incoming, readBody, readPath, readQuery, requestIdOf } from "./frame/ask.ts";
import { readLeaseToken } from "../registry/lease-token.ts";
import { pages, problemPage } from "./routes/pages.ts";
import { problemReply } from "./frame/dialects.ts";
import type { Reply } from "./frame/reply.ts";
import { endpoints } from "./routes.ts";

/** Answers of 500 and more that are no trouble of ours: nothing to look into. */
const UNREMARKABLE: ReadonlySet<ProblemCode> = new Set([
  "not_configured",
  "no_provider_available",
  "services_not_ready",
  "toolset_unhealthy",
]);

/** What a page of another origin may read of an answer. */
const EXPOSED_HEADERS = "ETag, X-Request-Id, Server-Timing, Retry-After, Location";

/** Who asks where no key is needed. */
const NOBODY: Asker = { name: null, scopes: [], namespace: DEFAULT_NAMESPACE };

/** One request on its way through: who sent it, and what its answer is to be called. */
interface Visit {
  c: Context;
  asker: Asker;
  requestId: string;
}
type Work = (visit: Visit) => Promise<Reply | Response>;

/** The whole HTTP surface: what every answer carries, who may ask, and the table of endpoints. */
export function createApp(deps: Deps): Hono {
  // Its router tries the patterns one by one, which among so few is the quickest; the others refuse some of these paths, or
  // walk a tree.
  const app = new Hono();
  const open = deps.config.access.mode === "open";

  async function callerOf({ req }: Context): Promise<Asker> {
    // A browser asks without a key whether it may send one, and a page opens without one to ask for it.
    const isKeyless =
      req.path === "/health" ||
      (!open && req.method === "OPTIONS") ||
      (deps.config.access.mode === "keys" && req.header("Authorization") === undefined && isPage(req.path));
    return isKeyless ? NOBODY : authenticate(req.raw, deps.config);
  }

  const answering = (work: Work) =>
    async function answer(c: Context): Promise<Response> {
      const startedAt = deps.now();
      const requestId = requestIdOf(c);
      let reply: Reply | Response;
      try {
        const visit = { c, asker: await callerOf(c), requestId };
        // The router overlooks a slash at the end; there is nothing behind one.
        reply = await (c.req.path.endsWith("/") && c.req.path !== "/" ? nothingHere(visit) : work(visit));
      } catch (error) {
        reply = refusal(c, requestId, error);
      }
      const carried: Record<string, string> = reply instanceof Response ? {} : reply.headers;
      carried["X-Request-Id"] = requestId;
      carried["Server-Timing"] = `total;dur=${deps.now() - startedAt}`;
      carried["X-Content-Type-Options"] = "nosniff";
      if (!open) {
        carried["Access-Control-Allow-Origin"] = "*";
        carried["Access-Control-Expose-Headers"] = EXPOSED_HEADERS;
      }
      return send(reply, carried);
    };

  if (!open) {
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
    app.options(
      "*",
      answering(async ({ c }) => (await preflight(c, async () => {})) as Response),
    );
  }

  for (const declared of endpoints) {
    app.on(
      declared.method,
      declared.path,
      answering((visit) => serve(visit, declared, deps)),
    );
  }

  for (const { path, show } of pages) {
    app.get(
      path,
      answering(({ c, asker }) =>
        show({
          request: c.req.raw,
          id: c.req.param("id") ?? "",
          asker,
          store: deps.openStore(asker.namespace),
          pool: (service) => deps.openPool(asker.namespace, service),
          gateway: (toolset) => deps.openGateway(asker.namespace, toolset),
          ping: deps.config.ping,
          now: deps.now(),
        }),
      ),
    );
  }

  app.notFound(answering(nothingHere));
  return app;
}

function send(reply: Reply | Response, headers: Record<string, string>): Response {
  if (!(reply instanceof Response)) {
    headers["Cache-Control"] ??= "no-store";
    return new Response(reply.body, { status: reply.status, headers });
  }
  // A socket's hand-shake is the platform's.
  if (reply.status === 101) return reply;
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value);
  if (!reply.headers.has("Cache-Control")) reply.headers.set("Cache-Control", "no-store");
  return reply;
}

function refusal(c: Context, requestId: string, error: unknown): Reply {
  const problem =
    error instanceof Problem
      ? error
      : new Problem("internal", "Something went wrong on our side.", { cause: error });
  if (problem.status >= 500 && !UNREMARKABLE.has(problem.code)) {
    // Names only: the messages of what went wrong below may carry commands, values and tokens.
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
  if (isPage(c.req.path)) return problemPage(problem);
  return problemReply(problem, requestId, isLegacy(c.req.path));
}

async function nothingHere({ c, requestId }: Visit): Promise<Reply> {
  const allow = methodsFor(c.req.path);
  const problem =
    allow.length > 0
      ? new Problem("method_not_allowed", `${c.req.path} takes ${allow.join(", ")}.`, { allow })
      : new Problem(
          "route_not_found",
          "There is nothing at this path. GET /openapi.json lists the routes; a slash in an id travels as %2F.",
        );
  return problemReply(problem, requestId, false);
}

async function serve({ c, asker }: Visit, declared: Endpoint, deps: Deps): Promise<Reply | Response> {
  if (declared.scope !== null && !hasScope(asker, declared.scope)) {
    throw new Problem("forbidden", `This key does not have the scope "${declared.scope}".`);
  }
  const inPath = readPath(c);
  const query = readQuery(c, declared);
  const body = declared.readsBodyLate ? undefined : await readBody(c, declared);
  // Read last: a body may take its time to come, and a lease may lapse meanwhile.
  const now = deps.now();
  const sent = c.req.header("Lease-Token");
  const token = sent === undefined ? undefined : await readLeaseToken(sent);
  const call = new Incoming(c, declared, deps, { inPath, query, body, asker, token, now });
  const answer = await declared.handle(call);
  return answer.raw ?? replyOf(c, declared, answer);
}

async function replyOf(c: Context, { scope }: Endpoint, answer: Answer): Promise<Reply> {
  const { status, body } = answer;
  const headers: Record<string, string> = { ...answer.headers };
  if (body === undefined) return { status, headers, body: null };
  // A read that says no-store itself is one whose answer is spent once it is given.
  if (scope === "read" && status === 200 && headers["Cache-Control"] === undefined) {
    headers["ETag"] = answer.etag ?? (await weakEtag(body as object));
    headers["Cache-Control"] = "private, no-cache";
    if (matchesEtag(c.req.header("If-None-Match"), headers["ETag"]))
      return { status: 304, headers, body: null };
  }
  headers["Content-Type"] ??= "application/json";
  return { status, headers, body: JSON.stringify(body) };
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`);
const pagePatterns = pages.map(({ path }) => patternOf(path));
const isPage = (path: string): boolean => pagePatterns.some((pattern) => pattern.test(path));
const patterns = [
  ...endpoints.map(({ method, path }) => ({ method, pattern: patternOf(path) })),
  ...pagePatterns.map((pattern) => ({ method: "GET", pattern })),
];
const methodsFor = (path: string): string[] => [
  ...new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
];
const isLegacy = (path: string): boolean => path === "/agents" || path.startsWith("/agents/");
