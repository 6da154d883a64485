import { entryId } from "../../core/names.ts";
import { type Problem, invalid } from "../../core/problem.ts";
import { toBase64url } from "../../registry/digest.ts";

const REFUSED = [{ pointer: "/cursor", detail: "is not a next_cursor of this list" }];
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A list's cursor is the last id or name examined, in base64url so that clients treat it as opaque. */
export const encodeCursor = (last: string): string => toBase64url(new TextEncoder().encode(last));

/** @returns the id, or the Problem `invalid_request` */
export function decodeCursor(cursor: string): string | Problem {
  const id = decoded(cursor);
  return entryId.safeParse(id).success ? id : invalid(REFUSED);
}

/** The cursor of a list of names, which are any text but the empty one. @returns the name, or `invalid_request` */
export const decodeNameCursor = (cursor: string): string | Problem => decoded(cursor) || invalid(REFUSED);

/** "" where it cannot be decoded. */
function decoded(cursor: string): string {
  try {
    const bytes = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    return utf8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return "";
  }
}
