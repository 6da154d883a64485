import { Problem } from "../core/problem.ts";
import {
  EVENTS_MAX,
  type EventPage,
  type EventRecord,
  type EventsQuery,
  type SweepReport,
} from "../store/store.ts";
import type { Namespace } from "./namespace.ts";

export type { EventCursor } from "../store/store.ts";

/**
 * What happened after the cursor `since`, oldest first; undefined: from the oldest event that is kept.
 *
 * @returns at most `limit`, or the Problem `cursor_too_old`
 * @throws {Problem} `store_unavailable`
 */
export async function eventsAfter({ store }: Namespace, query: EventsQuery): Promise<EventPage | Problem> {
  const page = await store.events(query);
  return page === "too_old" ? cursorTooOld() : page;
}

export const cursorTooOld = (): Problem =>
  new Problem(
    "cursor_too_old",
    `The cursor's event is none of the ${EVENTS_MAX} that are kept. Read the agents anew, then follow without since.`,
  );

/** The newest `limit` events, newest first. */
export const latestEvents = ({ store }: Namespace, limit: number): Promise<EventRecord[]> =>
  store.latest(limit);

/** What the last sweep found; undefined before the first. */
export const lastSweep = ({ store }: Namespace): Promise<SweepReport | undefined> => store.sweepReport();
