import { entryId } from "../../core/names.ts";
import { type Problem, invalid } from "../../core/problem.ts";
import { toBase64url } from "../../registry/digest.ts";

/** A list's cursor is the last id examined, in base64url so that clients treat it as opaque. */
export const encodeCursor = (id: string): string => toBase64url(new TextEncoder().encode(id));

/** @returns the id, or the Problem `invalid_request` */
export function decodeCursor(cursor: string): string | Problem {
  let id = "";
  try {
    id = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    // Refused below, as the empty id is.
  }
  return entryId.safeParse(id).success
    ? id
    : invalid([{ pointer: "/cursor", detail: "is not a next_cursor of this list" }]);
}
