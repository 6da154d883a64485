import type { Clock } from "../../src/client/clock.ts";
import { START } from "./registry.ts";

interface Timer {
  at: number;
  run: () => void;
}

/** Time that passes when it is told to, and timers that fire in their order. */
export class FakeClock implements Clock {
  readonly #timers = new Map<number, Timer>();
  /** ms that timers have seen pass; what the clock on the wall says may be anything. */
  #elapsed = 0;
  #offset = START;
  #lastTimer = 0;
  chance = 0.5;

  now(): number {
    return this.#elapsed + this.#offset;
  }

  random(): number {
    return this.chance;
  }

  setTimeout(run: () => void, ms: number): number {
    this.#lastTimer += 1;
    this.#timers.set(this.#lastTimer, { at: this.#elapsed + Math.max(0, ms), run });
    return this.#lastTimer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  get elapsed(): number {
    return this.#elapsed;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** ms until the next timer is due; Infinity without one */
  get untilNext(): number {
    const due = [...this.#timers.values()].map(({ at }) => at);
    return Math.max(0, Math.min(Infinity, ...due) - this.#elapsed);
  }

  /** Sets the clock on the wall, either way; timers do not notice, as they do not when a machine sleeps. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Lets time pass, no further than the next timer, and fires what is due. */
  step(ms: number): void {
    this.#elapsed += ms;
    for (const [id, { at, run }] of this.#timers) {
      if (at > this.#elapsed) continue;
      this.#timers.delete(id);
      run();
    }
  }
}
