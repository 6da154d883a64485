import { RollcallError } from "./problem.ts";
import type { CallError, CallIssue } from "./shapes.ts";

/** How a tool call failed: thrown by a handler to say so, and by `callTool` when it is told so. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  /** What handlers say is theirs; the registry's own are timeout, stale_registration and invalid_result. */
  readonly code: string;
  readonly issues: readonly CallIssue[];
  /** Set by `callTool`. */
  readonly toolUseId: string | undefined;

  constructor(
    code: string,
    message: string,
    {
      issues = [],
      toolUseId,
      cause,
    }: { issues?: readonly CallIssue[]; toolUseId?: string; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.issues = issues;
    this.toolUseId = toolUseId;
  }
}

/** What whoever planned a call can do about its failure. */
export type RetryHint = Way & {
  /**
   * Set where the call has failed: for 15 minutes the same `tool_call_id` gets the same failure, so whoever gave one has to
   * give another. Where it is not set the call was not taken, or was lost sight of, and under the same one it is still the
   * same call.
   */
  newToolCallId?: true;
};

type Way =
  /** Ask for what is missing, and call again with it. */
  | { reason: "missing_fields"; fields: string[]; question: string }
  /** Mend the payload, and call again. */
  | { reason: "invalid_arguments"; issues: readonly CallIssue[] }
  /** Call again as it was; it took too long. */
  | { reason: "timeout" }
  /** Call again as it was, after so long. */
  | { reason: "tool_unavailable"; afterMs: number };

const INVALID = new Set(["invalid_input", "invalid_arguments", "missing_field", "missing_fields"]);
const AFTER_MS = 1000;

/** Whether and how to call again; undefined: it would come to the same. */
export function retryHint(error: unknown): RetryHint | undefined {
  if (error instanceof ToolError) {
    const way = wayFor(error.code, error.issues);
    return way && { ...way, newToolCallId: true };
  }
  if (!(error instanceof RollcallError)) return undefined;
  const { code, errors, transient, retryAfterMs = AFTER_MS } = error;
  if (code === "invalid_request") return wayFor("invalid_arguments", errors.map(issueOf));
  if (code === "timeout") return { reason: "timeout" };
  return transient ? { reason: "tool_unavailable", afterMs: retryAfterMs } : undefined;
}

/** What the registry found wrong with a payload, as a provider would have said it. */
function issueOf({ pointer, detail }: RollcallError["errors"][number]): CallIssue {
  const field = pointer.replace(/^\/payload/, "");
  const missing = /must have the property "([^"]+)"$/.exec(detail)?.[1];
  return missing === undefined
    ? { field, constraint: detail }
    : { field: `${field}/${missing}`, constraint: "missing_field" };
}

function wayFor(code: string, issues: readonly CallIssue[]): Way | undefined {
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

const MESSAGE_MAX = 4096;

/** An outcome's error as it goes over the wire. */
export function wireError(thrown: unknown): CallError {
  // Cut first: that may leave half a surrogate pair, which would be refused.
  const message = messageOf(thrown).slice(0, MESSAGE_MAX).toWellFormed();
  if (!(thrown instanceof ToolError)) return { code: "execution_failed", message };
  const { code, issues } = thrown;
  return { code, message, ...(issues.length > 0 && { issues: [...issues] }) };
}

/** Anything can be thrown, also what is no string and cannot be made one. */
function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "The handler threw something that has no text.";
  }
}
