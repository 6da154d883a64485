/** Time and timers. */
export interface Clock {
  /** ms since the Unix epoch */
  now(): number;
  /** A timer that has `unref`, as those of Node.js, may be told that the process need not stay for it. */
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** The longest timer that Node.js keeps, ms. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * Calls `run` once `at` has come. Holds no process open.
 *
 * @param at ms since the Unix epoch
 * @returns cancels it
 */
export function runAt(clock: Clock, at: number, run: () => void): () => void {
  let timer: unknown;
  const wait = () => {
    const ms = Math.max(0, Math.min(at - clock.now(), TIMER_MAX_MS));
    timer = clock.setTimeout(() => (clock.now() < at ? wait() : run()), ms);
    unref(timer);
  };
  wait();
  return () => clock.clearTimeout(timer);
}

/** Waits that can be ended. They hold no process open. */
export class Pauses {
  readonly #clock: Clock;
  readonly #endings = new Set<() => void>();
  #why: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after so many ms; rejects once `end` was called. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#why) return reject(this.#why);
      const timer = this.#clock.setTimeout(() => {
        this.#endings.delete(end);
        resolve();
      }, ms);
      unref(timer);
      const end = () => {
        this.#clock.clearTimeout(timer);
        reject(this.#why!);
      };
      this.#endings.add(end);
    });
  }

  /** Ends all waits, those that are yet to begin included. */
  end(why: Error): void {
    this.#why = why;
    for (const end of this.#endings) end();
    this.#endings.clear();
  }
}

/** Holds the process open until the function that it returns is called. */
export function holdProcess(): () => void {
  const timer = setTimeout(() => {}, TIMER_MAX_MS);
  return () => clearTimeout(timer);
}

function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
