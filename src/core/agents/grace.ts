import { sum } from "./tally.ts";

/**
 * How long registrations whose leases have lapsed are kept, so that their holders can come back by calling in.
 *
 * Each is kept for its TTL, at least 5 minutes and at most 1 hour, from the sweep that first found it lapsed. Time in which the
 * sweep did not reach the store does not count, because nobody could call in: grace is measured on the sweep's own clock, which
 * advances by at most `RUN_GAP_MAX_MS` from one run to the next.
 *
 * Of many, as many are kept as there were alive at once within the last hour or two, at least `LAPSED_KEPT_MIN`: all agents
 * can come back after an outage, but registrations that are made only to lapse cannot fill the store. The oldest go first.
 */

const GRACE_MIN_MS = 300_000;
const GRACE_MAX_MS = 3_600_000;
/** Runs are a minute apart. A longer gap means that runs in between failed, or did not happen. */
const RUN_GAP_MAX_MS = 90_000;
export const LAPSED_KEPT_MIN = 1000;
const MINUTE_MS = 60_000;

/** What a sweep hands to the next. */
export interface Grace {
  /** The sweep's clock. */
  clockMs: number;
  /** null until a roll was completed. */
  peak: Peak | null;
  /** What the next roll reaps before its time. */
  surplus: Surplus | null;
  /** How many kept registrations the unfinished roll has counted so far, by the minute in which they lapsed. */
  byMinute: Record<string, number>;
}

export const graceMs = (ttlSeconds: number): number =>
  Math.min(GRACE_MAX_MS, Math.max(GRACE_MIN_MS, ttlSeconds * 1000));

/** The sweep's clock at `now`: wall time, less the time in which no run reached the store. */
export function clockAfter(last: { at: number; clockMs: number } | undefined, now: number): number {
  if (!last) return now;
  return last.clockMs + Math.min(RUN_GAP_MAX_MS, Math.max(0, now - last.at));
}

/** The most agents that were alive at once: within the hour that began at `sinceMs`, and within the hour before it. */
export interface Peak {
  sinceMs: number;
  alive: number;
  aliveBefore: number;
}

/** The peak after a sweep that found `alive` agents. It holds for at least an hour, the longest grace. */
export function peakAfter(peak: Peak | null, alive: number, clockMs: number): Peak {
  if (!peak) return { sinceMs: clockMs, alive, aliveBefore: 0 };
  if (clockMs - peak.sinceMs > GRACE_MAX_MS) return { sinceMs: clockMs, alive, aliveBefore: peak.alive };
  return { ...peak, alive: Math.max(peak.alive, alive) };
}

/** Of what has lapsed, what is too much: all from before `minuteMs`, and `count` from within that minute. */
export interface Surplus {
  minuteMs: number;
  count: number;
}

/** Lapsed registrations are counted by the minute, so that the counts stay few. */
export const minuteOf = (sinceMs: number): number => sinceMs - (sinceMs % MINUTE_MS);

/** @param byMinute how many lapsed in each minute */
export function surplusOf(
  byMinute: ReadonlyMap<number, number>,
  { alive, aliveBefore }: Peak,
): Surplus | null {
  let tooMany = sum(byMinute.values()) - Math.max(LAPSED_KEPT_MIN, alive, aliveBefore);
  for (const [minuteMs, count] of [...byMinute].toSorted(([a], [b]) => a - b)) {
    if (tooMany <= 0) break;
    if (tooMany <= count) return { minuteMs, count: tooMany };
    tooMany -= count;
  }
  return null;
}

/** The surplus without one that lapsed at `sinceMs`; undefined where that one is not part of it. */
export function takeFrom(surplus: Surplus | null, sinceMs: number): Surplus | undefined {
  if (!surplus) return undefined;
  const { minuteMs, count } = surplus;
  const minute = minuteOf(sinceMs);
  if (minute < minuteMs) return surplus;
  return minute === minuteMs && count > 0 ? { minuteMs, count: count - 1 } : undefined;
}
