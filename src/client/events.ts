import type { CallOptions } from "./agents.ts";
import { backoffMs, type Clock, wait } from "./clock.ts";
import { RollcallError } from "./problem.ts";
import type { EventPage, RegistryEvent } from "./shapes.ts";
import type { Transport } from "./transport.ts";

const POLL_MS = 2000;
const PAGE = 1000;

/**
 * What happens, as it happens, oldest first, until the signal is aborted or the caller stops listening. Waits out an outage.
 * Where the registry no longer has what comes next, it goes on with the oldest event that is kept.
 *
 * @param since  the revision to begin after; absent: with the oldest event that is kept
 * @throws {RollcallError} what will not pass by itself, such as a key that is not known
 */
export async function* followEvents(
  { send }: Transport,
  clock: Clock,
  { since: from, signal = new AbortController().signal }: CallOptions & { since?: number | undefined } = {},
): AsyncGenerator<RegistryEvent, void> {
  let since = from;
  let failures = 0;
  while (!signal.aborted) {
    let pauseMs = POLL_MS;
    try {
      const page = await send<EventPage>("GET", "/v1/events", { query: { since, limit: PAGE }, signal });
      failures = 0;
      since = page.next_since;
      yield* page.events;
      if (page.count === PAGE) continue;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RollcallError)) throw error;
      if (error.code === "cursor_too_old") {
        since = undefined;
        continue;
      }
      if (!error.transient) throw error;
      failures += 1;
      pauseMs = backoffMs(clock, failures, Infinity, error.retryAfterMs);
    }
    await wait(clock, pauseMs, signal);
  }
}
