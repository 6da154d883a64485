import type { EventCursor, EventPage, EventRecord } from "./store.ts";

/**
 * The page after a cursor. It is the next one only if the cursor's own event is still kept, or if the cursor is of the
 * beginning of this history and the events that followed are all kept; or if a later change of status took its place.
 *
 * @param found  the events from the cursor's own on, at most `limit` + 1
 * @param history  its nonce (null: it has none), and the revision of its newest event, 0 without any; whether the
 *                cursor's event is one that was replaced
 */
export function pageAfter(
  since: EventCursor,
  limit: number,
  found: readonly EventRecord[],
  history: { revision: number; nonce: string | null; isReplaced: boolean },
): EventPage | "too_old" {
  const [first] = found;
  const isKept = first?.revision === since.revision && first.nonce === since.nonce;
  const following = first?.revision ?? history.revision + 1;
  const isBeginning = since.nonce === history.nonce && following === since.revision + 1;
  if (!isKept && !isBeginning && !history.isReplaced) return "too_old";
  return pageOf(isKept ? found.slice(1) : found.slice(0, limit), since);
}

/** A page of these events; without any it goes on where it began. */
export function pageOf(events: EventRecord[], began: EventCursor): EventPage {
  const { revision, nonce } = events.at(-1) ?? began;
  return { events, next: { revision, nonce } };
}
