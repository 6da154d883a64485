import type { Asker } from "../../core/authority.ts";
import { Problem } from "../../core/problem.ts";

/** A rate limit of the platform: each of its locations counts by itself, and about right. */
export interface RateLimit {
  limit: (options: { key: string }) => Promise<{ success: boolean }>;
}

/** Heartbeats are counted apart, so that whoever reads too much ends no lease. Absent: as many as come. */
export interface RateLimits {
  requests?: RateLimit | undefined;
  heartbeats?: RateLimit | undefined;
}

/**
 * Counts a request for its key. Where the platform cannot count, everyone is let in.
 *
 * @throws {Problem} `rate_limited`
 */
export async function countRequest(
  { requests, heartbeats }: RateLimits,
  { namespace, name }: Asker,
  isHeartbeat: boolean,
): Promise<void> {
  const counter = isHeartbeat ? heartbeats : requests;
  if (!counter || name === null) return;
  const { success } = await counter.limit({ key: `${namespace} ${name}` }).catch(() => ({ success: true }));
  if (success) return;
  const what = isHeartbeat ? "heartbeats" : "requests";
  throw new Problem(
    "rate_limited",
    `The key "${name}" sends more ${what} a minute than this deployment takes.`,
  );
}
