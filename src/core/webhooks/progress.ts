/** After the first failure, ms; doubled with every further one. */
export const RETRY_FIRST_MS = 5000;
/** The longest wait before another attempt, ms. */
export const RETRY_MAX_MS = 14_400_000;
/** A subscription ends when nothing was delivered for so long, ms. */
export const FAILING_MAX_MS = 259_200_000;

/** What came of sending one message. */
export type Attempt =
  | { isDelivered: true }
  | {
      isDelivered: false;
      /** A sentence, without what the receiver said. */
      why: string;
      /** It said that it wants no more. */
      isGone?: boolean;
      /** How long it asked us to wait. */
      retryAfterMs?: number;
    };

/** How the deliveries of one subscription go. Instants are ms since the Unix epoch. */
export interface Progress {
  /** How many attempts have failed since the last delivery. */
  failures: number;
  failingSince: number | null;
  lastFailure: string | null;
  deliveredAt: number | null;
  /** No attempt is made before. */
  dueAt: number;
  ended: { at: number; why: string } | null;
}

export const newProgress = (now: number): Progress => ({
  failures: 0,
  failingSince: null,
  lastFailure: null,
  deliveredAt: null,
  dueAt: now,
  ended: null,
});

/** What an attempt makes of it. @param random  0 to 1, exclusive */
export function progressAfter(before: Progress, attempt: Attempt, now: number, random: number): Progress {
  if (attempt.isDelivered) return { ...newProgress(now), deliveredAt: now };
  const { why, isGone = false, retryAfterMs } = attempt;
  const failures = before.failures + 1;
  const failingSince = before.failingSince ?? now;
  const failed = { ...before, failures, failingSince, lastFailure: why };
  if (isGone) return { ...failed, ended: { at: now, why } };
  if (now - failingSince >= FAILING_MAX_MS)
    return {
      ...failed,
      ended: { at: now, why: `nothing was delivered for three days; at last ${why}` },
    };
  const waitMs =
    retryAfterMs === undefined
      ? withJitter(Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_MAX_MS), random)
      : Math.min(Math.max(retryAfterMs, RETRY_FIRST_MS), RETRY_MAX_MS);
  return { ...failed, dueAt: now + waitMs };
}

/** Up to a fifth shorter: receivers of one host that failed together are not asked together for ever. */
const withJitter = (ms: number, random: number): number => Math.round(ms * (1 - random / 5));
