import { errorText } from "./error-text.ts";
import type { CallAnswer, CallError, CallIssue, ServerData } from "./shapes.ts";

interface Details {
  issues?: readonly CallIssue[];
  toolUseId?: string | undefined;
  server_data?: ServerData | undefined;
  cause?: unknown;
}

/** A failed tool call: a handler throws it to fail with a code, and `callTool` rejects with it. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  /** The handler's own (1 to 128 characters), or the registry's: `timeout`, `cancelled`, `stale_registration` or `invalid_result`. */
  readonly code: string;
  /** What is wrong with which field of the payload; at most 100. */
  readonly issues: readonly CallIssue[];
  /** What goes to the caller beside the error; undefined: nothing. */
  readonly server_data: ServerData | undefined;
  /** Set where `callTool` rejects with it. */
  readonly toolUseId: string | undefined;

  /** @param message  for people; what is over 4,096 characters is cut off */
  constructor(code: string, message: string, { issues = [], toolUseId, server_data, cause }: Details = {}) {
    super(message, { cause });
    this.code = code;
    this.issues = issues;
    this.toolUseId = toolUseId;
    this.server_data = server_data;
  }
}

/** What a handler threw, as its answer. */
export function failedAnswer(thrown: unknown): CallAnswer {
  const error = wireError(thrown);
  const server_data = thrown instanceof ToolError ? thrown.server_data : undefined;
  return server_data === undefined ? { error } : { error, server_data };
}

/** What a handler threw, as the error of its answer. */
export function wireError(thrown: unknown): CallError {
  const message = errorText(thrown);
  if (!(thrown instanceof ToolError)) return { code: "execution_failed", message };
  const { code, issues } = thrown;
  return { code, message, ...(issues.length > 0 && { issues: [...issues] }) };
}
