import * as z from "zod";
import { check } from "../core/check.ts";
import { Problem } from "../core/problem.ts";
import { isoTime } from "../core/time.ts";
import { type CallOutcome, isCancelled } from "../core/toolsets/call.ts";
import type { CallProgress } from "../gateway/gateway.ts";
import type { CallRef } from "../registry/toolsets/call-id.ts";
import { callResult, cancelCall } from "../registry/toolsets/result.ts";
import type { Exchange } from "./answered.ts";
import { requireScope } from "./face.ts";
import { checkCapabilities } from "./client-capabilities.ts";
import {
  completed,
  invalidParams,
  type Json,
  META_KEYS,
  RPC,
  RpcError,
  TASKS_EXTENSION,
} from "./protocol.ts";
import type { RpcRequest } from "./request.ts";
import { toolResult } from "./tool-result.ts";

/**
 * The tasks extension: a call that takes long is answered by a task, and its client asks how it stands. A call of ours is kept
 * as it is, so a task is only another way to see it.
 */

/** How often a client asks. */
const POLL_INTERVAL_MS = 1000;

const extensions = z.looseObject({
  [META_KEYS.clientCapabilities]: z.looseObject({
    extensions: z.looseObject({ [TASKS_EXTENSION]: z.looseObject({}) }),
  }),
});

/** Whether the client of this request can be answered by a task. */
export const takesTasks = ({ era, params }: RpcRequest): boolean =>
  era === "modern" && extensions.safeParse(params["_meta"]).success;

/** A call that is not settled, as the task that `tools/call` answers; undefined: it is settled, or no longer kept. */
export async function taskOf({ face }: Exchange, ref: CallRef): Promise<Json | undefined> {
  const { namespace, asker } = face;
  const call = await callResult(namespace, asker, { ...ref, waitMs: 0 }, namespace.clock());
  if (call instanceof Problem || call.status !== "pending") return undefined;
  return { resultType: "task", status: "working", ...timesOf(ref, call) };
}

/**
 * Answers `tasks/get`, `tasks/cancel` or `tasks/update`. Cancelling what has ended changes nothing; nothing is asked for, so
 * an update finds nothing that waits for it.
 *
 * @throws {RpcError} for a task that is not kept or another key's, and for a client that did not declare the extension
 */
export async function answerTask(
  exchange: Exchange,
  method: "tasks/get" | "tasks/update" | "tasks/cancel",
): Promise<Json> {
  const { face, request } = exchange;
  const { namespace, asker } = face;
  requireScope(face, "write");
  if (!takesTasks(request)) {
    throw new RpcError(400, RPC.missingCapability, "Tasks are for clients that declare the extension.", {
      requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
    });
  }
  const ref = refOf(exchange);
  if (method === "tasks/cancel") {
    const cancelled = await cancelCall(namespace, asker, ref);
    if (cancelled instanceof Problem && cancelled.code !== "call_settled") throw unlessUnknown(cancelled);
    return {};
  }
  const call = await callResult(namespace, asker, { ...ref, waitMs: 0 }, namespace.clock());
  if (call instanceof Problem) throw unlessUnknown(call);
  return method === "tasks/get" ? { ...timesOf(ref, call), ...statusOf(call.outcome, request) } : {};
}

const taskIdOf = ({ toolset, callId }: CallRef): string => `${toolset}.${callId}`;

const taskParams = z.looseObject({
  // A toolset's name may have points, a call's id has one.
  taskId: z.string().regex(/^.+\.[\w-]+\.[\w-]+$/),
});

function refOf({ face, request }: Exchange): CallRef {
  const params = check(taskParams, request.params);
  if (params instanceof Problem) throw unknownTask();
  const parts = params.taskId.split(".");
  const callId = parts.splice(-2).join(".");
  const toolset = parts.join(".");
  if (face.toolset !== null && face.toolset !== toolset) throw unknownTask();
  return { toolset, callId };
}

const unknownTask = (): RpcError => invalidParams("There is no such task of this key's.");

/** What another key has called is nobody's business, not even that it is there. */
const unlessUnknown = (problem: Problem): Problem | RpcError =>
  problem.code === "call_not_found" || problem.code === "forbidden" ? unknownTask() : problem;

const timesOf = (ref: CallRef, { madeAt, changedAt, keptMs }: CallProgress): Json => ({
  taskId: taskIdOf(ref),
  createdAt: isoTime(madeAt),
  lastUpdatedAt: isoTime(changedAt),
  // Counted from its creation: a call is kept for keptMs from its last change.
  ttlMs: changedAt - madeAt + keptMs,
  pollIntervalMs: POLL_INTERVAL_MS,
});

function statusOf(outcome: CallOutcome | undefined, request: RpcRequest): Json {
  if (!outcome) return { status: "working" };
  if (isCancelled(outcome)) return { status: "cancelled" };
  try {
    checkCapabilities(outcome, request);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message, data } = error;
    return { status: "failed", error: { code, message, data } };
  }
  // Which schema the tool had is not kept with its call. Where it had none, clients of this era take any value all the same.
  const schema = "result" in outcome && outcome.result !== null ? {} : undefined;
  return { status: "completed", result: completed("modern", toolResult(outcome, schema)) };
}
