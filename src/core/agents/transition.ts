import type { Entry } from "../entry.ts";
import type { Decision } from "../decision.ts";
import { type Lease, isUnreachable } from "../lease.ts";

export type Transition = "became_unreachable" | "recovered" | "reaped";

/** What the sweep has to tell of an entry, judged by what the ledger says it told last. */
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
 * The sweep's one write. Judges afresh from what was just read, because the agent may have called in, or been replaced,
 * since the page that made it a suspect.
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
