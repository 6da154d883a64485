import * as z from "zod";
import { Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { EVENTS_MAX } from "../../../store/store.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";
import { param } from "../../frame/query.ts";

const PAGE_MAX = 1000;

const events = endpoint({
  method: "GET",
  path: "/v1/events",
  operationId: "listEvents",
  summary: "What happened after a revision, oldest first",
  scope: "read",
  query: z.strictObject({
    since: param.integer(0, Number.MAX_SAFE_INTEGER).optional(),
    limit: param.integer(1, PAGE_MAX).optional(),
  }),
  answers: { 200: { description: "Ask again with since=next_since", body: shapes.eventPage } },
  refusals: ["invalid_request", "cursor_too_old"],
  async handle({ query: { since, limit = 100 }, store }) {
    const found = await store.events({ since, limit });
    if (found === "too_old") {
      throw new Problem(
        "cursor_too_old",
        `The ${EVENTS_MAX} kept events do not join up with revision ${since}. Read the agents anew, then follow without since.`,
      );
    }
    const list = found.map(({ at, ...event }) => ({ ...event, at: isoTime(at) }));
    return {
      status: 200,
      body: { events: list, count: list.length, next_since: list.at(-1)?.revision ?? since ?? 0 },
    };
  },
});

export const eventEndpoints = [events];
