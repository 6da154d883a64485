import { callOf, type Host, type Hosted } from "./hosted.ts";
import { LastUse } from "./last-use.ts";
import type { ObjectStorage, Sockets } from "./storage.ts";

/** Whether anybody knows an object's name still; rejects if that cannot be found out now. */
export type IsKnown = (name: string) => Promise<boolean>;

interface Parts<I> {
  /** Makes the object: when its host starts it, and when it begins anew. */
  make: (storage: ObjectStorage, sockets: Sockets) => I;
  /** The methods that follow another call. The last argument of each other method is `now`. */
  following?: readonly (keyof I & string)[];
  isKnown: IsKnown;
  /** What the object does when its own alarm goes off; it may be called earlier. */
  tick?: (inner: I, now: number) => Promise<void>;
}

/**
 * An object that comes to be because a caller named it: a day after its last use it asks whether the name is still known, and
 * if it is not, its storage is emptied and it begins anew (last-use.ts).
 */
export class Forgettable<I extends object> implements Hosted<I> {
  inner!: I;
  #lastUse!: LastUse;
  readonly #parts: Parts<I>;
  readonly #host: Host;
  readonly #untimed: ReadonlySet<string>;

  constructor(parts: Parts<I>, host: Host) {
    this.#parts = parts;
    this.#host = host;
    this.#untimed = new Set(parts.following);
    this.#begin();
  }

  #begin(): void {
    const { storage, sockets } = this.#host;
    this.#lastUse = new LastUse(storage);
    this.inner = this.#parts.make(this.#lastUse.beside(), sockets);
  }

  call(method: string, args: readonly unknown[]): unknown {
    const noted = this.#untimed.has(method) ? undefined : this.noteUse(args.at(-1) as number);
    const pass = () => callOf(this.inner, method, args);
    return noted ? noted.then(pass) : pass();
  }

  /** Notes that the object is used; a promise where that has to be written. `call` does so by itself. */
  noteUse(now: number): Promise<void> | undefined {
    return this.#lastUse.note(this.#host.name, now);
  }

  async goOff(now: number): Promise<void> {
    const { tick, isKnown } = this.#parts;
    await tick?.(this.inner, now);
    if (await this.#lastUse.endIfForgotten(isKnown, now)) this.#begin();
  }
}
