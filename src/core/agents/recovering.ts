import type { ReportedStatus } from "./agent.ts";
import { type Entry, isLive, type LiveEntry } from "../entry.ts";
import { isUnreachable } from "../lease.ts";
import { asLastKnown } from "./liveness.ts";

/**
 * Whether so many of the examined agents have lapsed, at least 5 and 15 %, that it was rather the store that could not be
 * reached than they that ended: they come back within their next interval.
 */
export const isRecovering = (lapsed: number, examined: number): boolean =>
  lapsed >= 5 && 100 * lapsed >= 15 * examined;

/** Why a lapsed agent cannot be chosen. */
export const LAPSED = {
  reason: "lapsed",
  detail: "its lease has ended; it comes back by calling in",
} as const;

const WITHDRAWN: ReadonlySet<ReportedStatus> = new Set(["offline", "draining", "maintenance"]);

/** Who to try where nobody can be selected: `unreachable` before `lapsed`. */
export const RESORTS = ["unreachable", "lapsed"] as const;
export type Resort = (typeof RESORTS)[number];

/**
 * Whether an entry may be tried where nobody can be selected, and with what it is judged by: its last report, or, where it has
 * lapsed, what it was registered with. undefined: its agent withdrew, is drained, or can be heard.
 */
export function asResort(entry: Entry, now: number): { resort: Resort; known: LiveEntry } | undefined {
  const known = asLastKnown(entry);
  if (entry.draining || WITHDRAWN.has(known.lease.status)) return undefined;
  if (!isLive(entry)) return { resort: "lapsed", known };
  return isUnreachable(known.lease, now) ? { resort: "unreachable", known } : undefined;
}
