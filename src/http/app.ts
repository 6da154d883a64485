import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { causedBy, reasonIn } from "../cause.ts";
import type { Access } from "../config.ts";
import type { Asker } from "../core/authority.ts";
import type { Actor } from "../core/event.ts";
import { Problem } from "../core/problem.ts";
import { streamWhileKeyLasts, whileKeyLasts } from "../registry/keys/lasting.ts";
import { readLeaseToken } from "../registry/lease-token.ts";
import type { Namespace } from "../registry/namespace.ts";
import { SYNC_HEADER, withSync } from "../sync.ts";
import { Telemetry } from "../telemetry.ts";
import { CheckedAsk } from "./frame/ask.ts";
import { authenticate, authorize } from "./frame/auth.ts";
import { preflight } from "./frame/cors.ts";
import { DIALECTS } from "./frame/dialects.ts";
import { type Dialect, type Endpoint, type Method } from "./frame/endpoint.ts";
import { envelope, type Passage } from "./frame/envelope.ts";
import { countRequest, type RateLimits } from "./frame/rate-limit.ts";
import { type Reply, replyOf } from "./frame/reply.ts";
import { readBody, readParams, readQuery } from "./frame/request.ts";
import { endpoints } from "./routes.ts";
import { pages } from "./routes/pages.ts";

const METHODS: readonly Method[] = ["POST", "GET", "PUT", "DELETE"];

export interface AppOptions {
  access: Access;
  /** Opens a namespace by its name. */
  open: (namespace: string) => Namespace;
  /** ms since the Unix epoch */
  clock: () => number;
  /** How many requests of a key are taken; by default all. */
  rateLimits?: RateLimits | undefined;
  /** Takes note of every answer. */
  telemetry?: Telemetry;
  /** The routes; by default all of them. */
  table?: readonly Endpoint[];
}

/** The whole HTTP face: mounts a table of endpoints. */
export function createApp({
  access,
  open,
  clock,
  rateLimits = {},
  telemetry = new Telemetry(),
  table = [...endpoints, ...pages],
}: AppOptions): Hono {
  // hono/tiny tries the patterns one by one, which is the quickest among so few; Hono's RegExpRouter refuses some of them.
  const app = new Hono();
  const gate = { access, open };
  // Open access is for this machine alone, so no page of another origin may read its answers.
  const withCors = access.mode !== "open";
  const withEnvelope = envelope({ clock, withCors, telemetry });

  if (withCors) app.options("*", withEnvelope("problem", preflight));

  const refuseRoute = async (c: Context): Promise<never> => {
    await authenticate(c.req.raw, gate);
    const allow = hasSlashAtTheEnd(c)
      ? []
      : METHODS.filter((method) => app.router.match(method, c.req.path)[0].length > 0);
    throw noRoute(c.req.path, allow);
  };
  const inProblems = withEnvelope("problem", refuseRoute);
  const inRpc = withEnvelope("rpc", refuseRoute);
  const plainly = withEnvelope("problem", async () => new Response("Not found\n", { status: 404 }));
  const notFound = (c: Context) => (isForOAuth(c) ? plainly(c) : isForMcp(c) ? inRpc(c) : inProblems(c));
  app.notFound(notFound);

  for (const endpoint of table) {
    const { dialect = "problem" } = endpoint;
    const respond = withEnvelope(dialect, async (c, passage) => {
      passage.endpoint = endpoint;
      const asker = await authorize(c.req.raw, endpoint, gate);
      passage.asker = asker;
      await countRequest(rateLimits, asker, endpoint.isHeartbeat === true);
      const namespace = whileKeyLasts(open(asker.namespace), asker);
      passage.backend = namespace.store.backend;
      const { sync } = passage;
      const passedOn = c.req.header(SYNC_HEADER);
      if (passedOn !== undefined) sync.ask(passedOn);
      const cause = {
        actor: actorOf(asker, c.req.header("Lease-Token") !== undefined),
        requestId: passage.requestId,
        limits: asker.limits,
        reason: reasonIn(c.req.raw.headers),
      };
      const about = { asker, namespace, needsKey: access.mode === "keys", telemetry };
      return withSync(sync, () => causedBy(cause, () => serve(c, passage, endpoint, about)));
    });
    app.on(endpoint.method, endpoint.path, (c) => (isRefusedSlash(dialect, c) ? notFound(c) : respond(c)));
  }
  return app;
}

/** @param isHolder  whether a lease token was sent: one that is not current changes nothing */
function actorOf({ name }: Asker, isHolder: boolean): Actor {
  if (name === null) return { type: isHolder ? "holder" : "anyone" };
  return { type: isHolder ? "holder" : "key", name };
}

/** MCP clients look here for a server of OAuth, with or without a key, and take any answer but a plain 404 for one. */
const isForOAuth = ({ req: { path } }: Context): boolean =>
  /^\/\.well-known\/(?:oauth-|openid-configuration(?:\/|$))/.test(path);

/** An MCP client takes a refusal that is no JSON-RPC error for that of an older server. */
const isForMcp = ({ req: { path } }: Context): boolean => /^\/mcp(?:\/|$)/.test(path);

/** The router ignores a slash at the end, but no route has one, and only the older agent API's clients may send one. */
const isRefusedSlash = (dialect: Dialect, c: Context): boolean =>
  !DIALECTS[dialect].slashAtTheEnd && hasSlashAtTheEnd(c);

const hasSlashAtTheEnd = ({ req: { path } }: Context): boolean => path.length > 1 && path.endsWith("/");

/** @param allow  the methods that a route of this path takes; empty: there is no such route */
const noRoute = (path: string, allow: Method[]): Problem =>
  allow.length > 0
    ? new Problem("method_not_allowed", `${path} takes ${allow.join(", ")}.`, { allow })
    : new Problem(
        "route_not_found",
        "There is nothing at this path. GET /openapi.json lists the routes; a slash in an id travels as %2F.",
      );

async function serve(
  c: Context,
  passage: Passage,
  endpoint: Endpoint,
  about: { asker: Asker; namespace: Namespace; needsKey: boolean; telemetry: Telemetry },
): Promise<Reply | Response> {
  const params = readParams(c, endpoint);
  const query = readQuery(c, endpoint);
  const body = endpoint.readsBodyLate ? undefined : await readBody(c, endpoint);
  // The clock is read last, because a body may be slow to arrive and a lease may lapse meanwhile.
  const now = about.namespace.clock();
  const sent = c.req.header("Lease-Token");
  const token = sent === undefined ? undefined : await readLeaseToken(sent);
  const ask = new CheckedAsk(c, endpoint, { ...about, params, query, body, token, now });
  const answer = await endpoint.handle(ask);
  passage.refused = answer.refused ?? [];
  return answer.raw
    ? streamWhileKeyLasts(about.namespace, about.asker, answer.raw)
    : replyOf(c, endpoint, answer);
}
