import type { AgentRecord } from "../../core/agents/record.ts";
import { sha256 } from "../../registry/digest.ts";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A record without what passes with time alone: a reader that has the rest has nothing to fetch. */
function still({
  age_ms,
  last_seen,
  last_pong,
  expires_at,
  as_of,
  query_time_ms,
  timestamp,
  waited_ms,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  return isObject(rest["health"]) ? { ...rest, health: still(rest["health"]) } : rest;
}

/** The body and the records in its lists, without what ticks. Nothing deeper: that is what agents said, whatever they named it. */
function stillBody(body: object): object {
  const kept = still(body as Record<string, unknown>);
  for (const [key, value] of Object.entries(kept)) {
    if (Array.isArray(value)) kept[key] = value.map((item: unknown) => (isObject(item) ? still(item) : item));
  }
  return kept;
}

/** A weak validator (RFC 9110, 8.8.1): equal while nothing has changed but the clock. */
export async function weakEtag(body: object): Promise<string> {
  return `W/"${(await sha256(JSON.stringify(stillBody(body)))).subarray(0, 12).toHex()}"`;
}

/**
 * The same for the record of an agent that is as it reported, made of what the record is made of: nobody has to digest what
 * has a digest.
 */
export const recordEtag = (documentDigest: string, { status, current_load }: AgentRecord): string =>
  `W/"${documentDigest}-${status}-${current_load}"`;

/** If-None-Match compares weakly (RFC 9110, 13.1.2), and a cache on the way may have dropped or added the W/. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
