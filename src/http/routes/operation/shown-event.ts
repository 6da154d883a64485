import type { BreakerCounts } from "../../../core/event.ts";
import { isoTime } from "../../../core/time.ts";
import type { EventRecord } from "../../../registry/events.ts";
import { encodeEventCursor } from "../../frame/cursor.ts";

/** As every reader of the history sees it, and every receiver of webhooks. */
export const shownEvent = ({ nonce, actor, requestId, moreChanges, breaker, ...event }: EventRecord) => ({
  ...event,
  ...(breaker && { breaker: shownBreaker(breaker) }),
  ...(moreChanges !== undefined && { more_changes: moreChanges }),
  actor: actor ?? null,
  request_id: requestId ?? null,
  cursor: encodeEventCursor({ revision: event.revision, nonce }),
  at: isoTime(event.at),
});

const shownBreaker = ({ halfOpenAt, ...counts }: BreakerCounts) => ({
  ...counts,
  ...(halfOpenAt !== undefined && { half_open_at: isoTime(halfOpenAt) }),
});
