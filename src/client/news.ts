import { agents, type Agents } from "./agents.ts";
import { type Clock, wait } from "./clock.ts";
import { asRollcallError } from "./problem.ts";
import type { AgentFilter } from "./shapes.ts";
import type { Transport } from "./transport.ts";

/** How long one request waits for a change, s. */
const WAIT_SECONDS = 30;
/** A pause lasts so long at least, ms: a fleet in which much changes is not looked at all the time. */
const LEAST_MS = 1000;

type Query = Pick<AgentFilter, "type" | "capability" | "tag">;

/**
 * Cuts a pause short when something has changed among the agents of a query. It asks the registry only while somebody pauses,
 * by a request that waits for a change; changes of load are not told, and a registry that cannot be asked so tells of none.
 */
export class News {
  readonly #agents: Agents;
  readonly #clock: Clock;
  readonly #query: Query;
  readonly #signal: AbortSignal;
  #changed = new AbortController();
  #since: string | undefined;
  #isAsking = false;
  /** ms since the Unix epoch */
  #asksFrom = 0;

  /** @param signal  ends the pause and the request that are under way */
  constructor(transport: Transport, clock: Clock, { type, capability, tag }: Query, signal: AbortSignal) {
    this.#agents = agents(transport);
    this.#clock = clock;
    this.#query = { type, capability, tag };
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#changed.abort());
  }

  /** Pauses for `ms`, or, but for a second at least, until something has changed since the last pause. Never rejects. */
  async pause(ms: number): Promise<void> {
    if (!this.#isAsking && this.#clock.now() >= this.#asksFrom) void this.#ask();
    const leastMs = Math.min(ms, LEAST_MS);
    await wait(this.#clock, leastMs, this.#signal);
    await wait(this.#clock, ms - leastMs, this.#changed.signal);
    if (!this.#signal.aborted) this.#changed = new AbortController();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const since = this.#since;
    const from = since === undefined ? {} : { since, wait: WAIT_SECONDS };
    const options = { signal: this.#signal };
    try {
      const { changes, cursor, resync } = await this.#agents.changes({ ...this.#query, ...from }, options);
      this.#since = cursor;
      if (resync || changes.length > 0) this.#changed.abort();
    } catch (thrown) {
      const { transient, retryAfterMs = 0 } = asRollcallError(thrown);
      this.#asksFrom = transient ? this.#clock.now() + retryAfterMs : Infinity;
    }
    this.#isAsking = false;
  }
}
