import * as z from "zod";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { eventsAfter } from "../../../registry/events.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { decodeEventCursor, encodeEventCursor } from "../../frame/cursor.ts";
import { param } from "../../frame/query.ts";

const events = endpoint({
  method: "GET",
  path: "/v1/events",
  operationId: "listEvents",
  summary: "What happened after a cursor, oldest first",
  group: "operation",
  scope: "read",
  query: z.strictObject({
    since: z.string().max(64).optional(),
    limit: param.integer(1, 1000).optional(),
  }),
  answers: { 200: { description: "Ask again with since=next_since", body: shapes.eventPage } },
  refusals: ["invalid_request", "cursor_too_old"],
  async handle({ namespace, query: { since, limit = 100 } }) {
    const cursor = since === undefined ? undefined : orThrow(decodeEventCursor(since));
    const { events: found, next } = orThrow(await eventsAfter(namespace, { since: cursor, limit }));
    const list = found.map(({ nonce, ...event }) => ({
      ...event,
      cursor: encodeEventCursor({ revision: event.revision, nonce }),
      at: isoTime(event.at),
    }));
    return { status: 200, body: { events: list, count: list.length, next_since: encodeEventCursor(next) } };
  },
});

export const eventEndpoints = [events];
