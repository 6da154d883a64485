import type { CallOutcome } from "../../../core/toolsets/call.ts";

export function statusOf(outcome: CallOutcome | undefined): "pending" | "done" | "failed" {
  if (!outcome) return "pending";
  return "error" in outcome ? "failed" : "done";
}

/** What is answered to the one that settled a call: not the result, but an error in its place. */
export const settledCall = (callId: string, outcome: CallOutcome) => {
  const status = "error" in outcome ? ("failed" as const) : ("done" as const);
  return { call_id: callId, status, ...("error" in outcome && { error: outcome.error }) };
};
