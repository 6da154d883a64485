import { sha256, toHex } from "./digest.ts";

/** What passes with time alone; a reader that has the rest has nothing to fetch. */
const TICKING = new Set([
  "age_ms",
  "last_seen",
  "last_pong",
  "expires_at",
  "as_of",
  "query_time_ms",
  "timestamp",
  "waited_ms",
]);

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const still = (record: object): object =>
  Object.fromEntries(
    Object.entries(record)
      .filter(([key]) => !TICKING.has(key))
      .map(([key, value]) => [key, key === "health" && isObject(value) ? still(value) : value]),
  );

/** The body and the records in its lists, without what ticks. Nothing deeper: that is what agents said, whatever they named it. */
function stillBody(body: object): object {
  return Object.fromEntries(
    Object.entries(still(body)).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map((item: unknown) => (isObject(item) ? still(item) : item)) : value,
    ]),
  );
}

/** A weak validator (RFC 9110, 8.8.1): equal while nothing has changed but the clock. */
export async function weakEtag(body: object): Promise<string> {
  return `W/"${toHex((await sha256(JSON.stringify(stillBody(body)))).subarray(0, 12))}"`;
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2), and a cache on the way may have dropped or added the W/. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
