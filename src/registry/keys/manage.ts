import {
  decideAdd,
  decideRevoke,
  decideRotate,
  hasEnded,
  type KeyringChange,
  type StoredKey,
} from "../../core/api-key.ts";
import type { Asker } from "../../core/authority.ts";
import type { Event } from "../../core/event.ts";
import { changesIn } from "../../core/field-changes.ts";
import { Problem } from "../../core/problem.ts";
import { isoTime } from "../../core/time.ts";
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
  const changed = await changeKeys(
    namespace,
    (keys) => decideAdd(keys, key, others, now),
    () => ({
      ...keyEvent("key_created", key, now),
      ...changesIn(new Map(), new Map(Object.entries(termsOf(key)))),
    }),
  );
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
  const changed = await changeKeys(
    namespace,
    (keys) => decideRotate(keys, before, successor, overlapMs, now),
    ({ made }) => ({
      ...keyEvent("key_rotated", { ...made, id: before }, now),
      ...changesIn(new Map([["id", before]]), new Map([["id", made.id]])),
    }),
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
  const changed = await changeKeys(
    namespace,
    (keys) => decideRevoke(keys, id, now),
    ({ revoked }) => keyEvent("key_revoked", revoked, now),
  );
  if (changed instanceof Problem) return changed;
  namespace.keys.forget(id);
  return undefined;
}

const keyEvent = (type: Event["type"], { id, name }: Pick<StoredKey, "id" | "name">, at: number): Event => ({
  type,
  kind: "key",
  id,
  at,
  name,
});

/** What is told of a key that was made: nothing of its secret, its digest included. */
const termsOf = ({ scopes, limits, expiresAt }: StoredKey) => ({
  scopes,
  ...(limits && { limits }),
  ...(expiresAt !== null && { expires_at: isoTime(expiresAt) }),
});

async function changeKeys<C extends KeyringChange>(
  { store }: Namespace,
  decide: (keys: readonly StoredKey[]) => C | Problem,
  eventOf: (change: C) => Event,
): Promise<C | Problem> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { keys, version } = await store.keyring();
    const change = decide(keys.map(({ key }) => key));
    if (change instanceof Problem) return change;
    const { put, remove } = change;
    if (await store.changeKeyring(version, { put, remove }, eventOf(change))) return change;
  }
  return new Problem("store_contended", "Too many changes of keys at once. Nothing was changed: try again.");
}
