import {
  decideAdd,
  decideRevoke,
  decideRotate,
  hasEnded,
  type KeyringChange,
  type StoredKey,
} from "../../core/api-key.ts";
import type { Asker } from "../../core/authority.ts";
import { Problem } from "../../core/problem.ts";
import type { UsedKey } from "../../store/keyring.ts";
import type { Namespace } from "../namespace.ts";
import { digestOf, mintKeySecret } from "./secret.ts";

/** In every round one of several at a time succeeds, so this many rounds are enough for as many. */
const ROUNDS_MAX = 24;

export interface MadeKey {
  key: StoredKey;
  /** Kept nowhere: it is told once. */
  secret: string;
}

/** The namespace's live keys that were made while running, by id. @throws {Problem} `store_unavailable` */
export async function listKeys({ store }: Namespace, now: number): Promise<UsedKey[]> {
  const { keys } = await store.keyring();
  return keys.filter(({ key }) => !hasEnded(key, now));
}

/**
 * Makes a key of the asker's namespace.
 *
 * @returns or the Problem `key_exists`, `quota_exceeded`, `store_contended`
 * @throws {Problem} `store_unavailable`, `store_full`
 */
export async function createKey(
  namespace: Namespace,
  asker: Asker,
  asked: Pick<StoredKey, "name" | "scopes" | "limits" | "expiresAt">,
  now: number,
): Promise<MadeKey | Problem> {
  const { id, secret } = mintKeySecret(namespace.name);
  const key = { id, digest: await digestOf(secret), ...asked, createdAt: now, createdBy: asker.name };
  const others = namespace.configuredKeys.map(({ name }) => name);
  const changed = await changeKeys(namespace, (keys) => decideAdd(keys, key, others, now));
  return changed instanceof Problem ? changed : { key, secret };
}

/**
 * Makes another secret for a key, under an id of its own; the one before works for `overlapMs` more.
 *
 * @returns or the Problem `key_not_found`, `quota_exceeded`, `store_contended`
 * @throws {Problem} `store_unavailable`, `store_full`
 */
export async function rotateKey(
  namespace: Namespace,
  asker: Asker,
  { id: before, overlapMs }: { id: string; overlapMs: number },
  now: number,
): Promise<MadeKey | Problem> {
  const { id, secret } = mintKeySecret(namespace.name);
  const digest = await digestOf(secret);
  const successor = ({ name, scopes, limits, expiresAt }: StoredKey): StoredKey => ({
    id,
    digest,
    name,
    scopes,
    ...(limits && { limits }),
    createdAt: now,
    createdBy: asker.name,
    expiresAt,
  });
  const changed = await changeKeys(namespace, (keys) =>
    decideRotate(keys, before, successor, overlapMs, now),
  );
  if (changed instanceof Problem) return changed;
  namespace.keys.forget(before);
  return { key: changed.made, secret };
}

/**
 * Ends a key: here at once, elsewhere within 30 s.
 *
 * @returns undefined, or the Problem `key_not_found`, `store_contended`
 * @throws {Problem} `store_unavailable`
 */
export async function revokeKey(namespace: Namespace, id: string, now: number): Promise<undefined | Problem> {
  const changed = await changeKeys(namespace, (keys) => decideRevoke(keys, id, now));
  if (changed instanceof Problem) return changed;
  namespace.keys.forget(id);
  return undefined;
}

async function changeKeys<C extends KeyringChange>(
  { store }: Namespace,
  decide: (keys: readonly StoredKey[]) => C | Problem,
): Promise<C | Problem> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { keys, version } = await store.keyring();
    const change = decide(keys.map(({ key }) => key));
    if (change instanceof Problem) return change;
    const { put, remove } = change;
    if (await store.changeKeyring(version, { put, remove })) return change;
  }
  return new Problem("store_contended", "Too many changes of keys at once. Nothing was changed: try again.");
}
