import { backoffMs, type Clock, wait } from "./clock.ts";
import { isWorthRetrying } from "./lease.ts";
import { asRollcallError } from "./problem.ts";
import type { Delta } from "./shapes.ts";

/** Of one piece. */
const ATTEMPTS_MAX = 8;
/** Of one piece, in UTF-16 code units: even with every one escaped, a request can carry it. */
const PIECE_MAX = 32_768;

type Piece = Delta & { seq: number };

/** The output of one call: sent piece by piece, in order, each until the registry has taken it. */
export class DeltaQueue {
  readonly #clock: Clock;
  readonly #unwanted: AbortController;
  readonly #send: (piece: Piece) => Promise<unknown>;
  #sent: Promise<void> = Promise.resolve();
  #seq = 0;
  /** The registry takes no more output of this call. */
  #isFull = false;

  /** @param unwanted  aborted here when a piece cannot be delivered, because the claim is lost or 8 attempts failed */
  constructor(clock: Clock, unwanted: AbortController, send: (piece: Piece) => Promise<unknown>) {
    this.#clock = clock;
    this.#unwanted = unwanted;
    this.#send = send;
  }

  /** Resolves when this text and all before it are sent or dropped; never rejects. */
  push(stream: string, text: string): Promise<void> {
    // The registry refuses half a surrogate pair.
    const whole = text.toWellFormed();
    let start = 0;
    // At least once: an empty text extends the claim too.
    do {
      this.#seq += 1;
      const end = pieceEnd(whole, start);
      const piece = { stream, delta: whole.slice(start, end), seq: this.#seq };
      this.#sent = this.#sent.then(() => this.#deliver(piece));
      start = end;
    } while (start < whole.length);
    return this.#sent;
  }

  /** Resolves when all that was pushed is sent or dropped; never rejects. */
  get sent(): Promise<void> {
    return this.#sent;
  }

  async #deliver(piece: Piece): Promise<void> {
    const { signal } = this.#unwanted;
    for (let failures = 1; !this.#isFull && !signal.aborted; failures += 1) {
      try {
        await this.#send(piece);
        return;
      } catch (thrown) {
        const error = asRollcallError(thrown);
        if (error.code === "stream_full") this.#isFull = true;
        else if (!isWorthRetrying(error) || failures >= ATTEMPTS_MAX) this.#unwanted.abort(error);
        else await wait(this.#clock, backoffMs(this.#clock, failures, Infinity, error.retryAfterMs), signal);
      }
    }
  }
}

/** Does not cut between the two halves of a surrogate pair. */
function pieceEnd(text: string, start: number): number {
  const end = start + PIECE_MAX;
  const isPairSplit = (text.codePointAt(end - 1) ?? 0) > 0xffff;
  return isPairSplit ? end - 1 : end;
}
