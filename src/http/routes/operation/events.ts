import * as z from "zod";
import { EVENT_TYPES } from "../../../core/event.ts";
import { entryId } from "../../../core/names.ts";
import { invalid, orThrow, type Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { eventsAfter, eventsBefore } from "../../../registry/events.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { decodeEventCursor, encodeEventCursor, EVENT_CURSOR_LENGTH_MAX } from "../../frame/cursor.ts";
import { param } from "../../frame/query.ts";
import { shownEvent } from "./shown-event.ts";

const misplaced = (name: string, order: string): Problem =>
  invalid([{ pointer: `/${name}`, detail: `does not go with order=${order}` }]);

const events = endpoint({
  method: "GET",
  path: "/v1/events",
  operationId: "listEvents",
  group: "operation",
  scope: "read",
  query: z.strictObject({
    order: z.enum(["asc", "desc"]).default("asc"),
    since: z
      .string()
      .max(EVENT_CURSOR_LENGTH_MAX)
      .optional()
      .meta({ description: "With asc: go on after this" }),
    cursor: z
      .string()
      .max(EVENT_CURSOR_LENGTH_MAX)
      .optional()
      .meta({ description: "With desc: the next_cursor before" }),
    id: entryId.optional(),
    type: z.array(z.enum(EVENT_TYPES)).default([]),
    limit: param.integer(1, 1000).optional(),
  }),
  refusals: ["invalid_request", "cursor_too_old"],
  async handle({ namespace, query: { order, since, cursor, id, type: types, limit = 100 } }) {
    const asked = { id, types, limit };
    if (order === "asc") {
      if (cursor !== undefined) throw misplaced("cursor", order);
      const after = since === undefined ? undefined : orThrow(decodeEventCursor(since, "since"));
      const { events: found, next } = orThrow(await eventsAfter(namespace, { ...asked, since: after }));
      const next_since = encodeEventCursor(next);
      return { status: 200, body: { events: found.map(shownEvent), count: found.length, next_since } };
    }
    if (since !== undefined) throw misplaced("since", order);
    const before = cursor === undefined ? undefined : orThrow(decodeEventCursor(cursor, "cursor"));
    const { events: found, next } = orThrow(await eventsBefore(namespace, { ...asked, before }));
    const next_cursor = next && encodeEventCursor(next);
    return { status: 200, body: { events: found.map(shownEvent), count: found.length, next_cursor } };
  },
});

const marker = endpoint({
  method: "GET",
  path: "/v1/marker",
  operationId: "marker",
  group: "operation",
  scope: "read",
  refusals: [],
  async handle({ namespace: { marker: kept, store }, now }) {
    // Another request of the isolate may be reading it for the first time.
    const value = (await kept.read()) ?? (await store.marker());
    return { status: 200, body: { marker: value, as_of: isoTime(now) } };
  },
});

export const eventEndpoints = [events, marker];
