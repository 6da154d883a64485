import { entryId } from "../../core/names.ts";
import { type Problem, invalid } from "../../core/problem.ts";
import { cursorTooOld, type EventCursor } from "../../registry/events.ts";
import { decodeOpaque, encodeOpaque } from "../../registry/opaque.ts";

const REFUSED = [{ pointer: "/cursor", detail: "is not a next_cursor of this list" }];

/** A list's cursor is the last id or name examined. */
export const encodeCursor = encodeOpaque;

/** @returns the id, or the Problem `invalid_request` */
export function decodeCursor(cursor: string): string | Problem {
  const id = decodeOpaque(cursor);
  return entryId.safeParse(id).success ? id : invalid(REFUSED);
}

/** The cursor of a list of names, which are any text but the empty one. @returns the name, or `invalid_request` */
export const decodeNameCursor = (cursor: string): string | Problem =>
  decodeOpaque(cursor) || invalid(REFUSED);

/** Characters of the longest cursor of events: of a history over 16 shards. */
export const EVENT_CURSOR_LENGTH_MAX = 1024;

/** Revision and nonce; over several shards the nonce is a place in the history of each. */
const EVENT_CURSOR = /^(\d{1,15})-(\d{1,19}|~?\d{1,15}-\d{1,19}(?:\.~?\d{1,15}-\d{1,19})+)$/;

/** The cursor of the event history. */
export const encodeEventCursor = ({ revision, nonce }: EventCursor): string =>
  encodeCursor(`${revision}-${nonce}`);

/**
 * @param name  of the parameter that it came in
 * @returns     or the Problem `invalid_request`; `cursor_too_old` to a number, as earlier versions gave: it proves nothing
 */
export function decodeEventCursor(cursor: string, name: string): EventCursor | Problem {
  if (/^\d+$/.test(cursor)) return cursorTooOld();
  const [, revision, nonce] = EVENT_CURSOR.exec(decodeOpaque(cursor)) ?? [];
  if (revision === undefined || nonce === undefined) {
    return invalid([{ pointer: `/${name}`, detail: "is not the cursor of an event, nor of a page" }]);
  }
  return { revision: Number(revision), nonce };
}
