import type { Entry } from "../entry.ts";
import { isoTime } from "../time.ts";
import type { ToolsetPulse } from "./toolset.ts";

/** How often providers are pinged, and how many pings in a row may go unanswered. */
export interface PingTerms {
  intervalMs: number;
  missedMax: number;
}

/** A toolset is healthy this long after a pong, that instant included: one interval more than may be missed (source 3). */
export const stalenessThresholdMs = ({ intervalMs, missedMax }: PingTerms): number =>
  (missedMax + 1) * intervalMs;

export interface ToolsetHealth {
  healthy: boolean;
  last_pong: string | null;
  age_ms: number | null;
  staleness_threshold_ms: number;
}

/** Derived at every read and never stored. A toolset is not healthy before its first pong. */
export function toolsetHealth(
  { lease }: Pick<Entry<"toolset">, "lease">,
  ping: PingTerms,
  now: number,
): ToolsetHealth {
  const threshold = stalenessThresholdMs(ping);
  const lastPongAt = lease?.lastPongAt ?? null;
  const age = lastPongAt === null ? null : Math.max(0, now - lastPongAt);
  return {
    healthy: age !== null && age <= threshold,
    last_pong: lastPongAt === null ? null : isoTime(lastPongAt),
    age_ms: age,
    staleness_threshold_ms: threshold,
  };
}

/** The pulse that a pong at `now` leaves. */
export const pulseAt = (now: number): ToolsetPulse => ({ lastPongAt: now, expiresAt: null });
