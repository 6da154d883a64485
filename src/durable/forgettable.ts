import { DurableObject } from "cloudflare:workers";
import { LastUse } from "./last-use.ts";
import { passOn } from "./shell.ts";
import type { ObjectStorage } from "./storage.ts";

/** Whether anybody knows an object's name still; rejects if that cannot be found out now. */
export type IsKnown = (env: Env, name: string) => Promise<boolean>;

interface Parts<I, Method extends keyof I & string> {
  /** Makes the object: when the platform starts it, and when it begins anew. */
  make: (storage: ObjectStorage, ctx: DurableObjectState) => I;
  /** The methods that RPC may call. The last argument of each is `now`, but for those that follow another call. */
  methods: Record<Method, true>;
  following?: readonly NoInfer<Method>[];
  isKnown: IsKnown;
  /** What the object does when its own alarm goes off; it may be called earlier. */
  tick?: (inner: I, now: number) => Promise<void>;
}

/**
 * As `shell`, around an object that comes to be because a caller named it: a day after its last use it asks whether the name
 * is still known, and if it is not, its storage is emptied and it begins anew (last-use.ts).
 */
export function forgettable<I extends object, Method extends keyof I & string>({
  make,
  methods,
  following = [],
  isKnown,
  tick,
}: Parts<I, Method>): new (
  ctx: DurableObjectState,
  env: Env,
) => DurableObject & ForgettableObject<I> & Pick<I, Method> {
  class Forgettable extends DurableObject<Env> implements ForgettableObject<I> {
    inner!: I;
    #lastUse!: LastUse;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#begin();
    }

    #begin(): void {
      this.#lastUse = new LastUse(this.ctx.storage);
      this.inner = make(this.#lastUse.beside(), this.ctx);
    }

    noteUse(now: number): Promise<void> | undefined {
      return this.#lastUse.note(this.ctx.id.name ?? "", now);
    }

    async goOff(now: number): Promise<void> {
      await tick?.(this.inner, now);
      const isOver = await this.#lastUse.endIfForgotten((name) => isKnown(this.env, name), now);
      if (isOver) this.#begin();
    }

    override alarm(): Promise<void> {
      // oxlint-disable-next-line no-restricted-globals -- an entry point: no caller gives it the time
      return this.goOff(Date.now());
    }
  }
  const untimed = new Set<string>(following);
  passOn(Forgettable.prototype, methods, (self, method, args, pass) => {
    const noted = untimed.has(method) ? undefined : self.noteUse(args.at(-1) as number);
    return noted ? noted.then(pass) : pass();
  });
  // `passOn` defines what the list names.
  return Forgettable as unknown as ReturnType<typeof forgettable<I, Method>>;
}

export interface ForgettableObject<I> {
  inner: I;
  /** Notes that the object is used; a promise where that has to be written. RPC's methods do so by themselves. */
  noteUse(now: number): Promise<void> | undefined;
  /** What the alarm does, at `now`, ms since the Unix epoch. */
  goOff(now: number): Promise<void>;
}
