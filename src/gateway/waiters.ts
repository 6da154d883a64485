/**
 * Requests that wait for the next event. Each says what it has `seen`, so that an event between its last look and its
 * waiting is not missed.
 */
export class Waiters {
  #waiting: (() => void)[] = [];
  // A random start: a number from before a restart must not pass for the current one.
  #seen = crypto.getRandomValues(new Uint32Array(1))[0]!;

  /** Changes with each event; to be given to `after`. */
  get seen(): number {
    return this.#seen;
  }

  /** Resolves with the first event since `seen`, at once if there was one. */
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

/** Requests that wait for the next event of one call each. */
export class CallWaiters {
  readonly #waiting = new Map<string, (() => void)[]>();

  next(callId: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(callId);
      if (waiting) waiting.push(resolve);
      else this.#waiting.set(callId, [resolve]);
    });
  }

  wake(callId: string): void {
    const waiting = this.#waiting.get(callId);
    if (!waiting) return;
    this.#waiting.delete(callId);
    for (const resolve of waiting) resolve();
  }
}
