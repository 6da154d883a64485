import { backoffMs, type Clock, wait } from "./clock.ts";
import { RollcallError } from "./problem.ts";
import type { EventFilter, EventPage, RegistryEvent } from "./shapes.ts";
import type { RequestOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

const POLL_MS = 2000;
const PAGE_EVENTS = 1000;

/**
 * Yields events as they happen, oldest first, until the signal is aborted or the caller stops. Polls every 2 s. Retries
 * without limit while the registry cannot be reached. If events may be missing after the last one (`cursor_too_old`),
 * continues with the oldest that is kept.
 *
 * @param since  the `cursor` of the event to begin after; absent: begins with the oldest event that is kept
 * @throws {RollcallError} one that is not transient, such as `unauthorized`
 */
export async function* followEvents(
  { send }: Transport,
  clock: Clock,
  {
    since: from,
    signal = new AbortController().signal,
    id,
    type,
  }: RequestOptions & EventFilter & { since?: string | undefined } = {},
): AsyncGenerator<RegistryEvent, void> {
  const isAny = id === undefined && type === undefined;
  let since = from;
  let failures = 0;
  while (!signal.aborted) {
    let pauseMs = POLL_MS;
    try {
      const page = await send<EventPage>("GET", "/v1/events", {
        query: { since, id, type, limit: PAGE_EVENTS },
        signal,
      });
      failures = 0;
      // A page of events that match may hold few before the end.
      const mayBeMore = isAny ? page.count === PAGE_EVENTS : page.next_since !== since;
      since = page.next_since;
      yield* page.events;
      if (mayBeMore) continue;
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
