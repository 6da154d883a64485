import type { AgentRecord } from "../../core/agents/record.ts";
import { sha256, toHex } from "../../registry/digest.ts";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A record without the fields that change with the clock alone: they make no new version of it. */
function withoutClockFields({
  age_ms,
  last_seen,
  last_pong,
  expires_at,
  as_of,
  query_time_ms,
  timestamp,
  waited_ms,
  uptime,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  return isObject(rest["health"]) ? { ...rest, health: withoutClockFields(rest["health"]) } : rest;
}

/**
 * The body and the records in its lists without clock fields. Nothing deeper is touched: that is the agents' own content, in
 * which a field may have the same name.
 */
function bodyWithoutClockFields(body: object): object {
  const kept = withoutClockFields(body as Record<string, unknown>);
  for (const [key, value] of Object.entries(kept)) {
    if (Array.isArray(value)) {
      kept[key] = value.map((item: unknown) => (isObject(item) ? withoutClockFields(item) : item));
    }
  }
  return kept;
}

/** A weak validator (RFC 9110, 8.8.1): equal while nothing has changed but the clock. */
export async function weakEtag(body: object): Promise<string> {
  return `W/"${toHex((await sha256(JSON.stringify(bodyWithoutClockFields(body)))).subarray(0, 12))}"`;
}

/**
 * The same for one agent, from the stored document's digest instead of a hash of the body; undefined where the digest is not
 * known, or the effective status is not the reported one.
 */
export const recordEtag = (
  documentDigest: string | undefined,
  { status, status_reason, current_load }: AgentRecord,
): string | undefined =>
  documentDigest === undefined || status_reason !== null
    ? undefined
    : `W/"${documentDigest}-${status}-${current_load}"`;

/** If-None-Match compares weakly (RFC 9110, 13.1.2), and a cache on the way may have dropped or added the W/. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
