import type { CallOutcome } from "../../../core/toolsets/call.ts";

/** What is answered to the one that settled a call: not the result, but an error in its place. */
export const settledCall = (callId: string, outcome: CallOutcome) => ({
  call_id: callId,
  ...("error" in outcome ? { status: "failed" as const, error: outcome.error } : { status: "done" as const }),
});
