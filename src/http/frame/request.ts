import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Region } from "../../core/entry.ts";
import { Lru } from "../../core/lru.ts";
import { invalid, orThrow, Problem } from "../../core/problem.ts";
import { DIALECTS } from "./dialects.ts";
import type { Endpoint } from "./endpoint.ts";
import { BODY_BYTES_MAX, readJson, readLines } from "./json.ts";
import { check } from "../../core/check.ts";
import { LINES_TYPE } from "./lines-reply.ts";
import { checkQuery, shapeOf } from "./query.ts";

/** The sender's own request id, so that the logs of both sides can be joined; a new one if it sent none or an unusual one. */
export function requestIdOf(c: Context): string {
  const sent = c.req.header("X-Request-Id");
  return sent !== undefined && /^[\w\-=]{1,255}$/.test(sent) ? sent : crypto.randomUUID();
}

/** @throws {Problem} `invalid_request`, with the pointer `/<name>` */
export function readParams(c: Context, { params }: Endpoint): Record<string, string> {
  const given: Record<string, string> = c.req.param();
  for (const name in params) {
    const parsed = params[name]!.safeParse(given[name]);
    if (parsed.error) throw invalid([{ pointer: `/${name}`, detail: parsed.error.issues[0]!.message }]);
  }
  return given;
}

/** What comes after the question mark. Most requests have none, and parsing a URL costs time. */
function searchOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}

const isLenient = ({ dialect = "problem" }: Endpoint): boolean => DIALECTS[dialect].lenient;

/** The total length of the query strings that are kept, in characters. */
const RECENT_QUERIES_WEIGHT_MAX = 100_000;
const recentQueries = new Lru<{ parsed: unknown }>(RECENT_QUERIES_WEIGHT_MAX);

/**
 * The query, checked by the endpoint's schema. The same queries are sent again and again, so their results are kept.
 *
 * @throws {Problem} `invalid_request`
 */
export function readQuery(c: Context, endpoint: Endpoint): unknown {
  const search = searchOf(c.req.url);
  if (search === "") return orThrow(checkQuery(endpoint.query, search, isLenient(endpoint)));
  const asked = `${endpoint.operationId}?${search}`;
  const known = recentQueries.get(asked);
  if (known) return known.parsed;
  const parsed = orThrow(checkQuery(endpoint.query, search, isLenient(endpoint)));
  recentQueries.set(asked, { parsed }, asked.length);
  return parsed;
}

function refuseLargeBody(bytesMax: number): never {
  throw new Problem("payload_too_large", `A body may have at most ${bytesMax} bytes.`);
}

/**
 * The body, checked by the endpoint's schema; undefined where it takes none: then a body that says anything is refused.
 *
 * @throws {Problem} `unsupported_media_type`, `payload_too_large`, `invalid_request`
 */
export async function readBody(c: Context, endpoint: Endpoint): Promise<unknown> {
  if (endpoint.body) return orThrow(check(endpoint.body, await readJsonBody(c, endpoint)));
  const sent = c.req.raw.body;
  if (sent === null || isLenient(endpoint) || (await saysNothing(sent))) return undefined;
  const list = Object.keys(shapeOf(endpoint.query)).join(", ");
  const instead = list === "" ? "" : `; what it can be told are parameters: ${list}`;
  throw invalid([{ pointer: "", detail: `this route takes no body${instead}` }]);
}

/** Enough for an empty object in whatever spacing. */
const EMPTY_BODY_LENGTH_MAX = 64;

/** Whether a body is empty, or the `{}` that many clients send with every POST. What is longer is not read to its end. */
async function saysNothing(body: ReadableStream<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > EMPTY_BODY_LENGTH_MAX) return false;
  }
  return /^(?:\{\s*\})?$/.test(text.trim());
}

async function readJsonBody(c: Context, endpoint: Endpoint): Promise<unknown> {
  const type = c.req.header("Content-Type");
  // The older agent API ignores the type, because its clients do not always send the right one.
  const taken = endpoint.takesLines ? LINES : JSON_TYPE;
  if (type !== undefined && !taken.test(type) && !isLenient(endpoint)) {
    const wanted = endpoint.takesLines ? LINES_TYPE : "application/json";
    throw new Problem("unsupported_media_type", `Send the body as ${wanted}.`);
  }
  const { bodyBytesMax = BODY_BYTES_MAX } = endpoint;
  const onError = () => refuseLargeBody(bodyBytesMax);
  const length = c.req.header("Content-Length");
  // Counted only where no length was sent: the platform enforces the length that is stated.
  if (length === undefined) await bodyLimit({ maxSize: bodyBytesMax, onError })(c, async () => {});
  else if (Number(length) > bodyBytesMax) onError();
  if (endpoint.takesLines) return readLines(c.req.raw);
  return readJson(c.req.raw, endpoint.bodyOptional === true);
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
/** One value is a line of JSON too. */
const LINES = /^application\/(?:x-ndjson|(?:[\w.-]+\+)?json)\s*(?:;|$)/i;

/** @throws {Problem} `invalid_request`, with the pointer `/Idempotency-Key` */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const key = headers.get("Idempotency-Key");
  if (key === null) return undefined;
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw invalid([{ pointer: "/Idempotency-Key", detail: "must be 1 to 255 printable ASCII characters" }]);
}

/** Where the request entered the platform's network; null where the platform does not say, as in tests. */
export function regionOf({ cf }: Request & { cf?: Partial<Record<keyof Region, unknown>> }): Region | null {
  if (!cf) return null;
  const region: Region = {};
  for (const field of ["colo", "country", "continent", "latitude", "longitude"] as const) {
    const value = cf[field];
    if (typeof value === "string") region[field] = value;
  }
  return region;
}
