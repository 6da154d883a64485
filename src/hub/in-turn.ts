/** Work on the same ids is done one after another, in the order in which it was begun; other work is not waited for. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  do<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = ids.map(async (id) => this.#last.get(id));
    const done = Promise.all(before).then(work);
    const settled = done.catch(() => undefined);
    for (const id of ids) this.#last.set(id, settled);
    void settled.then(() => {
      for (const id of ids) if (this.#last.get(id) === settled) this.#last.delete(id);
    });
    return done;
  }
}
