import type { Entry, LapsedMark, Mark } from "../entry.ts";
import type { Decision } from "../decision.ts";
import { type Lease, isUnreachable } from "../lease.ts";
import { graceMs } from "./grace.ts";

export type Transition = "became_unreachable" | "recovered" | "lapsed" | "reaped";

/** When a sweep looks. */
export interface SweepTime {
  /** ms since the Unix epoch */
  now: number;
  /** ms on the sweep's own clock (grace.ts), for lapsed registrations */
  clockMs: number;
}

/**
 * What the sweep has to record of an entry: what differs from its mark, which has what was recorded last.
 *
 * @param isSurplus the entry has lapsed and is one too many of those: it is reaped before its time
 */
export function transitionOf(
  { lease, mark }: { lease: Lease | null; mark: Mark | null },
  { now, clockMs }: SweepTime,
  isSurplus: boolean,
): Transition | undefined {
  if (lease === null) {
    if (mark?.state !== "lapsed") return "lapsed";
    return isSurplus || clockMs > mark.untilMs ? "reaped" : undefined;
  }
  const silent = isUnreachable(lease, now);
  if (silent === (mark?.state === "unreachable")) return undefined;
  return silent ? "became_unreachable" : "recovered";
}

/**
 * What the sweep writes. Decides again from what was just read, because since the sweep read the page of leases the agent may
 * have called in or been replaced.
 */
export function decideTransition(
  before: Entry | undefined,
  id: string,
  time: SweepTime,
  isSurplus: boolean,
): Decision<Transition | undefined> {
  const transition = before && transitionOf(before, time, isSurplus);
  if (!before || !transition) return { result: undefined };
  return {
    result: transition,
    write: {
      entry: transition === "reaped" ? undefined : { ...before, mark: markAfter(transition, before, time) },
      event: { type: transition, kind: "agent", id, at: time.now },
    },
  };
}

function markAfter(
  transition: Exclude<Transition, "reaped">,
  { document, mark }: Entry,
  { clockMs }: SweepTime,
): Mark | null {
  switch (transition) {
    case "became_unreachable":
      return { ...(mark?.state === "reachable" && mark), state: "unreachable" };
    case "recovered":
      return null;
    case "lapsed":
      return lapsedAt(clockMs, graceMs(document.registration.ttl_seconds));
  }
}

const lapsedAt = (sinceMs: number, forMs: number): LapsedMark => ({
  state: "lapsed",
  sinceMs,
  untilMs: sinceMs + forMs,
});
