import { type Asker, hasScope } from "../../core/authority.ts";
import { Problem, orThrow } from "../../core/problem.ts";
import { callNotFound, type CallOutcome, callSettled } from "../../core/toolsets/call.ts";
import type { CallProgress } from "../../gateway/gateway.ts";
import type { Namespace } from "../namespace.ts";
import { type CallRef, isMinted } from "./call-id.ts";
import { type CallTool, callTool, callerOf, type QueuedCall } from "./call.ts";

/** After a delta of this number there is none, so a look or a wait with it is about the result alone. */
const NO_DELTAS = Number.MAX_SAFE_INTEGER;

/** How long a stream waits without an event before it says so, by default: what is in between takes a silent one for dead. */
const QUIET_MS = 15_000;

/**
 * A call's state, once it is settled or `waitMs` are over, whichever comes first.
 *
 * @returns the call without its deltas, or the Problem `call_not_found` or `forbidden`
 */
export async function callResult(
  namespace: Namespace,
  asker: Asker,
  { waitMs, ...call }: CallRef & { waitMs: number },
  now: number,
): Promise<CallProgress | Problem> {
  const end = now + waitMs;
  let progress: CallProgress | undefined;
  for (;;) {
    const followed = progress ?? (await follow(namespace, asker, call, NO_DELTAS));
    const leftMs = end - namespace.clock();
    if (followed instanceof Problem || followed.status !== "pending" || leftMs <= 0) return followed;
    progress = await nextChange(namespace, call, NO_DELTAS, leftMs);
  }
}

/**
 * Calls a tool and waits for its result.
 *
 * @param waitMs how long at most, once the call is queued
 * @returns the call, with its outcome if that came in time; or a Problem as of `callTool`
 */
export async function callAndWait(
  namespace: Namespace,
  asker: Asker,
  request: CallTool,
  waitMs: number,
): Promise<(QueuedCall & { outcome: CallOutcome | undefined }) | Problem> {
  const call = await callTool(namespace, asker, request);
  if (call instanceof Problem) return call;
  const ref = { toolset: request.toolset, callId: call.callId };
  return { ...call, outcome: await outcomeWithin(namespace, ref, waitMs) };
}

/**
 * The outcome of a call of the asker's own, if it comes in time.
 *
 * @param waitMs how long at most
 */
export async function outcomeWithin(
  namespace: Namespace,
  call: CallRef,
  waitMs: number,
): Promise<CallOutcome | undefined> {
  return (await nextChange(namespace, call, NO_DELTAS, waitMs))?.outcome;
}

export type CallEvent =
  | { type: "delta"; seq: number; toolUseId: string; stream: string; delta: string }
  | { type: "settled"; seq: number; toolUseId: string; outcome: CallOutcome }
  /** A wait is over, `quiet` if nothing came in `quietMs` (15 s). A reader that has left meanwhile costs no further look. */
  | { type: "waited"; quiet: boolean };

/**
 * The life of a call: each delta with a number above `after`, in order, then the outcome, numbered after the last delta.
 * Works only when it is asked for the next event, so a slow reader piles nothing up.
 *
 * @throws {Problem} `call_not_found`, `forbidden`
 */
export async function* callEvents(
  namespace: Namespace,
  asker: Asker,
  { after, quietMs = QUIET_MS, ...call }: CallRef & { after: number; quietMs?: number },
): AsyncGenerator<CallEvent, void> {
  let seen = after;
  let progress: CallProgress | undefined;
  for (;;) {
    progress ??= orThrow(await follow(namespace, asker, call, seen));
    const { toolUseId, deltas, outcome, total } = progress;
    progress = undefined;
    for (const delta of deltas) {
      seen = delta.seq;
      yield { type: "delta", toolUseId, ...delta };
    }
    if (seen < total) continue;
    if (outcome) return yield { type: "settled", seq: total + 1, toolUseId, outcome };
    progress = await nextChange(namespace, call, seen, quietMs);
    yield { type: "waited", quiet: progress === undefined };
  }
}

/**
 * Fails a call that is not settled, as `cancelled`. A provider that has claimed it is told.
 *
 * @returns what the caller gets from now on, or the Problem `call_not_found`, `forbidden`, or `call_settled` if it has
 *          another outcome
 */
export async function cancelCall(
  namespace: Namespace,
  asker: Asker,
  call: CallRef,
): Promise<CallOutcome | Problem> {
  const { toolset, callId } = call;
  // Whose call it is, the gateway does not judge.
  const followed = await follow(namespace, asker, call, NO_DELTAS);
  if (followed instanceof Problem) return followed;
  const outcome = await namespace.gateway(toolset).cancel(callId, namespace.clock());
  if (outcome === "call_not_found") return callNotFound(toolset);
  return outcome === "call_settled" ? callSettled() : outcome;
}

/**
 * A call's progress at the next change, or at once if it has changed since delta `seen`; undefined if none came in `waitMs`,
 * or the wait broke off: a look tells then.
 */
const nextChange = (
  { gateway, pause }: Namespace,
  { toolset, callId }: CallRef,
  seen: number,
  waitMs: number,
): Promise<CallProgress | undefined> =>
  Promise.race([
    gateway(toolset)
      .changed(callId, seen)
      .catch(() => undefined),
    pause(waitMs).then(() => undefined),
  ]);

/** One look at a call, for the key that made it or an admin. */
async function follow(
  namespace: Namespace,
  asker: Asker,
  call: CallRef,
  after: number,
): Promise<CallProgress | Problem> {
  const { toolset, callId } = call;
  if (!(await isMinted(namespace, call))) return callNotFound(toolset);
  const followed = await namespace.gateway(toolset).follow(callId, after, namespace.clock());
  if (!followed) return callNotFound(toolset);
  if (followed.caller !== callerOf(asker) && !hasScope(asker, "admin")) {
    return new Problem("forbidden", "This call is another key's.");
  }
  return followed;
}
