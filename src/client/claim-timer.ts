import type { CLAIM_MS } from "../core/toolsets/call.ts";
import { type Clock, wait } from "./clock.ts";
import { RollcallError } from "./problem.ts";

/** The type makes it the registry's own number. */
const HELD_MS: typeof CLAIM_MS = 60_000;

/**
 * Aborts `unwanted` when the claim of a call has lapsed.
 *
 * Counts from the arrival of the registry's answer, and does not use the `deadline` in it: that is an instant of the registry's
 * clock, and a local clock that is a minute fast would make every claim look lapsed. So it ends later than the claim, by the
 * time that the answer took; an answer to a lapsed claim is refused.
 */
export class ClaimTimer {
  readonly #clock: Clock;
  readonly #unwanted: AbortController;
  #waiting = new AbortController();

  constructor(clock: Clock, unwanted: AbortController) {
    this.#clock = clock;
    this.#unwanted = unwanted;
    unwanted.signal.addEventListener("abort", () => this.stop());
    this.renew();
  }

  /** Starts again: the registry has just confirmed the claim. */
  renew(): void {
    this.stop();
    if (this.#unwanted.signal.aborted) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    void wait(this.#clock, HELD_MS, waiting.signal).then(() => {
      if (!waiting.signal.aborted) this.#unwanted.abort(lapsed());
    });
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.#waiting.abort();
  }
}

const lapsed = () =>
  new RollcallError("claim_lost", `The claim lapsed: no delta extended it for ${HELD_MS / 1000} s.`, {
    status: 409,
  });
