import { RollcallError } from "./problem.ts";
import type { CallIssue } from "./shapes.ts";
import { ToolError } from "./tool-error.ts";

/** What a caller can do about a failed tool call. */
export type RetryHint = Hint & {
  /**
   * Set if the call has failed. For 15 minutes the same `tool_call_id` then gets the same failure, so a caller that gave one has
   * to give another. Not set if the call was not accepted, or its result could not be read: the same `tool_call_id` then is the
   * same call.
   */
  newToolCallId?: true;
};

type Hint =
  /** Ask for what is missing, and call again with it. */
  | { reason: "missing_fields"; fields: string[]; question: string }
  /** Correct the payload, and call again. */
  | { reason: "invalid_arguments"; issues: readonly CallIssue[] }
  /** Call again without a change: it took too long. */
  | { reason: "timeout" }
  /** Call again without a change after `afterMs`. */
  | { reason: "tool_unavailable"; afterMs: number };

/** The codes of handlers that blame the payload. */
const INVALID = new Set(["invalid_input", "invalid_arguments", "missing_field", "missing_fields"]);
const AFTER_MS = 1000;

/**
 * Whether and how to repeat a call that failed with `error`, as `callTool` rejects with it.
 *
 * @returns undefined if a repetition would fail in the same way, or for an error of another kind
 */
export function retryHint(error: unknown): RetryHint | undefined {
  if (error instanceof ToolError) {
    const hint = hintFor(error.code, error.issues);
    return hint && { ...hint, newToolCallId: true };
  }
  if (!(error instanceof RollcallError)) return undefined;
  const { code, errors, transient, retryAfterMs = AFTER_MS } = error;
  if (code === "invalid_request") return hintFor("invalid_arguments", errors.map(issueOf));
  if (code === "timeout") return { reason: "timeout" };
  return transient ? { reason: "tool_unavailable", afterMs: retryAfterMs } : undefined;
}

/** An error that the registry found in a payload, in the form in which providers report theirs. */
function issueOf({ pointer, detail }: RollcallError["errors"][number]): CallIssue {
  const field = pointer.replace(/^\/payload/, "");
  const missing = /must have the property "([^"]+)"$/.exec(detail)?.[1];
  return missing === undefined
    ? { field, constraint: detail }
    : { field: `${field}/${missing}`, constraint: "missing_field" };
}

function hintFor(code: string, issues: readonly CallIssue[]): Hint | undefined {
  if (code === "timeout") return { reason: "timeout" };
  if (code === "unavailable" || code === "stale_registration") {
    return { reason: "tool_unavailable", afterMs: AFTER_MS };
  }
  if (!INVALID.has(code)) return undefined;
  const fields = issues.filter(({ constraint }) => constraint === "missing_field").map(({ field }) => field);
  return fields.length > 0
    ? { reason: "missing_fields", fields, question: `What should ${fields.join(" and ")} be?` }
    : { reason: "invalid_arguments", issues };
}
