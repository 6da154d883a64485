import * as z from "zod";
import { SCOPES, type Scope } from "./authority.ts";
import { type SomeLimits, someLimits } from "./limits.ts";
import { label } from "./names.ts";
import { Problem } from "./problem.ts";

/** What is said of a key that is to be made. */
export const keyInput = z.strictObject({
  name: label(128).meta({ description: "What it registers is owned by this name" }),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
  limits: someLimits
    .default({})
    .meta({ description: "Of its entries, where they are not those of every key" }),
});

/** An API key that was made while running. Instants are ms since the Unix epoch. */
export interface StoredKey {
  /** Public: it is part of the secret. */
  id: string;
  /** SHA-256 of the secret, lowercase hex. The secret itself is kept nowhere. */
  digest: string;
  /** What entries are owned by: a key and those that it was rotated to have it in common. */
  name: string;
  scopes: readonly Scope[];
  /** Of its entries, where they are not those of every key. */
  limits?: SomeLimits;
  createdAt: number;
  /** The name of the key that made it; null under open access. */
  createdBy: string | null;
  /** null: it lasts until it is revoked */
  expiresAt: number | null;
  /** It was rotated, and ends then. */
  overlapUntil?: number;
}

/** What becomes of a namespace's keys. */
export interface KeyringChange {
  put: StoredKey[];
  /** ids */
  remove: string[];
}

/** How many keys a namespace may have that were made while running. */
export const KEYS_MAX = 1000;
/** How often an object that has sockets looks whether the keys that opened them have ended, ms. */
export const KEYS_LOOKED_AT_EVERY_MS = 20_000;
export const OVERLAP_SECONDS_MAX = 604_800;

/** When it ends by itself; null: never. */
export function endOf({ expiresAt, overlapUntil }: StoredKey): number | null {
  const end = Math.min(expiresAt ?? Infinity, overlapUntil ?? Infinity);
  return end === Infinity ? null : end;
}

export const hasEnded = (key: StoredKey, now: number): boolean => (endOf(key) ?? Infinity) <= now;

/**
 * Adds a key. Its name must be new: two keys of one name own the same entries, and only a rotation is to make a second.
 *
 * @param others  the names of the keys that are configured
 * @returns or the Problem `key_exists`, `quota_exceeded`
 */
export function decideAdd(
  keys: readonly StoredKey[],
  key: StoredKey,
  others: readonly string[],
  now: number,
): KeyringChange | Problem {
  const live = keys.filter((one) => !hasEnded(one, now));
  if (others.includes(key.name) || live.some(({ name }) => name === key.name))
    return new Problem(
      "key_exists",
      "There is a key of this name. Rotate it for another secret, or choose another name.",
    );
  return withRoom(keys, live, [key], now);
}

/**
 * Adds `successor` in place of the key of an id, which ends `overlapMs` from now if not before.
 *
 * @param successor  makes the new key
 * @returns or the Problem `key_not_found`, `quota_exceeded`
 */
export function decideRotate(
  keys: readonly StoredKey[],
  id: string,
  successor: (key: StoredKey) => StoredKey,
  overlapMs: number,
  now: number,
): (KeyringChange & { made: StoredKey }) | Problem {
  const key = find(keys, id, now);
  if (key instanceof Problem) return key;
  const live = keys.filter((one) => one !== key && !hasEnded(one, now));
  const overlapUntil = Math.min(key.overlapUntil ?? Infinity, now + overlapMs);
  const made = successor(key);
  const change = withRoom(keys, live, [{ ...key, overlapUntil }, made], now);
  return change instanceof Problem ? change : { ...change, made };
}

/** @returns or the Problem `key_not_found` */
export function decideRevoke(
  keys: readonly StoredKey[],
  id: string,
  now: number,
): (KeyringChange & { revoked: StoredKey }) | Problem {
  const revoked = find(keys, id, now);
  return revoked instanceof Problem ? revoked : { put: [], remove: [id], revoked };
}

function find(keys: readonly StoredKey[], id: string, now: number): StoredKey | Problem {
  const key = keys.find((one) => one.id === id && !hasEnded(one, now));
  return key ?? new Problem("key_not_found", "No live key of this namespace has this id.");
}

/** What has ended makes room. */
function withRoom(
  keys: readonly StoredKey[],
  live: readonly StoredKey[],
  put: StoredKey[],
  now: number,
): KeyringChange | Problem {
  if (live.length + put.length > KEYS_MAX)
    return new Problem(
      "quota_exceeded",
      `A namespace has at most ${KEYS_MAX} keys. Revoke one that is not used.`,
    );
  return { put, remove: keys.filter((one) => hasEnded(one, now)).map(({ id }) => id) };
}
