import { type Entry, isLive, type LiveEntry } from "../entry.ts";
import { HOLDER_ALIVE_MS, isUnreachable, type Lease, leaseAt, silenceAllowedMs } from "../lease.ts";
import type { EffectiveStatus } from "./agent.ts";

export interface EffectiveState {
  status: EffectiveStatus;
  /** Why it differs from what the agent reported; null when it does not. */
  reason: string | null;
}

/**
 * The status that readers see. Computed at every read and never stored, because a cron would notice a silence only later.
 * An operator's drain comes first, so that a draining agent looks the same whether or not it still calls in.
 */
export function effectiveState(entry: Pick<LiveEntry, "lease" | "draining">, now: number): EffectiveState {
  if (entry.draining) return { status: "draining", reason: "an operator asked it to drain" };
  const { lease } = entry;
  if (isUnreachable(lease, now)) {
    return { status: "unreachable", reason: silenceOf(lease) };
  }
  return { status: lease.status, reason: null };
}

/** Names the threshold, not the age: the text must stay the same while the state does. */
function silenceOf(lease: Lease): string {
  const { cutOff, holder } = lease;
  if (cutOff) return "its connection has ended";
  const ms = holder === undefined ? silenceAllowedMs(lease) : HOLDER_ALIVE_MS;
  const what = holder === undefined ? "no heartbeat" : "no sign of its connection";
  return `${what} for more than ${ms / 1000} s`;
}

/** The entry itself, or, where its lease has lapsed, and with it what was last reported, as it was registered. */
export function asLastKnown(entry: Entry): LiveEntry {
  if (isLive(entry)) return entry;
  const { registration, registeredAt } = entry.document;
  const { ttl_seconds, heartbeat_interval_seconds, status = "available", current_load = 0 } = registration;
  const terms = { ttlSeconds: ttl_seconds, intervalSeconds: heartbeat_interval_seconds };
  return { ...entry, lease: leaseAt(terms, { status, currentLoad: current_load }, registeredAt) };
}

/** 1 when the agent takes no work (max 0), 0 when it has no limit (max null). */
export function loadRatio(currentLoad: number, maxConcurrency: number | null): number {
  if (maxConcurrency === null) return 0;
  return maxConcurrency === 0 ? 1 : currentLoad / maxConcurrency;
}
