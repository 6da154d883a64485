const AGE_MAX_MS = 5000;

/**
 * A namespace's directives as one isolate last read them. With it a heartbeat is one command and still tells an agent to
 * drain, at most 5 s late.
 */
export class DirectivesView {
  #fences = new Map<string, string>();
  #seenAt = Number.NEGATIVE_INFINITY;

  isStale(now: number): boolean {
    return Math.abs(now - this.#seenAt) > AGE_MAX_MS;
  }

  /** @param flat field, value, field, value… as HGETALL gives them */
  refresh(flat: readonly string[], now: number): void {
    this.#fences = new Map();
    for (let i = 0; i < flat.length; i += 2) this.#fences.set(flat[i]!, flat[i + 1]!);
    this.#seenAt = now;
  }

  /** Makes the next heartbeat read the directives again: called when this isolate changed one. */
  expire(): void {
    this.#seenAt = Number.NEGATIVE_INFINITY;
  }

  isDraining(field: string, fence: string): boolean {
    return this.#fences.get(field) === fence;
  }
}
