import { type ErrorCode, RollcallError, ToolError } from "../client/index.ts";
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
  store_unavailable: "`rollcall stats` tells when it is back",
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

export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
