import type { Sockets, WholeStorage } from "./storage.ts";

/** What an object gets of whatever runs it: of the platform (shell.ts), or of another process (src/local). */
export interface Host {
  storage: WholeStorage;
  sockets: Sockets;
  /** The object's name, by which its callers find it. */
  name: string;
}

/** An object as its host calls it. */
export interface Hosted<I extends object> {
  /** The object itself; another one after it began anew. */
  readonly inner: I;
  /** Calls the method of this name, as RPC does. */
  call(method: string, args: readonly unknown[]): unknown;
  /** To be called when the alarm goes off, or earlier, at `now`, ms since the Unix epoch. */
  goOff(now: number): Promise<void>;
}

/** An object that has no alarm and lasts as long as its storage. */
export const lasting = <I extends object>(inner: I): Hosted<I> => ({
  inner,
  call: (method, args) => callOf(inner, method, args),
  goOff: async () => {},
});

/** Only the methods that RPC may call are called by their names. */
export const callOf = (inner: object, method: string, args: readonly unknown[]): unknown =>
  (inner as Record<string, (...args: readonly unknown[]) => unknown>)[method]!(...args);
