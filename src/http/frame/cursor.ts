import { entryId } from "../../core/agents/agent.ts";
import type { Problem } from "../../core/problem.ts";
import { toBase64url } from "../../registry/digest.ts";
import { invalid } from "./validate.ts";

/** A list's cursor is the last id examined, wrapped so that nobody builds one by hand and relies on it. */
export const encodeCursor = (id: string): string => toBase64url(new TextEncoder().encode(id));

export function decodeCursor(cursor: string): string | Problem {
  let id = "";
  try {
    id = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    // Falls through to the refusal: "" is no id either.
  }
  return entryId.safeParse(id).success
    ? id
    : invalid([{ pointer: "/cursor", detail: "is not a next_cursor of this list" }]);
}
