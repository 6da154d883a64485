import { entryId } from "../../core/names.ts";
import { type Problem, invalid } from "../../core/problem.ts";
import { toBase64url } from "../../registry/digest.ts";

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
