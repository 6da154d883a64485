import type { BreakerCounts, Event } from "../event.ts";
import type { Breaker, BreakerConfig } from "./breaker.ts";

/** What there is to tell of a breaker. */
export type BreakerMove = Pick<Event, "type" | "breaker">;

/**
 * What a call, a check or a selection has made of a breaker; undefined where it is in the same state still. That it is half open
 * is told of its first probe: until then nobody has noticed.
 */
export function moveOf(before: Breaker, after: Breaker, config: BreakerConfig): BreakerMove | undefined {
  if (after.openings !== before.openings) return { type: "breaker_opened", breaker: countsOf(after, config) };
  if (before.openedAt === null) return undefined;
  if (after.openedAt === null) {
    const { failures, successes, openings } = before;
    return { type: "breaker_closed", breaker: { failures, successes: successes + 1, openings } };
  }
  if (isUntried(before) && !isUntried(after))
    return { type: "breaker_half_opened", breaker: countsOf(after, config) };
  return undefined;
}

/** The same of one that an operator has closed; undefined where there was nothing to forget. */
export function resetOf({ openedAt, failures, successes, openings }: Breaker): BreakerMove | undefined {
  if (openedAt === null && failures === 0) return undefined;
  return { type: "breaker_reset", breaker: { failures, successes, openings } };
}

const isUntried = ({ probes, successes }: Breaker): boolean => probes.length === 0 && successes === 0;

function countsOf(
  { openedAt, failures, successes, openings }: Breaker,
  config: BreakerConfig,
): BreakerCounts {
  const counts = { failures, successes, openings };
  return openedAt === null ? counts : { ...counts, halfOpenAt: openedAt + config.recoveryTimeoutMs };
}
