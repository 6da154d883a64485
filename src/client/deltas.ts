import { backoffMs, type Clock, wait } from "./clock.ts";
import type { RollcallError } from "./problem.ts";
import type { Delta } from "./shapes.ts";

const ATTEMPTS_MAX = 8;
/** In UTF-16 code units: however it is escaped, a request carries it. */
const PIECE_MAX = 32_768;

/** Between two characters, never within one. */
function pieceEnd(text: string, at: number): number {
  const end = at + PIECE_MAX;
  const isPairSplit = (text.codePointAt(end - 1) ?? 0) > 0xffff;
  return isPairSplit ? end - 1 : end;
}

/** The output of one call: sent piece by piece, in order, each until it is taken. */
export class DeltaLine {
  readonly #clock: Clock;
  readonly #send: (delta: Delta & { seq: number }) => Promise<unknown>;
  readonly #carrying: AbortController;
  #line: Promise<void> = Promise.resolve();
  #seq = 0;
  #full = false;

  /** @param carrying  aborted when the call turns out to be no longer ours */
  constructor(
    clock: Clock,
    carrying: AbortController,
    send: (delta: Delta & { seq: number }) => Promise<unknown>,
  ) {
    this.#clock = clock;
    this.#carrying = carrying;
    this.#send = send;
  }

  /** Resolves when it and all before it were sent, or no longer matter; never rejects. */
  push(stream: string, text: string): Promise<void> {
    // Half a surrogate pair is no text, and would be refused.
    const whole = text.toWellFormed();
    let at = 0;
    do {
      this.#seq += 1;
      const end = pieceEnd(whole, at);
      const piece = { stream, delta: whole.slice(at, end), seq: this.#seq };
      this.#line = this.#line.then(() => this.#deliver(piece));
      at = end;
      // An empty text goes too: it holds the claim.
    } while (at < whole.length);
    return this.#line;
  }

  /** Resolves when all of it was sent, or no longer matters. */
  get sent(): Promise<void> {
    return this.#line;
  }

  async #deliver(piece: Delta & { seq: number }): Promise<void> {
    for (let failures = 1; !this.#full && !this.#carrying.signal.aborted; failures += 1) {
      try {
        await this.#send(piece);
        return;
      } catch (error) {
        const { code, transient, retryAfterMs } = error as RollcallError;
        if (code === "stream_full") this.#full = true;
        else if (!transient || failures >= ATTEMPTS_MAX) this.#carrying.abort(error);
        else
          await wait(
            this.#clock,
            backoffMs(this.#clock, failures, Infinity, retryAfterMs),
            this.#carrying.signal,
          );
      }
    }
  }
}
