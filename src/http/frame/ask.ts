import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Config } from "../../config.ts";
import { entryId, label } from "../../core/names.ts";
import type { Asker } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import { Lru } from "../../core/lru.ts";
import { Problem, orThrow, invalid } from "../../core/problem.ts";
import type { Store } from "../../store/store.ts";
import type { Call, Deps, Endpoint, PathParams } from "./endpoint.ts";
import type { LeaseToken } from "../../registry/lease-token.ts";
import { BODY_BYTES_MAX, check, checkQuery, readJson } from "./validate.ts";

/** The asker's own, if it is a plain word; so that a request can be followed through the logs of both. */
export function requestIdOf(c: Context): string {
  const sent = c.req.header("X-Request-Id");
  return sent !== undefined && /^[\w\-=]{1,255}$/.test(sent) ? sent : crypto.randomUUID();
}

/** What may stand in a path, by the parameter's name; a type is nobody's if it is no good. */
const IN_PATH = { id: entryId, service: label(256), name: entryId } as const;

/** @throws {Problem} `invalid_request` */
export function readPath(c: Context): Partial<PathParams> {
  const inPath: Partial<PathParams> = c.req.param();
  for (const name of ["id", "service", "name"] as const) {
    const given = inPath[name];
    const parsed = given === undefined ? undefined : IN_PATH[name].safeParse(given);
    if (parsed?.error) throw invalid([{ pointer: `/${name}`, detail: parsed.error.issues[0]!.message }]);
  }
  return inPath;
}

/** What stands behind the question mark. Most requests have none, and taking a URL apart is work. */
function searchOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}

/** In characters of what was asked. */
const RECENT_QUERIES_WEIGHT_MAX = 100_000;
const recentQueries = new Lru<{ parsed: unknown }>(RECENT_QUERIES_WEIGHT_MAX);

/**
 * The query as the endpoint's schema has it. The same questions come again and again: what they mean is found out once.
 *
 * @throws {Problem} `invalid_request`
 */
export function readQuery(c: Context, { operationId, query, legacy }: Endpoint): unknown {
  const search = searchOf(c.req.url);
  if (search === "") return orThrow(checkQuery(query, search, legacy));
  const asked = `${operationId}?${search}`;
  const known = recentQueries.get(asked);
  if (known) return known.parsed;
  const parsed = orThrow(checkQuery(query, search, legacy));
  recentQueries.set(asked, { parsed }, asked.length);
  return parsed;
}

/** Only where nobody said how long the body is: the platform holds senders to what they say. */
const countingBytes = bodyLimit({ maxSize: BODY_BYTES_MAX, onError: refuseLargeBody });

function refuseLargeBody(): never {
  throw new Problem("payload_too_large", `A body may have at most ${BODY_BYTES_MAX} bytes.`);
}

/**
 * The body as the endpoint's schema has it; undefined where it takes none.
 *
 * @throws {Problem} `unsupported_media_type`, `payload_too_large`, `invalid_request`
 */
export async function readBody(c: Context, declared: Endpoint): Promise<unknown> {
  return declared.body && orThrow(check(declared.body, await readJsonBody(c, declared)));
}

async function readJsonBody(c: Context, { legacy, bodyOptional }: Endpoint): Promise<unknown> {
  const type = c.req.header("Content-Type");
  // Source 2 never looked at the type, and neither do its clients' libraries.
  if (!legacy && type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Problem("unsupported_media_type", "Send the body as application/json.");
  }
  const length = c.req.header("Content-Length");
  if (length === undefined) await countingBytes(c, async () => {});
  else if (Number(length) > BODY_BYTES_MAX) refuseLargeBody();
  return readJson(c.req.raw, bodyOptional === true);
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

interface Checked {
  inPath: Partial<PathParams>;
  query: unknown;
  body: unknown;
  asker: Asker;
  token: LeaseToken | undefined;
  now: number;
}

/**
 * What a handler is given. What only some handlers ask for is made when they do: to build all of it for every request was a
 * good part of what a heartbeat costs.
 */
export class Incoming implements Call<unknown, unknown> {
  readonly id: string;
  readonly type: string;
  readonly service: string;
  readonly name: string;
  readonly tool: string;
  readonly call: string;
  readonly query: unknown;
  readonly body: unknown;
  readonly asker: Asker;
  readonly store: Store;
  readonly token: LeaseToken | undefined;
  readonly now: number;
  readonly #c: Context;
  readonly #declared: Endpoint;
  readonly #deps: Deps;

  constructor(c: Context, declared: Endpoint, deps: Deps, checked: Checked) {
    const { inPath, query, body, asker, token, now } = checked;
    this.id = inPath.id ?? "";
    this.type = inPath.type ?? "";
    this.service = inPath.service ?? "";
    this.name = inPath.name ?? "";
    this.tool = inPath.tool ?? "";
    this.call = inPath.call ?? "";
    this.query = query;
    this.body = body;
    this.asker = asker;
    this.store = deps.openStore(asker.namespace);
    this.token = token;
    this.now = now;
    this.#c = c;
    this.#declared = declared;
    this.#deps = deps;
  }

  get readBody(): Call<unknown, unknown>["readBody"] {
    return () => readBody(this.#c, this.#declared);
  }

  get headers(): Headers {
    return this.#c.req.raw.headers;
  }

  get region(): Region | null {
    return regionOf(this.#c.req.raw);
  }

  get pool(): Call<unknown, unknown>["pool"] {
    return (service) => this.#deps.openPool(this.asker.namespace, service);
  }

  get gateway(): Call<unknown, unknown>["gateway"] {
    return (toolset) => this.#deps.openGateway(this.asker.namespace, toolset);
  }

  get prober(): Call<unknown, unknown>["prober"] {
    const { store, pool } = this;
    const { fetch, probeTimeoutMs, config } = this.#deps;
    const allowLoopback = config.access.mode === "open";
    return () => ({ store, pool, fetch, allowLoopback, timeoutMs: probeTimeoutMs });
  }

  get pause(): Deps["pause"] {
    return this.#deps.pause;
  }

  get config(): Config {
    return this.#deps.config;
  }

  get clock(): Deps["now"] {
    return this.#deps.now;
  }
}
