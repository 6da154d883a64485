import * as z from "zod";
import { REPORTED_STATUSES } from "../../core/agents/agent.ts";
import { ALERT_CODES, ALERT_KINDS, SEVERITIES } from "../../core/alert.ts";
import { ACTOR_TYPES, EVENT_KINDS, EVENT_TYPES } from "../../core/event.ts";
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
  /** What it is of; kinds and types are added as time goes by. */
  kind: z.enum(EVENT_KINDS),
  /** An entry's, a service's name, a key's id or a namespace's name. */
  id: z.string(),
  at: time,
  /** What the agent reports now, where that changed; where a registration begins, unless it is available. */
  status: z.enum(REPORTED_STATUSES).optional(),
  /** And what it reported before, where that was something else. */
  from: z.enum(REPORTED_STATUSES).optional(),
  /** Of a service: whose breaker, or whose binding to the handler. */
  provider: z.string().optional(),
  handler: z.string().optional(),
  /** Of a breaker's events: how it stood. */
  breaker: z
    .strictObject({
      /** Failed calls in a row, up to this change. */
      failures: count,
      /** Successful calls since it was half open. */
      successes: count,
      /** How often it has opened since its provider registered. */
      openings: count,
      /** Of one that is not closed: from then on it is half open. */
      half_open_at: time.optional(),
    })
    .optional(),
  /** Of a key: its name. Of quota_reached: whose limit it is, unless the namespace's. */
  name: z.string().optional(),
  /** Of key_refused: how many requests. */
  count: count.optional(),
  /** Of quota_reached: the limit, and what there was. */
  quota: z
    .strictObject({ limit: z.string(), of: z.enum(["namespace", "key"]), count, max: count })
    .optional(),
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
/** Of one toolset, newest first. */
export const entryEvents = z.strictObject({ id: z.string(), events, count });
/** Of one agent, newest first. */
export const agentEvents = entryEvents.extend({
  uptime: z.strictObject({
    /** Of the time that was observed, the share in which it was reachable, 0 to 1; null where none was. */
    ratio: z.number().nullable(),
    window_seconds: count,
    /** How much of the window its events tell of: not the time before the oldest that is kept, nor while it was not there. */
    observed_seconds: count,
  }),
});

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

/** Another text once something more was told. */
export const marker = z.strictObject({ marker: z.string(), as_of: time });

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
