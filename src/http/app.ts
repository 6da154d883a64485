import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { Hono } from "hono/tiny";
import { DEFAULT_NAMESPACE } from "../config.ts";
import { entryId, label } from "../core/agent.ts";
import { type Caller, holds } from "../core/authority.ts";
import type { Region } from "../core/entry.ts";
import { accept, Problem, type ProblemCode } from "../core/problem.ts";
import { authenticate } from "./auth.ts";
import type { Answer, Deps, Endpoint, PathParams } from "./endpoint.ts";
import { matchesEtag, weakEtag } from "./etag.ts";
import { readLeaseToken } from "./lease-token.ts";
import { type PageRequest, pages, problemPage } from "./pages.ts";
import { problemResponse } from "./problem-response.ts";
import { endpoints } from "./routes.ts";
import { BODY_BYTES_MAX, check, checkQuery, invalid, readJson } from "./validate.ts";

/** What may stand in a path, by the parameter's name; a type is nobody's if it is no good. */
const IN_PATH = { id: entryId, service: label(256), name: entryId };
const PATH_PARAMS = ["id", "type", "service", "name", "tool", "call"] as const;

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
const NOBODY: Caller = { name: null, scopes: [], namespace: DEFAULT_NAMESPACE };

type AppEnv = { Variables: { requestId: string; caller: Caller } };

/** The whole HTTP surface: what every answer carries, who may ask, and the table of endpoints. */
export function createApp(deps: Deps): Hono<AppEnv> {
  // Its router tries the patterns one by one, which among so few is the quickest; the others refuse some of these paths, or
  // walk a tree.
  const app = new Hono<AppEnv>();
  const open = deps.config.access.mode === "open";

  app.use(requestId({ headerName: "X-Request-Id" }));
  app.use(async function finish(c, next) {
    const startedAt = deps.now();
    await next();
    // A socket's hand-shake is the platform's.
    if (c.res.status === 101) return;
    const { headers } = c.res;
    // Set here and not by the middleware, because a refusal is a response of its own.
    headers.set("X-Request-Id", c.get("requestId"));
    headers.set("Server-Timing", `total;dur=${deps.now() - startedAt}`);
    headers.set("X-Content-Type-Options", "nosniff");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
    if (open) return;
    headers.set("Access-Control-Allow-Origin", "*");
    headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  });
  if (!open) {
    app.options(
      "*",
      cors({
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
      }),
    );
  }
  app.use(async function identify(c, next) {
    // A page opens without a key, to ask for one.
    const keyless = isPage(c.req.path) && !open && c.req.header("Authorization") === undefined;
    const nobody = c.req.path === "/health" || (keyless && deps.config.access.mode === "keys");
    c.set("caller", nobody ? NOBODY : await authenticate(c.req.raw, deps.config));
    await next();
  });
  app.use(async function strict(c, next) {
    // That router overlooks a slash at the end; there is nothing behind one.
    return c.req.path.endsWith("/") && c.req.path !== "/" ? nothingHere(c) : next();
  });
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES_MAX,
      onError: () => {
        throw new Problem("payload_too_large", `A body may have at most ${BODY_BYTES_MAX} bytes.`);
      },
    }),
  );

  for (const declared of endpoints) {
    app.on(declared.method, declared.path, (c) => serve(c, declared, deps));
  }

  for (const { path, show } of pages) {
    app.get(path, (c) => {
      const caller = c.get("caller");
      const call: PageRequest = {
        request: c.req.raw,
        id: c.req.param("id") ?? "",
        caller,
        store: deps.openStore(caller.namespace),
        pool: (service) => deps.openPool(caller.namespace, service),
        gateway: (toolset) => deps.openGateway(caller.namespace, toolset),
        ping: deps.config.ping,
        now: deps.now(),
      };
      return show(call);
    });
  }

  app.notFound(nothingHere);

  app.onError((error, c) => {
    const id = c.get("requestId");
    const problem =
      error instanceof Problem
        ? error
        : new Problem("internal", "Something went wrong on our side.", { cause: error });
    if (problem.status >= 500 && !UNREMARKABLE.has(problem.code)) {
      // Names only: the messages of what went wrong below may carry commands, values and tokens.
      const cause = problem.cause instanceof Error ? problem.cause.name : typeof problem.cause;
      console.error(
        JSON.stringify({
          request_id: id,
          method: c.req.method,
          code: problem.code,
          detail: problem.message,
          cause,
        }),
      );
    }
    if (isPage(c.req.path)) return problemPage(problem);
    return problemResponse(problem, id, isLegacy(c.req.path));
  });
  return app;
}

function nothingHere(c: Context<AppEnv>): Response {
  const allow = methodsFor(c.req.path);
  const problem =
    allow.length > 0
      ? new Problem("method_not_allowed", `${c.req.path} takes ${allow.join(", ")}.`, { allow })
      : new Problem("route_not_found", "There is nothing at this path. GET /openapi.json lists the routes.");
  return problemResponse(problem, c.get("requestId"), false);
}

async function serve(c: Context<AppEnv>, declared: Endpoint, deps: Deps): Promise<Response> {
  const caller = c.get("caller");
  if (declared.scope !== null && !holds(caller, declared.scope)) {
    throw new Problem("forbidden", `This key does not have the scope "${declared.scope}".`);
  }
  for (const [name, schema] of Object.entries(IN_PATH)) {
    const given = c.req.param(name);
    const parsed = given === undefined ? undefined : schema.safeParse(given);
    if (parsed?.error) throw invalid([{ pointer: `/${name}`, detail: parsed.error.issues[0]!.message }]);
  }
  const query = accept(checkQuery(declared.query, searchOf(c.req.url), declared.legacy));
  const read = async () => declared.body && accept(check(declared.body, await readBody(c, declared)));
  const body = declared.readsBodyLate ? undefined : await read();

  const sent = c.req.header("Lease-Token");
  const store = deps.openStore(caller.namespace);
  const pool = (service: string) => deps.openPool(caller.namespace, service);
  // Read last: a body may take its time to come, and a lease may lapse meanwhile.
  const now = deps.now();
  const answer = await declared.handle({
    query,
    body,
    readBody: read,
    headers: c.req.raw.headers,
    ...pathParams(c),
    caller,
    pool,
    gateway: (toolset) => deps.openGateway(caller.namespace, toolset),
    prober: () => ({
      store,
      pool,
      fetch: deps.fetch,
      allowLoopback: deps.config.access.mode === "open",
      timeoutMs: deps.probeTimeoutMs,
    }),
    pause: deps.pause,
    store,
    config: deps.config,
    token: sent === undefined ? undefined : await readLeaseToken(sent),
    get region() {
      return regionOf(c.req.raw);
    },
    now,
    clock: deps.now,
  });
  return respond(c, declared, answer);
}

/** What stands behind the question mark. Most requests have none, and taking a URL apart is work. */
function searchOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}

const pathParams = (c: Context<AppEnv>): PathParams =>
  Object.fromEntries(PATH_PARAMS.map((name) => [name, c.req.param(name) ?? ""])) as unknown as PathParams;

async function readBody(c: Context<AppEnv>, { legacy, bodyOptional }: Endpoint): Promise<unknown> {
  const type = c.req.header("Content-Type");
  // Source 2 never looked at the type, and neither do its clients' libraries.
  if (!legacy && type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Problem("unsupported_media_type", "Send the body as application/json.");
  }
  return readJson(c.req.raw, bodyOptional === true);
}

async function respond(c: Context<AppEnv>, declared: Endpoint, answer: Answer): Promise<Response> {
  if (answer.raw) return answer.raw;
  const headers = new Headers(answer.headers);
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers });
  headers.set("Content-Type", "application/json");
  // A read that says no-store itself is one whose answer is spent once it is given.
  if (declared.scope === "read" && answer.status === 200 && !headers.has("Cache-Control")) {
    const etag = await weakEtag(answer.body as object);
    headers.set("ETag", etag);
    headers.set("Cache-Control", "private, no-cache");
    if (matchesEtag(c.req.header("If-None-Match"), etag)) return new Response(null, { status: 304, headers });
  }
  return new Response(JSON.stringify(answer.body), { status: answer.status, headers });
}

/** Where the request entered the platform's network; absent when nothing says so, as in tests. */
function regionOf(request: Request): Region | null {
  const { cf } = request;
  if (!cf) return null;
  const region: Region = {};
  for (const field of ["colo", "country", "continent", "latitude", "longitude"] as const) {
    const value = cf[field];
    if (typeof value === "string") region[field] = value;
  }
  return region;
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
