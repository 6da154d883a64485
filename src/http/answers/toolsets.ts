import * as z from "zod";
import { mcpFields } from "../../core/toolsets/tool.ts";
import { count, json, refusedItem, time } from "./common.ts";

export const toolsetHealth = z.strictObject({
  healthy: z.boolean(),
  last_pong: time.nullable(),
  age_ms: count.nullable(),
  staleness_threshold_ms: count,
});
export const toolsetInfo = z.strictObject({
  name: z.string(),
  description: z.string(),
  version: z.string(),
  tags: z.array(z.string()),
  tool_count: count,
  registered_at: time,
  owner: z.string().nullable(),
  health: toolsetHealth,
});
export const toolsetList = z.strictObject({
  toolsets: z.array(toolsetInfo),
  count,
  truncated: z.literal(true).optional(),
});
const schema = z.union([json, z.boolean()]);
export const tool = z.strictObject({
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  payload_schema: schema,
  result_schema: schema,
  sidecar_schema: schema.optional(),
  mcp: mcpFields.optional(),
});
export const toolset = z.strictObject({
  ...toolsetInfo.shape,
  tools: z.array(tool),
});
export const toolsetRegistered = z.strictObject({
  registered_at: time,
  lease_token: z.string(),
  /** With `partial=true`: tools that are not registered, by their place in the request. */
  refused: z
    .array(z.strictObject({ index: count, name: z.string().nullable(), status: count, ...refusedItem }))
    .optional(),
  /** What works with limits, such as a pattern that is only tried on texts up to a length. */
  warnings: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
});

export const callError = z.strictObject({
  code: z.string(),
  message: z.string(),
  issues: z.array(z.looseObject({ field: z.string(), constraint: z.string() })).optional(),
});
export const callResult = z.strictObject({
  call_id: z.string(),
  tool_use_id: z.string(),
  status: z.enum(["pending", "done", "failed"]),
  result: z.unknown().optional(),
  bounds: z.unknown().optional(),
  server_data: z.array(json).optional(),
  error: callError.optional(),
});
/** With the result only where it was waited for. */
export const callTaken = z.strictObject({
  ...callResult.partial({ status: true }).shape,
  result_url: z.string(),
});
export const toolsetLoad = z.strictObject({
  queued: count,
  claimed: count,
  consumers: count,
  /** When the oldest call that nobody has claimed was made. */
  oldest_queued_at: time.nullable(),
  /** How calls failed last, newest first, at most 5 among the newest 1,000. What was asked and answered is the caller's alone. */
  last_errors: z.array(z.strictObject({ code: z.string(), at: time })),
});

const meta = z.strictObject({
  run_id: z.string(),
  session_id: z.string(),
  turn_id: z.string().optional(),
  tool_call_id: z.string().optional(),
  parent_tool_call_id: z.string().optional(),
});
const mcpCall = z.strictObject({
  clientCapabilities: json,
  inputResponses: json.optional(),
  requestState: z.string().optional(),
});
export const call = z.strictObject({
  type: z.literal("call"),
  claim_id: z.string(),
  call_id: z.string(),
  tool_use_id: z.string(),
  tool: z.string(),
  payload: z.unknown(),
  meta,
  mcp: mcpCall.optional(),
  deadline: time,
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
  baggage: z.string().optional(),
});
export const claimedMessages = z.strictObject({
  messages: z.array(
    z.union([
      z.strictObject({ type: z.literal("ping"), ping_id: z.string() }),
      z.strictObject({ type: z.literal("cancel"), call_id: z.string(), claim_id: z.string() }),
      call,
    ]),
  ),
});
export const pongTaken = z.strictObject({ received: z.literal(true), timestamp: time });
export const deltaTaken = z.strictObject({ received: z.literal(true), deadline: time });
export const callSettled = z.strictObject({
  call_id: z.string(),
  status: z.enum(["done", "failed"]),
  error: callError.optional(),
});
