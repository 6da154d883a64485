import { type Clock, runAt } from "./clock.ts";
import type { Alarm } from "./sqlite-storage.ts";

interface TimedAlarmOptions {
  /** Keeps what the alarm is set to. */
  keep: (at: number | null) => void;
  /** Called when it is time. The alarm is off by then, but kept as set, for the case that the process ends before it is over. */
  goOff: () => void;
}

/** An object's alarm, on a timer that holds no process open. */
export class TimedAlarm implements Alarm {
  readonly #clock: Clock;
  readonly #options: TimedAlarmOptions;
  #at: number | null = null;
  #cancel: () => void = () => {};

  constructor(clock: Clock, options: TimedAlarmOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get at(): number | null {
    return this.#at;
  }

  set at(at: number | null) {
    this.#cancel();
    this.#at = at;
    this.keep();
    if (at !== null) this.#begin(at);
  }

  /** Sets it to what was kept. */
  resume(at: number): void {
    this.#at = at;
    this.#begin(at);
  }

  setNoLater(at: number): void {
    this.at = Math.min(this.#at ?? at, at);
  }

  /** Keeps that it went off, and whatever it has been set to since. */
  keep(): void {
    this.#options.keep(this.#at);
  }

  /** Ends the timer; what is kept stays. */
  pause(): void {
    this.#cancel();
  }

  #begin(at: number): void {
    this.#cancel = runAt(this.#clock, at, () => {
      this.#at = null;
      this.#options.goOff();
    });
  }
}
