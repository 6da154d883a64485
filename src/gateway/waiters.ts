/** Those who wait for something to happen; it may have happened between their last look and their waiting. */
export class Waiters {
  #waiting: (() => void)[] = [];
  // Counts from anywhere: after a restart no waiter's number may pass for the latest.
  #seen = crypto.getRandomValues(new Uint32Array(1))[0]!;

  /** Give it to `after`. */
  get seen(): number {
    return this.#seen;
  }

  /** Resolves with the first `wake` since `seen`, at once if there was one. */
  after(seen: number): Promise<void> {
    if (seen !== this.#seen) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    this.#seen += 1;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
