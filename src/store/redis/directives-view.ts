const AGE_MAX_MS = 5000;

/**
 * What a namespace wants of its agents, as one isolate last read it. With it a heartbeat is one command and still tells an
 * agent to drain, at most 5 s late.
 */
export class DirectivesView {
  #fields: ReadonlySet<string> = new Set();
  #seenAt = Number.NEGATIVE_INFINITY;
  /** How many times their interval all of them are to wait. */
  stretch = 1;

  isStale(now: number): boolean {
    return Math.abs(now - this.#seenAt) > AGE_MAX_MS;
  }

  /**
   * @param fields   of the hash
   * @param stretch  null where none is kept
   */
  refresh(fields: readonly string[], stretch: string | null, now: number): void {
    this.#fields = new Set(fields);
    this.stretch = Number(stretch ?? 1);
    this.#seenAt = now;
  }

  /** Makes the next heartbeat read the directives again: called when this isolate changed one. */
  expire(): void {
    this.#seenAt = Number.NEGATIVE_INFINITY;
  }

  isDraining(field: string): boolean {
    return this.#fields.has(field);
  }
}
