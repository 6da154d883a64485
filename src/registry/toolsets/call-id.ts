import { mintSecret } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";
import { type Claim, isProven, prove } from "../proof.ts";

/** A call as its caller names it. */
export interface CallRef {
  toolset: string;
  callId: string;
}

const claimOf = (namespace: string, toolset: string, random: string): Claim => [
  "call",
  namespace,
  toolset,
  random,
];

/** A new id: `<random>.<proof>`, 128 bits each, as base64url. It proves that this toolset of this namespace was called. */
export async function mintCallId({ name, proofKey }: Namespace, toolset: string): Promise<string> {
  const random = mintSecret();
  return `${random}.${await prove(await proofKey(), claimOf(name, toolset, random))}`;
}

/**
 * Whether the id was minted for a call to this toolset. Made-up ids are known by that without a look at the toolset's
 * gateway, and those of a toolset that has ended stay good.
 */
export async function isMinted(
  { name, proofKey }: Namespace,
  { toolset, callId }: CallRef,
): Promise<boolean> {
  const [random, proof, ...rest] = callId.split(".");
  if (random === undefined || proof === undefined || rest.length > 0) return false;
  return isProven(await proofKey(), claimOf(name, toolset, random), proof);
}
