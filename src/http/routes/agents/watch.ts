import * as z from "zod";
import { QUERY_TERMS_MAX } from "../../../core/agents/discovery.ts";
import { orThrow, Problem } from "../../../core/problem.ts";
import { type Changes, watchAgents, type WatchedAgents } from "../../../registry/agents/watch.ts";
import type { Namespace } from "../../../registry/namespace.ts";
import type { EventCursor } from "../../../registry/events.ts";
import { decodeEventCursor, encodeEventCursor, EVENT_CURSOR_LENGTH_MAX } from "../../frame/cursor.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const WAIT_SECONDS_MAX = 30;
/** How long a stream lasts at most, ms; its reader comes back and goes on where it was. */
const STREAM_MS = 300_000;
/** How long a stream may be silent, ms: what stands between would cut it off. */
const ALIVE_MS = 15_000;

const terms = z.array(z.string()).max(QUERY_TERMS_MAX).default([]);

const watch = endpoint({
  method: "GET",
  path: "/v1/watch",
  operationId: "watchAgents",
  group: "agents",
  scope: "read",
  query: z.strictObject({
    since: z
      .string()
      .max(EVENT_CURSOR_LENGTH_MAX)
      .optional()
      .meta({ description: "The cursor of the last answer; without it the watch begins here" }),
    wait: param.number(0, WAIT_SECONDS_MAX).optional(),
    type: z.string().optional(),
    capability: terms,
    tag: terms,
    service: terms,
  }),
  refusals: ["invalid_request"],
  async handle({ namespace, query: { since, wait = 0, ...query }, headers, signal }) {
    const isStream = headers.get("Accept")?.includes("text/event-stream") === true;
    const from = (isStream ? headers.get("Last-Event-ID") : null) ?? since;
    const cursor = from === undefined ? undefined : cursorIn(from);
    if (isStream) return { status: 200, raw: stream(namespace, query, cursor, signal) };
    const found = await watchAgents(namespace, query, cursor, wait * 1000, signal);
    return { status: 200, body: shown(found) };
  },
});

/** One of an earlier version stands nowhere: as one whose event is gone. */
function cursorIn(text: string): EventCursor | undefined {
  const cursor = decodeEventCursor(text, "since");
  return cursor instanceof Problem && cursor.code === "cursor_too_old" ? undefined : orThrow(cursor);
}

const shown = ({ changes, cursor, resync }: Changes) => ({
  changes,
  cursor: encodeEventCursor(cursor),
  resync,
});

/** Each answer as an event, `change` or `resync`, whose id is its cursor. */
function stream(
  namespace: Namespace,
  query: WatchedAgents,
  since: EventCursor | undefined,
  signal: AbortSignal,
): Response {
  const { clock } = namespace;
  const end = clock() + STREAM_MS;
  const encoder = new TextEncoder();
  let cursor = since;
  const body = new ReadableStream<Uint8Array>({
    // Called when the reader has room for more.
    async pull(controller) {
      if (signal.aborted || clock() >= end) return controller.close();
      const found = await watchAgents(namespace, query, cursor, ALIVE_MS, signal);
      ({ cursor } = found);
      const { cursor: id, resync, changes } = shown(found);
      const type = resync ? "resync" : "change";
      const text =
        changes.length > 0 || resync
          ? `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ changes, cursor: id, resync })}\n\n`
          : `id: ${id}\n: still here\n\n`;
      controller.enqueue(encoder.encode(text));
    },
  });
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}

export const watchEndpoints = [watch];
