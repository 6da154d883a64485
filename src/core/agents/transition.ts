import type { Entry } from "../entry.ts";
import type { Decision } from "../decision.ts";
import { type Lease, isUnreachable } from "../lease.ts";

export type Transition = "became_unreachable" | "recovered" | "reaped";

/** What the sweep has to record of an entry: what differs from the ledger, which has what it recorded last. */
export function transitionOf(
  { lease, unreachable }: { lease: Lease | null; unreachable: boolean },
  now: number,
): Transition | undefined {
  if (lease === null) return "reaped";
  const silent = isUnreachable(lease, now);
  if (silent === unreachable) return undefined;
  return silent ? "became_unreachable" : "recovered";
}

/**
 * What the sweep writes. Decides again from what was just read, because since the sweep read the page of leases the agent may
 * have called in or been replaced.
 */
export function decideTransition(
  before: Entry | undefined,
  id: string,
  now: number,
): Decision<Transition | undefined> {
  const transition = before && transitionOf(before, now);
  if (!before || !transition) return { result: undefined };
  return {
    result: transition,
    write: {
      entry: transition === "reaped" ? undefined : { ...before, unreachable: !before.unreachable },
      event: { type: transition, kind: "agent", id, at: now },
    },
  };
}
