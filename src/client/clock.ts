/** Time, timers and chance: a seam, so that a test can make ten minutes pass, or jump, at once. */
export interface Clock {
  /** ms since the Unix epoch, by the machine's own clock: it may jump either way */
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** 0 up to, and without, 1 */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: () => Math.random(),
};

/** A timer may not run while a machine sleeps, so no single one is trusted with more than this. */
const TICK_MS = 5000;

/**
 * Waits for `ms`, or until the signal is aborted, whichever comes first; never rejects, and leaves no timer behind.
 *
 * Counted in ticks: of each, what the timer promised or what the clock says, whichever is more. After a sleep the wait is over
 * with the next tick, and a clock that is set back makes it no longer.
 */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: unknown;
    const done = () => {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const tick = (left: number) => {
      if (left <= 0) return done();
      const part = Math.min(left, TICK_MS);
      const since = clock.now();
      timer = clock.setTimeout(() => tick(left - Math.max(part, clock.now() - since)), part);
    };
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", done);
    if (ms !== Infinity) tick(ms);
  });
}

const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 30_000;

/**
 * How long to wait after so many failures in a row: doubling, half of it by chance so that many clients do not come back at
 * once, and never less than the server asked for.
 *
 * @param failures      1 after the first
 * @param ceilingMs     what the doubling ends at, if that is less than 30 s
 */
export function backoffMs(clock: Clock, failures: number, ceilingMs: number, retryAfterMs = 0): number {
  const most = Math.min(BACKOFF_MAX_MS, ceilingMs, BACKOFF_FIRST_MS * 2 ** (failures - 1));
  const chance = (most / 2) * clock.random();
  return Math.max(most / 2, retryAfterMs) + chance;
}
