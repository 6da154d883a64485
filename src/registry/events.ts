import type { Event, EventType } from "../core/event.ts";
import { Problem } from "../core/problem.ts";
import {
  type EventCursor,
  type EventPage,
  type EventRecord,
  type EventsQuery,
  type SweepReport,
} from "../store/store.ts";
import type { Namespace } from "./namespace.ts";

export type { EventCursor, EventRecord } from "../store/store.ts";

/** Which events are asked for. */
export interface EventFilter {
  /** Of whatever has this id, or of the services that it provides; absent: of any. */
  id?: string | undefined;
  /** Of one of these types; absent or empty: of any. */
  types?: readonly EventType[];
}

/** How many events are read, at most, to find those that match a filter. */
const EXAMINED_MAX = 1000;

const isAny = ({ id, types = [] }: EventFilter): boolean => id === undefined && types.length === 0;

const matches =
  ({ id, types = [] }: EventFilter) =>
  (event: Event): boolean =>
    (id === undefined || event.id === id || event.provider === id) &&
    (types.length === 0 || types.includes(event.type));

/**
 * What happened after the cursor `since`, oldest first; undefined: from the oldest event that is kept. With a filter there may be
 * fewer than `limit`, or none, before the end: 1,000 events are examined.
 *
 * @returns at most `limit`, or the Problem `cursor_too_old`
 * @throws {Problem} `store_unavailable`
 */
export async function eventsAfter(
  { store }: Namespace,
  { since, limit, ...filter }: EventsQuery & EventFilter,
): Promise<EventPage | Problem> {
  const page = await store.events({ since, limit: isAny(filter) ? limit : EXAMINED_MAX });
  if (page === "too_old") return cursorTooOld();
  const events = page.events.filter(matches(filter)).slice(0, limit);
  return { events, next: events.length === limit ? events.at(-1)! : page.next };
}

/**
 * What happened before the event of the cursor `before`, newest first; undefined: from the newest event. With a filter there may
 * be fewer than `limit`, or none, before the end: 1,000 events are examined.
 *
 * @returns at most `limit`, and where the next page begins (null: nothing older is kept); or the Problem `cursor_too_old`
 * @throws {Problem} `store_unavailable`
 */
export async function eventsBefore(
  { store }: Namespace,
  { before, limit, ...filter }: EventFilter & { before: EventCursor | undefined; limit: number },
): Promise<{ events: EventRecord[]; next: EventCursor | null } | Problem> {
  const most = isAny(filter) ? limit : EXAMINED_MAX;
  const found = await store.latest(before ? most + 1 : most, before);
  // Nothing as old is kept, or else the cursor's own event comes first: another's place in the history would be no proof.
  const [own] = before ? found.splice(0, 1) : [];
  if (own && (own.revision !== before?.revision || own.nonce !== before.nonce)) return cursorTooOld();
  const events = found.filter(matches(filter)).slice(0, limit);
  const last = events.length === limit ? events.at(-1) : found.at(most - 1);
  return { events, next: last ?? null };
}

export const cursorTooOld = (): Problem =>
  new Problem(
    "cursor_too_old",
    "The cursor's event is none of those that are kept. Read the agents anew, then go on without a cursor.",
  );

/** What the last sweep found; undefined before the first. */
export const lastSweep = ({ store }: Namespace): Promise<SweepReport | undefined> => store.sweepReport();
