import { backoffMs, type Clock, wait } from "./clock.ts";
import { News } from "./news.ts";
import type { RequestOptions } from "./options.ts";
import { RollcallError } from "./problem.ts";
import type { AgentRecord, Discovered, DiscoverQuery } from "./shapes.ts";
import { readJson, type Transport } from "./transport.ts";

const INTERVAL_MS = 5000;
const NOT_MODIFIED = 304;

export type WatchQuery = Omit<DiscoverQuery, "explain">;
export interface WatchOptions extends RequestOptions {
  /** How late a load, or that an agent is unreachable, may be seen, ms (5,000); else it is about a second. */
  intervalMs?: number | undefined;
}

/** As `Registry.watch`. */
export async function* watch(
  transport: Transport,
  clock: Clock,
  query: WatchQuery,
  { intervalMs = INTERVAL_MS, signal, ...requested }: WatchOptions,
): AsyncGenerator<AgentRecord[], void> {
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end);
  const news = new News(transport, clock, query, ending.signal);
  try {
    yield* looks(transport, clock, query, { intervalMs, signal: ending.signal, ...requested }, news);
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** What was found, each time that it is something else. */
async function* looks(
  { stream }: Transport,
  clock: Clock,
  query: WatchQuery,
  { intervalMs, signal, ...requested }: RequestOptions & { intervalMs: number; signal: AbortSignal },
  news: News,
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
    try {
      const found = await look(etag === null ? {} : { "If-None-Match": etag });
      failures = 0;
      if (found) {
        ({ etag } = found);
        yield found.agents;
      }
      await news.pause(intervalMs);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RollcallError && error.transient)) throw error;
      failures += 1;
      await wait(clock, backoffMs(clock, failures, Infinity, error.retryAfterMs), signal);
    }
  }
}
