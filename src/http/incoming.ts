import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Region } from "../core/entry.ts";
import { Lru } from "../core/lru.ts";
import { accept, Problem } from "../core/problem.ts";
import type { Endpoint } from "./endpoint.ts";
import { BODY_BYTES_MAX, checkQuery, readJson } from "./validate.ts";

/** The caller's own, if it is a plain word; so that a request can be followed through the logs of both. */
export function requestIdOf(c: Context): string {
  const sent = c.req.header("X-Request-Id");
  return sent !== undefined && /^[\w\-=]{1,255}$/.test(sent) ? sent : crypto.randomUUID();
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
  if (search === "") return accept(checkQuery(query, search, legacy));
  const asked = `${operationId}?${search}`;
  const known = recentQueries.get(asked);
  if (known) return known.parsed;
  const parsed = accept(checkQuery(query, search, legacy));
  recentQueries.set(asked, { parsed }, asked.length);
  return parsed;
}

/** Only where nobody said how long the body is: the platform holds senders to what they say. */
const countingBytes = bodyLimit({ maxSize: BODY_BYTES_MAX, onError: refuseLargeBody });

function refuseLargeBody(): never {
  throw new Problem("payload_too_large", `A body may have at most ${BODY_BYTES_MAX} bytes.`);
}

/** @throws {Problem} `unsupported_media_type`, `payload_too_large`, `invalid_request` */
export async function readBody(c: Context, { legacy, bodyOptional }: Endpoint): Promise<unknown> {
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
export function regionOf(request: Request): Region | null {
  const { cf } = request;
  if (!cf) return null;
  const region: Region = {};
  for (const field of ["colo", "country", "continent", "latitude", "longitude"] as const) {
    const value = cf[field];
    if (typeof value === "string") region[field] = value;
  }
  return region;
}
