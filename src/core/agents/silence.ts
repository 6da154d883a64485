import type { Decision } from "../decision.ts";
import { type Entry, isLive, type Mark } from "../entry.ts";
import type { Lease } from "../lease.ts";

/**
 * Whether an agent has been silent for strictly longer than `silentMs`, and has not been told of since it was last heard. Not
 * of one that reported `offline`, nor of a static entry: neither was to call in. Its own interval plays no part.
 */
export const isNewlySilent = (
  { lease, mark }: { lease: Lease | null; mark: Mark | null },
  silentMs: number,
  now: number,
): boolean =>
  lease !== null &&
  lease.intervalSeconds !== null &&
  lease.status !== "offline" &&
  now - lease.lastSeenAt > silentMs &&
  (mark?.state === "lapsed" || mark?.silentSince !== lease.lastSeenAt);

/** Notes in the ledger that the agent is told of, and changes nothing else. Decides again from what was just read. */
export function decideSilent(before: Entry | undefined, silentMs: number, now: number): Decision<boolean> {
  if (!isLive(before) || !isNewlySilent(before, silentMs, now)) return { result: false };
  const state = before.mark?.state === "unreachable" ? "unreachable" : "reachable";
  return {
    result: true,
    write: { entry: { ...before, mark: { state, silentSince: before.lease.lastSeenAt } } },
  };
}
