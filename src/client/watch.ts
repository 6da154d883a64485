import { backoffMs, type Clock, wait } from "./clock.ts";
import type { RequestOptions } from "./options.ts";
import { RollcallError } from "./problem.ts";
import type { AgentRecord, Discovered, DiscoverQuery } from "./shapes.ts";
import { readJson, type Transport } from "./transport.ts";

const INTERVAL_MS = 5000;
const NOT_MODIFIED = 304;

export type WatchQuery = Omit<DiscoverQuery, "explain">;
export interface WatchOptions extends RequestOptions {
  /** How late a change may be seen, ms (5,000). */
  intervalMs?: number | undefined;
}

/** As `Registry.watch`. */
export async function* watch(
  { stream }: Transport,
  clock: Clock,
  query: WatchQuery,
  { intervalMs = INTERVAL_MS, signal = new AbortController().signal, ...requested }: WatchOptions,
): AsyncGenerator<AgentRecord[], void> {
  let etag: string | null = null;
  let failures = 0;
  const look = (headers: Record<string, string>) =>
    // A sample would be another one each time.
    stream(
      "/v1/discover",
      { query: { exact: true, ...query }, headers, signal, ...requested },
      async (response) =>
        response.status === NOT_MODIFIED
          ? undefined
          : { ...(await readJson<Discovered>(response)), etag: response.headers.get("ETag") },
    );
  while (!signal.aborted) {
    let pauseMs = intervalMs;
    try {
      const found = await look(etag === null ? {} : { "If-None-Match": etag });
      failures = 0;
      if (found) {
        ({ etag } = found);
        yield found.agents;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RollcallError && error.transient)) throw error;
      failures += 1;
      pauseMs = backoffMs(clock, failures, Infinity, error.retryAfterMs);
    }
    await wait(clock, pauseMs, signal);
  }
}
