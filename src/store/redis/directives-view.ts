const AGE_MAX_MS = 5000;

/**
 * A namespace's directives as one isolate last read them. With it a heartbeat is one command and still tells an agent to
 * drain, at most 5 s late.
 */
export class DirectivesView {
  #fields: ReadonlySet<string> = new Set();
  #seenAt = Number.NEGATIVE_INFINITY;

  isStale(now: number): boolean {
    return Math.abs(now - this.#seenAt) > AGE_MAX_MS;
  }

  /** @param fields of the hash */
  refresh(fields: readonly string[], now: number): void {
    this.#fields = new Set(fields);
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
