/** Time, timers and randomness, so that a test can replace them and let ten minutes pass at once. */
export interface Clock {
  /** ms since the Unix epoch, by the machine's clock, which may jump forwards or backwards */
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** 0 (inclusive) to 1 (exclusive) */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  // A number or an object, depending on the platform.
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: () => Math.random(),
};

/** The longest single timer: timers stand still while a machine sleeps, so each tick looks at the clock again. */
const TICK_MS = 5000;

/**
 * Waits for `ms`, or until the signal is aborted if that is sooner. Never rejects, and leaves no timer behind.
 *
 * Waits in ticks, and counts each as its nominal length or as what the clock says, whichever is longer. So after the machine
 * slept the wait ends with the next tick, and a clock that is set back does not prolong it.
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
 * How long to wait after failures in a row, ms: 1 s, doubled with each failure up to 30 s. The second half of that is random,
 * so that many clients do not return at once; the first half is at least `retryAfterMs`.
 *
 * @param failures      1 after the first failure
 * @param ceilingMs     a lower limit for the doubling than 30 s; Infinity for none
 * @param retryAfterMs  what the registry asked for
 */
export function backoffMs(clock: Clock, failures: number, ceilingMs: number, retryAfterMs = 0): number {
  const most = Math.min(BACKOFF_MAX_MS, ceilingMs, BACKOFF_FIRST_MS * 2 ** (failures - 1));
  return Math.max(most / 2, retryAfterMs) + (most / 2) * clock.random();
}
