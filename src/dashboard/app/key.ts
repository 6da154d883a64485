/** The API key: this tab keeps it until it is closed, and no other tab and no disk has it. */

const NAME = "rollcall-key";

export const keyOf = (): string | null => sessionStorage.getItem(NAME);

export function keepKey(key: string): void {
  sessionStorage.setItem(NAME, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
}

/** A header can carry no other characters: with them every request would fail. */
export const cleanKey = (typed: string): string => typed.replace(/[^\x21-\x7e]/g, "");

/**
 * What tabs have in common that see the same: a digest of the key, so that nothing that one shares gets to a tab with another
 * key. undefined where the browser offers no digests: on a page that did not come over HTTPS.
 */
export async function audience(): Promise<string | undefined> {
  if (!isSecureContext) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(keyOf() ?? ""));
  return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
