import * as z from "zod";
import { REPORTED_STATUSES } from "../../core/agents/agent.ts";
import { ALERT_CODES, ALERT_KINDS, SEVERITIES } from "../../core/alert.ts";
import { ACTOR_TYPES, EVENT_TYPES } from "../../core/event.ts";
import { KINDS } from "../../core/kinds.ts";
import { count, counts, time } from "./common.ts";

export const fieldChange = z.strictObject({
  /** Its path, such as "version", "metadata/zone" or "tools/echo": a JSON pointer without its first slash. */
  field: z.string(),
  /** As it was, any JSON; absent where it was not there. */
  from: z.unknown().optional(),
  /** As it is; absent where it is there no more. */
  to: z.unknown().optional(),
  /** A value is the beginning of its JSON, or left out: it was too long to be kept. */
  shortened: z.literal(true).optional(),
});

export const event = z.strictObject({
  revision: count,
  type: z.enum(EVENT_TYPES),
  kind: z.enum(KINDS),
  id: z.string(),
  at: time,
  /** What the agent reports now, where that changed; where a registration begins, unless it is available. */
  status: z.enum(REPORTED_STATUSES).optional(),
  /** And what it reported before, where that was something else. */
  from: z.enum(REPORTED_STATUSES).optional(),
  changes: z.array(fieldChange).optional(),
  /** How many more fields changed: 1 KiB of changes is kept. */
  more_changes: count.optional(),
  /** Who caused it; null where that was not kept. */
  actor: z.strictObject({ type: z.enum(ACTOR_TYPES), name: z.string().optional() }).nullable(),
  /** The X-Request-Id of the request that did; null where none did, and of status_changed. */
  request_id: z.string().nullable(),
  /** Why, in the words of that request. */
  reason: z.string().optional(),
  /** To go on after this event, or before it. */
  cursor: z.string(),
});
const events = z.array(event);
/** Oldest first. */
export const eventPage = z.strictObject({ events, count, next_since: z.string() });
/** Newest first. */
export const latestEventPage = z.strictObject({ events, count, next_cursor: z.string().nullable() });

export const alert = z.strictObject({
  code: z.enum(ALERT_CODES),
  /** critical: somebody's requests fail now; warning: they may soon. */
  severity: z.enum(SEVERITIES),
  kind: z.enum(ALERT_KINDS),
  /** The name of the service, capability or toolset; of the limit that is near; else "". */
  id: z.string(),
  /** The agent whose breaker is open. */
  provider: z.string().optional(),
  detail: z.string(),
  count: count.optional(),
  /** Each sweep since then has found it. */
  since: time,
});
export const alertList = z.strictObject({
  /** When it was looked for; null: not yet. */
  as_of: time.nullable(),
  alerts: z.array(alert),
  count,
  found: count,
});

export const statsHistory = z.strictObject({
  step_seconds: count,
  points: z.array(z.strictObject({ at: time, by_status: counts, calls: count })),
});

export const sweepSummary = z.strictObject({
  scanned: count,
  unreachable: z.array(z.string()),
  recovered: z.array(z.string()),
  /** Their leases ended; they come back by calling in. */
  lapsed: z.array(z.string()),
  reaped: z.array(z.string()),
  healed: count,
  checked: count,
  /** With older_than: who has been silent for longer, and was not given since it was last heard. */
  marked: z.array(z.string()).optional(),
  duration_ms: z.number(),
  complete: z.boolean(),
});

export const health = z.strictObject({ status: z.literal("healthy"), service: z.string(), timestamp: time });
export const ready = z.strictObject({ status: z.literal("ready"), backend: z.enum(["redis", "embedded"]) });
