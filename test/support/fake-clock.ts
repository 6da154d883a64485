import type { Clock } from "../../src/client/clock.ts";
import { START } from "./start.ts";

interface Timer {
  at: number;
  run: () => void;
}

/** Time that passes only when a test says so, and timers that fire in their order. */
export class FakeClock implements Clock {
  readonly #timers = new Map<number, Timer>();
  /** The time that timers have counted, ms; independent of the wall clock. */
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

  /** Sets the wall clock forwards or backwards; timers are not affected, as when a machine sleeps. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Lets time pass, at most to the next timer, and fires the timers that are due. */
  step(ms: number): void {
    this.#elapsed += ms;
    for (const [id, { at, run }] of this.#timers) {
      if (at > this.#elapsed) continue;
      this.#timers.delete(id);
      run();
    }
  }
}
