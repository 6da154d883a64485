/**
 * A map that removes the values that were unused for longest once all together weigh more than a limit. A value heavier than
 * a quarter of the limit is not kept: it would evict too many others.
 */
export class Lru<V> {
  readonly #weightMax: number;
  readonly #kept = new Map<string, { value: V; weight: number }>();
  #weight = 0;

  /** @param weightMax  in the unit of the weights */
  constructor(weightMax: number) {
    this.#weightMax = weightMax;
  }

  get(key: string): V | undefined {
    const found = this.#kept.get(key);
    if (!found) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found.value;
  }

  set(key: string, value: V, weight: number): void {
    this.delete(key);
    if (weight > this.#weightMax / 4) return;
    this.#kept.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#weightMax) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const found = this.#kept.get(key);
    if (!found) return;
    this.#kept.delete(key);
    this.#weight -= found.weight;
  }
}
