import { toBase64url } from "./digest.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text in base64url, so that clients treat it as opaque. */
export const encodeOpaque = (text: string): string => toBase64url(new TextEncoder().encode(text));

/** @returns "" for what `encodeOpaque` cannot have made */
export function decodeOpaque(opaque: string): string {
  try {
    const bytes = atob(opaque.replaceAll("-", "+").replaceAll("_", "/"));
    return utf8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return "";
  }
}
