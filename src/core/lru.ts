/**
 * A map that lets go of what was unused for longest once its values together weigh too much. One of more than a quarter of
 * the bound is not kept: too many others would go for it.
 */
export class Lru<V> {
  readonly #weightMax: number;
  readonly #kept = new Map<string, { value: V; weight: number }>();
  #weight = 0;

  /** @param weightMax  in whatever unit the weights have */
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
