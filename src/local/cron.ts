import { type Clock, runAt } from "./clock.ts";

/** Does something again and again, in place of the platform's cron. Holds no process open. */
export class Cron {
  #running: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #hasEnded = false;

  /** @param work  one run that fails stops no other */
  constructor(clock: Clock, everyMs: number, work: () => Promise<void>) {
    const next = () => {
      if (this.#hasEnded) return;
      this.#cancel = runAt(clock, clock.now() + everyMs, () => {
        this.#running = work().then(next, next);
      });
    };
    next();
  }

  /** Begins no further run; resolves when the last one is over. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#cancel();
    await this.#running;
  }
}
