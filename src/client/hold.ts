import type { CLAIM_MS } from "../core/toolsets/call.ts";
import { type Clock, wait } from "./clock.ts";
import { RollcallError } from "./problem.ts";

/** The registry's own figure: the compiler sees to it. */
const HELD_MS: typeof CLAIM_MS = 60_000;

/**
 * Our hold on a claimed call: aborts `carrying` when the claim has lapsed.
 *
 * Counted from when the registry's answer came, and not up to the `deadline` in it, which is an instant of the registry's
 * clock: one here that is a minute fast would have lapsed every claim at once. So it ends no sooner than the claim, and later
 * by what the answer was under way, which harms nobody: an answer to a lapsed claim is refused.
 */
export class Hold {
  readonly #clock: Clock;
  readonly #carrying: AbortController;
  #waiting = new AbortController();

  constructor(clock: Clock, carrying: AbortController) {
    this.#clock = clock;
    this.#carrying = carrying;
    carrying.signal.addEventListener("abort", () => this.end());
    this.renew();
  }

  /** The registry has just said that the claim holds. */
  renew(): void {
    this.end();
    if (this.#carrying.signal.aborted) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    void wait(this.#clock, HELD_MS, waiting.signal).then(() => {
      if (!waiting.signal.aborted) this.#carrying.abort(lapsed());
    });
  }

  /** Leaves no timer behind. */
  end(): void {
    this.#waiting.abort();
  }
}

const lapsed = () =>
  new RollcallError("claim_lost", `The claim lapsed: no delta held it for ${HELD_MS / 1000} s.`, {
    status: 409,
  });
