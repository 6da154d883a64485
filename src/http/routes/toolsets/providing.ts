import * as z from "zod";
import { entryId, label } from "../../../core/names.ts";
import { Problem, orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { sendDelta, settleCall } from "../../../registry/toolsets/answer.ts";
import { claimCalls, openSocket, takePong } from "../../../registry/toolsets/attach.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";
import { settledCall } from "./settled-call.ts";
import { WAIT_SECONDS_MAX } from "./calls.ts";

const CLAIMED_AT_ONCE_MAX = 100;
const consumer = label(128);
const claimId = z.string().max(512);

const FOR_PROVIDERS = {
  group: "toolsets",
  scope: "write",
  takesLeaseToken: true,
} as const;
const NOT_PROVIDER = ["toolset_not_found", "forbidden", "lease_lost", "store_contended"] as const;

const claims = endpoint({
  ...FOR_PROVIDERS,
  method: "POST",
  path: "/v1/toolsets/:name/claims",
  params: { name: entryId },
  operationId: "claimCalls",
  body: z.strictObject({
    consumer,
    /** 0: pings and cancellations alone, for a provider that is busy. */
    max: z.int().min(0).max(CLAIMED_AT_ONCE_MAX).default(1),
    wait: z.number().min(0).max(WAIT_SECONDS_MAX).default(0),
  }),
  refusals: ["invalid_request", ...NOT_PROVIDER],
  async handle({ namespace, asker, params, body: { wait, ...attachment }, token, now }) {
    const request = { name: params.name, fence: token?.fence, ...attachment, waitMs: wait * 1000 };
    return { status: 200, body: { messages: orThrow(await claimCalls(namespace, asker, request, now)) } };
  },
});

const socket = endpoint({
  ...FOR_PROVIDERS,
  method: "GET",
  path: "/v1/toolsets/:name/claims",
  params: { name: entryId },
  operationId: "openProviderSocket",
  query: z.strictObject({ consumer, max: param.integer(1, CLAIMED_AT_ONCE_MAX).optional() }),
  refusals: ["invalid_request", "upgrade_required", ...NOT_PROVIDER],
  async handle({ namespace, asker, params, query, headers, token, now }) {
    if (headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      throw new Problem("upgrade_required", "GET here opens a WebSocket. To poll, POST.");
    }
    const { consumer: name, max = 1 } = query;
    const attachment = { name: params.name, fence: token?.fence, consumer: name, max };
    return { status: 101, raw: orThrow(await openSocket(namespace, asker, attachment, now)) };
  },
});

const pong = endpoint({
  ...FOR_PROVIDERS,
  method: "POST",
  path: "/v1/toolsets/:name/pong",
  params: { name: entryId },
  operationId: "pong",
  body: z.strictObject({
    ping_id: z
      .string()
      .max(256)
      .regex(/^[\w-]+\/[\w-]+$/, "must be the ping_id of a ping"),
  }),
  refusals: ["invalid_request", "stale_registration", ...NOT_PROVIDER],
  async handle({ namespace, asker, params, body, token, now }) {
    const request = { name: params.name, fence: token?.fence, pingId: body.ping_id };
    orThrow(await takePong(namespace, asker, request, now));
    return { status: 200, body: { received: true as const, timestamp: isoTime(now) } };
  },
});

const delta = endpoint({
  ...FOR_PROVIDERS,
  method: "POST",
  path: "/v1/toolsets/:name/calls/:call/delta",
  params: { name: entryId, call: z.string() },
  operationId: "sendDelta",
  body: z.strictObject({
    claim_id: claimId,
    stream: label(64),
    delta: z.string().refine((text) => text.isWellFormed(), "must be well-formed Unicode"),
    seq: z.int().min(1).optional(),
  }),
  refusals: [
    "invalid_request",
    "call_not_found",
    "call_settled",
    "claim_lost",
    "stream_full",
    ...NOT_PROVIDER,
  ],
  async handle({ namespace, asker, params, body: { claim_id, stream, delta: piece, seq }, token, now }) {
    const claim = { name: params.name, fence: token?.fence, callId: params.call, claimId: claim_id };
    const request = { ...claim, stream, delta: piece, seq };
    const { deadlineAt } = orThrow(await sendDelta(namespace, asker, request, now));
    return { status: 200, body: { received: true as const, deadline: isoTime(deadlineAt) } };
  },
});

const callError = z.strictObject({
  code: label(128),
  message: z.string().max(4096),
  issues: z
    .array(z.looseObject({ field: z.string().max(1024), constraint: z.string().max(1024) }))
    .max(100)
    .optional(),
});
/** Content blocks, for example: passed on as they are (source 3). */
const serverData = z.array(z.record(z.string(), z.unknown())).max(100).optional();
/** Room for a picture among the content blocks. */
const RESULT_BYTES_MAX = 1024 * 1024;
const resultInput = z.union([
  z.strictObject({
    claim_id: claimId,
    result: z.unknown().refine((value) => value !== undefined, "is required"),
    bounds: z.record(z.string(), z.unknown()).optional(),
    server_data: serverData,
  }),
  z.strictObject({ claim_id: claimId, error: callError, server_data: serverData }),
]);

const settle = endpoint({
  ...FOR_PROVIDERS,
  method: "POST",
  path: "/v1/toolsets/:name/calls/:call/result",
  params: { name: entryId, call: z.string() },
  operationId: "settleCall",
  body: resultInput,
  bodyBytesMax: RESULT_BYTES_MAX,
  refusals: [
    "invalid_request",
    "call_not_found",
    "call_settled",
    "claim_lost",
    "payload_too_large",
    ...NOT_PROVIDER,
  ],
  async handle({ namespace, asker, params, body: { claim_id, ...given }, token, now }) {
    const claim = { name: params.name, fence: token?.fence, callId: params.call, claimId: claim_id };
    const outcome = orThrow(await settleCall(namespace, asker, { ...claim, outcome: given }, now));
    return { status: 200, body: settledCall(params.call, outcome) };
  },
});

export const providingEndpoints = [claims, socket, pong, delta, settle];
