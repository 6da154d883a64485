/** How long an isolate goes by what it last heard of the store's clock, ms: a failover may bring another machine's. */
const KNOWN_MS = 600_000;
/** After so many ms it asks along with what it writes. */
const FRESH_MS = 60_000;

/** The store's clock as an isolate knows it: by how much it is ahead of the isolate's own. */
export class KnownClock {
  #aheadMs = 0;
  #heardAt = Number.NEGATIVE_INFINITY;

  /** @param clock  the store's, ms since the Unix epoch, when the isolate's was `now` */
  hear(clock: number, now: number): void {
    this.#aheadMs = clock - now;
    this.#heardAt = now;
  }

  /** @returns undefined where nothing was heard within the last 10 minutes */
  at(now: number): number | undefined {
    return this.#wasHeardWithin(KNOWN_MS, now) ? now + this.#aheadMs : undefined;
  }

  isFresh(now: number): boolean {
    return this.#wasHeardWithin(FRESH_MS, now);
  }

  #wasHeardWithin(ms: number, now: number): boolean {
    return Math.abs(now - this.#heardAt) <= ms;
  }
}
