import { type ErrorCode, RollcallError, ToolError } from "../client/index.ts";
import { visible } from "./table.ts";

/** What to do about it, where the registry's own words do not say. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  network: "start one with `rollcall dev`, or say where it is: --url or ROLLCALL_URL",
  timeout: "try again, or check --url",
  unexpected_answer: "check --url",
  unauthorized: "the key is what --key or ROLLCALL_KEY says",
  forbidden: "use a key that may",
  lease_token_required: "use the owner's lease token, or an admin's key",
  toolset_not_found: "`rollcall toolsets` lists them",
  cursor_too_old: "leave --since out",
  store_unavailable: "`rollcall stats` tells when it is back",
};

/** What went wrong, in one line, with what to do. */
export function explain(error: unknown): string {
  if (error instanceof ToolError) {
    const issues = error.issues.map(({ field, constraint }) => `${field}: ${constraint}`);
    return visible([`${error.code}: ${error.message}`, ...issues].join("; "));
  }
  if (!(error instanceof RollcallError))
    return visible(error instanceof Error ? error.message : String(error));
  const { code, message, retryAfterMs } = error;
  const advice = [
    ...(retryAfterMs === undefined ? [] : [`try again in ${Math.ceil(retryAfterMs / 1000)} s`]),
    ...(ADVICE[code] === undefined ? [] : [ADVICE[code]]),
  ];
  return visible([message.replace(/\.$/, ""), ...advice].join("; "));
}
