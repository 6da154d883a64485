import * as z from "zod";
import type { Tool } from "../core/toolsets/tool.ts";
import type { CallRef } from "../registry/toolsets/call-id.ts";
import { type CallEvent, callEvents, cancelCall } from "../registry/toolsets/result.ts";
import { type Answered, type Exchange, failureMessage } from "./answered.ts";
import { outcomeResult } from "./outcome-result.ts";
import { parsed } from "./parsed-json.ts";
import { completed, type Json, notification, resultMessage } from "./protocol.ts";

/** A Worker notices that its client has left when it writes, so it writes at least this often. */
const KEEP_ALIVE_MS = 5000;

type ProgressToken = string | number;

/**
 * Answers a call by a stream that ends with its result. A client of the modern era cancels a call by leaving; one of the legacy
 * era that leaves may have been cut off, so its call goes on.
 *
 * @param progressToken  undefined: the client wants no progress
 */
export function followCall(
  exchange: Exchange,
  call: CallRef,
  tool: Tool,
  progressToken: ProgressToken | undefined,
): Answered {
  const { face, request } = exchange;
  return {
    status: 200,
    messages: messagesOf(exchange, call, tool, progressToken),
    async left() {
      if (request.era === "modern") await cancelCall(face.namespace, face.asker, call);
    },
  };
}

async function* messagesOf(
  { face, request }: Exchange,
  call: CallRef,
  tool: Tool,
  progressToken: ProgressToken | undefined,
): AsyncGenerator<Json | null, void> {
  const { id, era } = request;
  let progress = -Infinity;
  try {
    const events = callEvents(face.namespace, face.asker, { ...call, after: 0, quietMs: KEEP_ALIVE_MS });
    for await (const event of events) {
      if (event.type === "settled") {
        const result = outcomeResult(event.outcome, request, tool.result_schema);
        return yield resultMessage(id, completed(era, result));
      }
      const said = event.type === "delta" && progressToken !== undefined && progressIn(event, progress);
      if (said) {
        progress = said.progress;
        yield notification("notifications/progress", { progressToken, ...said });
      } else yield null;
    }
  } catch (error) {
    yield failureMessage(id, error);
  }
}

/** The stream on which a provider sends progress as MCP has it: JSON with `progress`, and perhaps `total` and `message`. */
const PROGRESS_STREAM = "progress";
const progressDelta = z.object({
  progress: z.number(),
  total: z.number().optional(),
  message: z.string().optional(),
});
type Progress = z.output<typeof progressDelta>;

/**
 * A piece of output as progress. Any other output counts the pieces, and is the message. Undefined for an empty piece, which
 * only says that the provider is at work.
 *
 * @param last  progress has to increase: undefined for what does not
 */
function progressIn(
  { stream, delta }: Extract<CallEvent, { type: "delta" }>,
  last: number,
): Progress | undefined {
  if (delta === "") return undefined;
  const said = stream === PROGRESS_STREAM ? progressDelta.safeParse(parsed(delta)).data : undefined;
  // The first that a provider reports may be 0; what is counted begins at 1.
  if (!said) return { progress: Math.max(last, 0) + 1, message: delta };
  return said.progress > last ? said : undefined;
}
