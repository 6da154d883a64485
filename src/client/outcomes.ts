import { backoffMs, type Clock, wait } from "./clock.ts";
import { asRollcallError } from "./problem.ts";
import type { Services } from "./services.ts";
import type { CallReport } from "./shapes.ts";

/** How many may wait; then the oldest are given up. */
const WAITING_MAX = 10_000;
const BATCH_MAX = 500;
/** The registry takes 256 KiB; one outcome, with an error of 4,096 characters, is a tenth of that at most. */
const BATCH_BYTES_MAX = 250_000;
/** How often in a row the registry may be out before what waits is given up: a good minute. */
const ATTEMPTS_MAX = 8;

/**
 * Outcomes on their way to the registry. The first is sent at once; those that come while a request is under way go together
 * in the next.
 *
 * One with a selection is sent again while the registry is out, because it counts once. One without would count each time, so it
 * is sent once, and may be lost.
 */
export class Outcomes {
  readonly #services: Services;
  readonly #clock: Clock;
  #waiting: CallReport[] = [];
  #sending: Promise<void> | undefined;

  constructor(services: Services, clock: Clock) {
    this.#services = services;
    this.#clock = clock;
  }

  add(call: CallReport): void {
    this.#waiting.push(call);
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    this.#sending ??= this.#send();
  }

  /** Resolves when each outcome so far was taken or given up; never rejects. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    // What comes in the same turn goes together.
    await Promise.resolve();
    let failures = 0;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#services.reportAll(batch);
        failures = 0;
      } catch (thrown) {
        const { transient, retryAfterMs } = asRollcallError(thrown);
        if (!transient) continue;
        failures += 1;
        if (failures === ATTEMPTS_MAX) this.#waiting = [];
        else {
          this.#waiting.unshift(...batch.filter((call) => typeof call.selection_id === "string"));
          const ms = backoffMs(this.#clock, failures, Infinity, retryAfterMs);
          await wait(this.#clock, ms, new AbortController().signal);
        }
      }
    }
    // In the same turn as the last look at what waits: what is added later begins anew.
    this.#sending = undefined;
  }

  #take(): CallReport[] {
    let bytes = 0;
    const isOver = (call: CallReport) => (bytes += bytesOf(call)) > BATCH_BYTES_MAX;
    const end = this.#waiting.slice(0, BATCH_MAX).findIndex(isOver);
    return this.#waiting.splice(0, end < 0 ? BATCH_MAX : end);
  }
}

const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length + 1;
