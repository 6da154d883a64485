import type { Store } from "../store/store.ts";
import { toBase64url } from "./digest.ts";

/** For how long an isolate uses a key that it read from the store, ms. */
const KEY_KEPT_MS = 300_000;
const KEY_BYTES = 32;
const PROOF_BYTES = 16;

/** Named as every platform has it: not all declare the type `CryptoKey`. */
export type ProofKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** What is proven: its purpose, the namespace, and whatever else must be the same when the proof is shown. */
export type Claim = readonly [purpose: string, namespace: string, ...(string | number | null)[]];

/**
 * The key of a namespace's proofs: the one that the deployment is configured with, or the one that the store keeps.
 *
 * @returns a function that gives the key, and throws the Problem `store_unavailable`
 */
export function proofKeyOf(
  store: Store,
  configured: string | null,
  clock: () => number,
): () => Promise<ProofKey> {
  let held: { key: ProofKey; readAt: number } | undefined;
  return async () => {
    const now = clock();
    if (held && (configured !== null || Math.abs(now - held.readAt) < KEY_KEPT_MS)) return held.key;
    const candidate = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const key = await imported(configured ?? (await store.signingKey(toBase64url(candidate))));
    held = { key, readAt: now };
    return key;
  };
}

const utf8 = new TextEncoder();

const imported = (secret: string): Promise<ProofKey> =>
  crypto.subtle.importKey("raw", utf8.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);

/** The proof of a claim: an HMAC (RFC 2104) of 128 bits, as 22 characters of base64url. */
export async function prove(key: ProofKey, claim: Claim): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", key, utf8.encode(JSON.stringify(claim)));
  return toBase64url(new Uint8Array(mac, 0, PROOF_BYTES));
}

/** Whether `proof` was made of this claim with this key. */
export async function isProven(key: ProofKey, claim: Claim, proof: string): Promise<boolean> {
  return isSame(await prove(key, claim), proof);
}

/** Takes as long wherever the two differ, so that the time tells nothing of the right proof. */
function isSame(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differences = 0;
  for (let i = 0; i < a.length; i += 1) differences |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return differences === 0;
}
