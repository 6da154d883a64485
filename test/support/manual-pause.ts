/** A pause that lasts until the test ends it. */
export class ManualPause {
  readonly #held: { ms: number; end: () => void }[] = [];
  #begun: (() => void)[] = [];

  readonly pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      this.#held.push({ ms, end: resolve });
      for (const tell of this.#begun.splice(0)) tell();
    });

  /** How many pauses were begun. */
  get count(): number {
    return this.#held.length;
  }

  /** Resolves once so many pauses were begun in all, with how long each was to be. */
  async begun(count = 1): Promise<number[]> {
    while (this.#held.length < count) await new Promise<void>((resolve) => this.#begun.push(resolve));
    return this.#held.map(({ ms }) => ms);
  }

  /** Ends every pause that was begun. */
  end(): void {
    for (const { end } of this.#held) end();
  }
}
