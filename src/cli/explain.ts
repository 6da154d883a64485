import { type ErrorCode, RollcallError, ToolError } from "../client/index.ts";
import { UsageError } from "./usage-error.ts";
import { visible } from "./table.ts";

/** What to do about an error, where the registry's message does not say. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  network: "start one with `rollcall dev`, or say where it is: --url or ROLLCALL_URL",
  timeout: "try again, or check --url",
  unexpected_answer: "check --url",
  unauthorized: "check --key or ROLLCALL_KEY",
  forbidden: "use a key that may do this",
  lease_token_required: "use the owner's lease token, or an admin's key",
  toolset_not_found: "`rollcall toolsets` lists them",
  cursor_too_old: "leave --since out",
  store_unavailable: "`rollcall ready` tells when it is back",
};

/** One line: what went wrong, and what to do. */
export function explain(error: unknown): string {
  if (error instanceof ToolError) {
    const issues = error.issues.map(({ field, constraint }) => `${field}: ${constraint}`);
    return visible([`${error.code}: ${error.message}`, ...issues].join("; "));
  }
  if (!(error instanceof RollcallError)) return visible(messageOf(error));
  const { code, message, retryAfterMs } = error;
  const advice = [
    ...(retryAfterMs === undefined ? [] : [`try again in ${Math.ceil(retryAfterMs / 1000)} s`]),
    ...(ADVICE[code] === undefined ? [] : [ADVICE[code]]),
  ];
  return visible([message.replace(/\.$/, ""), ...advice].join("; "));
}

/** The same for programs, in the API's words; what does not apply is left out. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof ToolError) {
    const { code, message, issues } = error;
    return { code, detail: message, ...(issues.length > 0 && { issues }) };
  }
  if (!(error instanceof RollcallError))
    return { code: error instanceof UsageError ? "usage" : "failed", detail: messageOf(error) };
  const { code, status, message, action, retryAfterMs, requestId, ...lists } = error;
  const given = Object.entries({ errors: lists.errors, reasons: lists.reasons, missing: lists.missing });
  return {
    code,
    detail: message,
    ...(status > 0 && { status }),
    ...Object.fromEntries(given.filter(([, list]) => list.length > 0)),
    ...(action !== undefined && { action }),
    ...(retryAfterMs !== undefined && { retry_after_seconds: Math.ceil(retryAfterMs / 1000) }),
    ...(requestId !== undefined && { request_id: requestId }),
  };
}

export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
