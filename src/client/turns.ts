/** Lets so many pieces of work run at once; those that are over wait for their turn, in order. */
export class Turns {
  readonly #atOnce: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce = 1) {
    this.#atOnce = atOnce;
  }

  /** How many run now. */
  get taken(): number {
    return this.#taken;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#atOnce) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken -= 1;
    }
  }
}
