import type { Entry } from "../entry.ts";
import { isoTime } from "../time.ts";
import type { ToolsetPulse } from "./toolset.ts";

/** How often providers are pinged, and how many pings in a row may go unanswered. */
export interface PingTerms {
  intervalMs: number;
  missedMax: number;
}

/** A provider has this long to answer, that instant included (source 3: one interval more than may be missed). */
export const stalenessThresholdMs = ({ intervalMs, missedMax }: PingTerms): number =>
  (missedMax + 1) * intervalMs;

export interface ToolsetHealth {
  healthy: boolean;
  last_pong: string | null;
  age_ms: number | null;
  staleness_threshold_ms: number;
}

/** Derived at every read, never stored. A toolset that never answered is not healthy. */
export function toolsetHealth(entry: Entry<"toolset">, ping: PingTerms, now: number): ToolsetHealth {
  const threshold = stalenessThresholdMs(ping);
  const lastPongAt = entry.lease?.lastPongAt ?? null;
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
