import type { Context } from "hono";
import type { Answer } from "./answer.ts";
import type { Endpoint } from "./endpoint.ts";
import { matchesEtag, weakEtag } from "./etag.ts";

/** An answer before the envelope adds what every answer has. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | null;
}

/** The type of the older agent API's answers, to the letter. */
export const BARE_JSON = "application/json; charset=utf-8";

/** A handler's answer as JSON; an entity tag and 304 where it is a read. */
export async function replyOf(c: Context, { scope, dialect }: Endpoint, answer: Answer): Promise<Reply> {
  const { status, body, text } = answer;
  const headers: Record<string, string> = { ...answer.headers };
  if (body === undefined) return { status, headers, body: text ?? null };
  // A read that says no-store itself has an answer that may be used only once.
  if (scope === "read" && status === 200 && headers["Cache-Control"] === undefined) {
    headers["ETag"] = answer.etag ?? (await weakEtag(body as object));
    headers["Cache-Control"] = "private, no-cache";
    if (matchesEtag(c.req.header("If-None-Match"), headers["ETag"])) {
      return { status: 304, headers, body: null };
    }
  }
  headers["Content-Type"] ??= dialect === "bare" ? BARE_JSON : "application/json";
  return { status, headers, body: JSON.stringify(body) };
}
