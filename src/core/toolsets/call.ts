import { Problem } from "../problem.ts";

/**
 * The life of one tool call, as a function of what happened to it and `now`. There is no timer. Every read first applies the
 * transitions due before `now`, so the result does not depend on how often it is read.
 *
 * All instants are ms since the Unix epoch, and inclusive: a claim holds through its deadline.
 */

/** How long a call may wait for a provider to claim it. */
export const UNCLAIMED_MS_MAX = 300_000;
/** How long a claim holds, counted from the claim and again from each delta. */
export const CLAIM_MS = 60_000;
/** How often a call is claimed before it times out. */
export const CLAIMS_MAX = 3;
/** How long a settled call is kept for its caller, unless the deployment says otherwise. */
export const KEPT_MS_DEFAULT = 900_000;
/** How many calls of one toolset may wait unclaimed. */
export const QUEUED_MAX = 1000;
/** An outcome as JSON, in characters. Storage takes a value of 2 MB in UTF-8, so a request of 1 MiB that is kept fits. */
export const OUTCOME_CHARS_MAX = 1_048_576;
/** The sum of one call's deltas, in characters. */
export const DELTA_CHARS_MAX = 4_000_000;
/** How many deltas one call may have. */
export const DELTAS_MAX = 10_000;
/** The sum of all kept calls of one toolset, in characters; an object has room for 10 GB. */
export const KEPT_CHARS_MAX = 1_000_000_000;

/** Who asks, in the caller's own terms. Providers get it as it is. */
export interface CallMeta {
  run_id: string;
  session_id: string;
  turn_id?: string | undefined;
  /** Within one run and caller, a call with the same id is the same call. Missing or "": a new call each time. */
  tool_call_id?: string | undefined;
  parent_tool_call_id?: string | undefined;
}

/** What a client of MCP says beside a call's arguments, in MCP's own terms. */
export interface McpCall {
  clientCapabilities: Record<string, unknown>;
  /** A repetition of a call that was answered by questions: what they were answered by. */
  inputResponses?: Record<string, unknown> | undefined;
  /** As the provider gave it with its questions. The client may have changed it. */
  requestState?: string | undefined;
}

/** What a provider is told of a call, besides its claim. */
export interface CallMessage {
  tool_use_id: string;
  tool: string;
  payload: unknown;
  meta: CallMeta;
  /** Where the call came by MCP, in a revision that says this with each call. */
  mcp?: McpCall;
  /** W3C trace context and baggage, as the caller sent them. */
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
}

/** The code of a cancelled call's error. */
const CANCELLED = "cancelled";

export const isCancelled = (outcome: CallOutcome): boolean =>
  "error" in outcome && outcome.error.code === CANCELLED;

export interface CallError {
  code: string;
  message: string;
  issues?: { field: string; constraint: string; [more: string]: unknown }[] | undefined;
}

/** What a provider answers: its result, or what went wrong. `server_data` goes to the caller beside either, unread. */
export type CallOutcome =
  | { result: unknown; bounds?: unknown; server_data?: Record<string, unknown>[] | undefined }
  | { error: CallError; server_data?: Record<string, unknown>[] | undefined };

export const callNotFound = (toolset: string): Problem =>
  new Problem("call_not_found", `No such call of "${toolset}" is kept.`);

export const callSettled = (): Problem =>
  new Problem("call_settled", "The call has its result, and keeps it.");

interface StateBase {
  claims: number;
  /** After it the call changes its state without anyone's doing; `callAt` says into what. */
  dueAt: number;
  /** How long the call is kept once it is settled. Calls that an earlier version stored do not have it. */
  keptMs?: number | undefined;
}

export type CallState =
  | (StateBase & { status: "queued" })
  | (StateBase & {
      status: "claimed";
      claimId: string;
      consumer: string;
      /** Deltas sent under this claim. */
      deltas: number;
    })
  | (StateBase & { status: "done" | "failed"; outcome: CallOutcome });

export type ClaimedCall = Extract<CallState, { status: "claimed" }>;
export type SettledCall = Extract<CallState, { outcome: CallOutcome }>;

export const isSettled = (state: CallState): state is SettledCall =>
  state.status === "done" || state.status === "failed";

export const keptMsOf = ({ keptMs = KEPT_MS_DEFAULT }: CallState): number => keptMs;

export const queueCall = (now: number, keptMs: number | undefined, claims = 0): CallState => ({
  status: "queued",
  claims,
  keptMs,
  dueAt: now + UNCLAIMED_MS_MAX,
});

export const claimCall = (
  { claims, keptMs }: CallState,
  { claimId, consumer }: { claimId: string; consumer: string },
  now: number,
): ClaimedCall => ({
  status: "claimed",
  claims: claims + 1,
  keptMs,
  claimId,
  consumer,
  deltas: 0,
  dueAt: now + CLAIM_MS,
});

/** A delta proves that the provider is at work, so the claim holds 60 s from it. */
export const extendClaim = (state: ClaimedCall, now: number): ClaimedCall => ({
  ...state,
  deltas: state.deltas + 1,
  dueAt: now + CLAIM_MS,
});

export const settleCall = (state: CallState, outcome: CallOutcome, now: number): SettledCall => ({
  status: "error" in outcome ? "failed" : "done",
  claims: state.claims,
  keptMs: state.keptMs,
  outcome,
  dueAt: now + keptMsOf(state),
});

const timedOut = (state: CallState, message: string): SettledCall =>
  settleCall(state, { error: { code: "timeout", message } }, state.dueAt);

/** A call's state at `now`; undefined: it is no longer kept. A transition dates from when it was due, not from this read. */
export function callAt(state: CallState, now: number): CallState | undefined {
  let current = state;
  while (current.dueAt < now) {
    switch (current.status) {
      case "queued":
        current = timedOut(current, `No provider claimed the call within ${UNCLAIMED_MS_MAX / 1000} s.`);
        break;
      case "claimed":
        current =
          current.claims < CLAIMS_MAX
            ? queueCall(current.dueAt, current.keptMs, current.claims)
            : timedOut(current, `The call was claimed ${CLAIMS_MAX} times and not answered in time.`);
        break;
      case "done":
      case "failed":
        return undefined;
    }
  }
  return current;
}

/** When a call came into this state, or sent the delta that extended it: ms since the Unix epoch. */
export function changedAt(state: CallState): number {
  switch (state.status) {
    case "queued":
      return state.dueAt - UNCLAIMED_MS_MAX;
    case "claimed":
      return state.dueAt - CLAIM_MS;
    case "done":
    case "failed":
      return state.dueAt - keptMsOf(state);
  }
}

/** The failure of a call that its caller cancels. */
export const cancelCall = (state: CallState, now: number): SettledCall =>
  settleCall(
    state,
    {
      error: {
        code: CANCELLED,
        message:
          state.status === "claimed"
            ? "The call was cancelled while a provider had it: it may have been carried out."
            : "The call was cancelled before a provider claimed it.",
      },
    },
    now,
  );

/** The failure of a call whose registration ends before it is answered. */
export const orphanCall = (state: CallState, now: number): SettledCall =>
  settleCall(
    state,
    {
      error: {
        code: "stale_registration",
        message:
          state.status === "claimed"
            ? "The toolset was registered anew or removed while a provider had the call: it may have been carried out."
            : "The toolset was registered anew or removed before anybody claimed the call.",
      },
    },
    now,
  );
