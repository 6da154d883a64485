import { sha256, toBase64url, toHex } from "../digest.ts";

/** A secret says what it is, so that a scanner of secrets finds one, and where to look for its key. */
const FORM = /^rck_([a-z0-9-]{1,63})_([0-9a-f]{16})_[\w-]{43}$/;
const ID_BYTES = 8;
const RANDOM_BYTES = 32;

export const digestOf = async (secret: string): Promise<string> => toHex(await sha256(secret));

/** Where the key of a secret is to be found, if the text looks like one of ours. */
export function placeIn(secret: string): { namespace: string; id: string } | undefined {
  const [, namespace, id] = FORM.exec(secret) ?? [];
  return namespace !== undefined && id !== undefined ? { namespace, id } : undefined;
}

/** A new secret, with the id in it. */
export function mintKeySecret(namespace: string): { id: string; secret: string } {
  const id = toHex(random(ID_BYTES));
  return { id, secret: `rck_${namespace}_${id}_${toBase64url(random(RANDOM_BYTES))}` };
}

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
