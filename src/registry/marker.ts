import type { Store } from "../store/store.ts";

/** How often an isolate looks whether something was told, ms. */
export const LOOK_EVERY_MS = 1000;

/** The store's marker as one isolate last read it: looked at once a second, however many wait. */
export class Marker {
  readonly #store: Pick<Store, "marker">;
  readonly #clock: () => number;
  #value: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(store: Pick<Store, "marker">, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /** At most 1 s old, or the last one while another request is reading. */
  async read(): Promise<string | undefined> {
    const now = this.#clock();
    if (Math.abs(now - this.#readAt) < LOOK_EVERY_MS) return this.#value;
    // Set first: those who ask meanwhile do not read too.
    this.#readAt = now;
    this.#value = await this.#store.marker();
    return this.#value;
  }
}
