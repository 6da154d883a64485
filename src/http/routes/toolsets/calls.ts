import * as z from "zod";
import { entryId, label } from "../../../core/names.ts";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { callTool, type QueuedCall } from "../../../registry/toolsets/call.ts";
import { toolsetLoad } from "../../../registry/toolsets/read.ts";
import { callAndWait, callEvents, callResult, cancelCall } from "../../../registry/toolsets/result.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";
import { traceContext } from "../../frame/trace-context.ts";
import { settledCall, statusOf } from "./settled-call.ts";
import { eventStream, lastEventId } from "./event-stream.ts";

export const WAIT_SECONDS_MAX = 30;

const callInput = z.strictObject({
  payload: z.unknown().refine((value) => value !== undefined, "is required"),
  meta: z.strictObject({
    run_id: label(256),
    session_id: label(256),
    turn_id: label(256).optional(),
    tool_call_id: z.union([z.literal(""), label(256)]).optional(),
    parent_tool_call_id: label(256).optional(),
  }),
});

const call = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/tools/:tool/calls",
  params: { name: entryId, tool: z.string() },
  operationId: "callTool",
  group: "toolsets",
  scope: "write",
  query: z.strictObject({ wait: param.integer(0, WAIT_SECONDS_MAX).optional() }),
  body: callInput,
  readsBodyLate: true,
  refusals: [
    "toolset_not_found",
    "tool_not_found",
    "invalid_request",
    "toolset_unhealthy",
    "call_conflict",
    "queue_full",
    "store_contended",
  ],
  async handle({ namespace, asker, params: { name, tool }, query: { wait }, readBody, headers }) {
    const request = { toolset: name, tool, input: readBody, trace: traceContext(headers) };
    if (wait === undefined) {
      const queued = orThrow(await callTool(namespace, asker, request));
      return { status: queued.settled ? 200 : 202, body: takenCall(name, queued) };
    }
    const { outcome, ...queued } = orThrow(await callAndWait(namespace, asker, request, wait * 1000));
    const body = { ...takenCall(name, queued), status: statusOf(outcome), ...outcome };
    return { status: outcome ? 200 : 202, body };
  },
});

const takenCall = (name: string, { callId, toolUseId }: QueuedCall) => ({
  tool_use_id: toolUseId,
  call_id: callId,
  result_url: `/v1/toolsets/${encodeURIComponent(name)}/calls/${callId}`,
});

const result = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name/calls/:call",
  params: { name: entryId, call: z.string() },
  operationId: "callResult",
  group: "toolsets",
  scope: "write",
  query: z.strictObject({ wait: param.integer(0, WAIT_SECONDS_MAX).optional() }),
  refusals: ["invalid_request", "call_not_found"],
  async handle({ namespace, asker, params, query, headers, now }) {
    const ref = { toolset: params.name, callId: params.call };
    const streamed = headers.get("Accept")?.includes("text/event-stream") ?? false;
    const waitMs = streamed ? 0 : (query.wait ?? 0) * 1000;
    const { status, toolUseId, outcome, total } = orThrow(
      await callResult(namespace, asker, { ...ref, waitMs }, now),
    );
    if (streamed) {
      const last = lastEventId(headers);
      if (status !== "pending" && last > total) return { status: 204 };
      const events = callEvents(namespace, asker, { ...ref, after: Math.max(last, 0) });
      return { status: 200, raw: eventStream(events, last < 0) };
    }
    return { status: 200, body: { call_id: ref.callId, tool_use_id: toolUseId, status, ...outcome } };
  },
});

const cancel = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/calls/:call/cancel",
  params: { name: entryId, call: z.string() },
  operationId: "cancelCall",
  group: "toolsets",
  scope: "write",
  refusals: ["invalid_request", "call_not_found", "call_settled"],
  async handle({ namespace, asker, params: { name, call: callId } }) {
    const outcome = orThrow(await cancelCall(namespace, asker, { toolset: name, callId }));
    return { status: 200, body: settledCall(callId, outcome) };
  },
});

const load = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name/calls",
  params: { name: entryId },
  operationId: "toolsetLoad",
  group: "toolsets",
  scope: "read",
  refusals: ["invalid_request", "toolset_not_found"],
  async handle({ namespace, params, now }) {
    const { oldestQueuedAt, lastErrors, ...counts } = orThrow(await toolsetLoad(namespace, params.name, now));
    const body = {
      ...counts,
      oldest_queued_at: oldestQueuedAt === null ? null : isoTime(oldestQueuedAt),
      last_errors: lastErrors.map(({ code, at }) => ({ code, at: isoTime(at) })),
    };
    return { status: 200, body };
  },
});

export const callEndpoints = [call, result, cancel, load];
