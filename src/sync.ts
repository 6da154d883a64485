import { AsyncLocalStorage } from "node:async_hooks";
import { invalid } from "./core/problem.ts";

/** Of requests that carry it and of their answers. */
export const SYNC_HEADER = "X-Rollcall-Sync";
/** Enough for the tokens of all databases that a deployment can have. */
export const SYNC_LENGTH_MAX = 8192;

/**
 * What one request has to see, and what it has written: of each database the token by which a copy tells whether it has come
 * that far. Callers pass all of them on as one text, which is nothing to them.
 */
export class Sync {
  readonly #tokens = new Map<string, string>();
  /** Whether the request carried any: then what was read before it came does not do. */
  isAsked = false;

  /** @throws {Problem} `invalid_request`, with the pointer `/X-Rollcall-Sync`, for what is none of our texts */
  ask(sent: string): void {
    const tokens = [...new URLSearchParams(sent.length > SYNC_LENGTH_MAX ? "" : sent)];
    if (tokens.length === 0 || !tokens.every(([, token]) => /^[\x21-\x7e]+$/.test(token))) {
      throw invalid([{ pointer: `/${SYNC_HEADER}`, detail: "must be what an earlier answer had" }]);
    }
    for (const [database, token] of tokens) this.#tokens.set(database, token);
    this.isAsked = true;
  }

  tokenOf(database: string): string | undefined {
    return this.#tokens.get(database);
  }

  /** A write was answered: whoever sees it sees all that was asked for before. */
  wrote(database: string, token: string): void {
    this.#tokens.set(database, token);
  }

  /** To pass on; undefined where there is nothing to wait for. */
  get passedOn(): string | undefined {
    return this.#tokens.size > 0 ? String(new URLSearchParams([...this.#tokens])) : undefined;
  }
}

const requests = new AsyncLocalStorage<Sync>();

/** Does a request's work: whatever it asks of a store has its Sync. */
export const withSync = <R>(sync: Sync, work: () => R): R => requests.run(sync, work);

/** That of the request whose work this is; undefined in work that is no request's. */
export const currentSync = (): Sync | undefined => requests.getStore();
