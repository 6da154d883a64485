import * as z from "zod";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { eventsAfter } from "../../../registry/events.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const events = endpoint({
  method: "GET",
  path: "/v1/events",
  operationId: "listEvents",
  summary: "What happened after a revision, oldest first",
  group: "operation",
  scope: "read",
  query: z.strictObject({
    since: param.integer(0, Number.MAX_SAFE_INTEGER).optional(),
    limit: param.integer(1, 1000).optional(),
  }),
  answers: { 200: { description: "Ask again with since=next_since", body: shapes.eventPage } },
  refusals: ["invalid_request", "cursor_too_old"],
  async handle({ namespace, query: { since, limit = 100 } }) {
    const found = orThrow(await eventsAfter(namespace, { since, limit }));
    const list = found.map(({ at, ...event }) => ({ ...event, at: isoTime(at) }));
    const next_since = list.at(-1)?.revision ?? since ?? 0;
    return { status: 200, body: { events: list, count: list.length, next_since } };
  },
});

export const eventEndpoints = [events];
