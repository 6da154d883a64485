import { Problem } from "../core/problem.ts";
import { EVENTS_MAX, type EventRecord, type SweepReport } from "../store/store.ts";
import type { Namespace } from "./namespace.ts";

/**
 * What happened after the revision `since`, oldest first; undefined: from the oldest event that is kept.
 *
 * @returns at most `limit`, or the Problem `cursor_too_old`
 * @throws {Problem} `store_unavailable`
 */
export async function eventsAfter(
  { store }: Namespace,
  { since, limit }: { since: number | undefined; limit: number },
): Promise<EventRecord[] | Problem> {
  const events = await store.events({ since, limit });
  if (events !== "too_old") return events;
  return new Problem(
    "cursor_too_old",
    `The ${EVENTS_MAX} kept events do not join up with revision ${since}. Read the agents anew, then follow without since.`,
  );
}

/** The newest `limit` events, newest first. */
export const latestEvents = ({ store }: Namespace, limit: number): Promise<EventRecord[]> =>
  store.latest(limit);

/** What the last sweep found; undefined before the first. */
export const lastSweep = ({ store }: Namespace): Promise<SweepReport | undefined> => store.sweepReport();
