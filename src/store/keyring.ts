import { hasEnded, type KeyringChange, type StoredKey } from "../core/api-key.ts";
import type { Event } from "../core/event.ts";

/** A key, and the beginning of the hour in which it was last used, ms since the Unix epoch; null: never. */
export interface UsedKey {
  key: StoredKey;
  lastUsedAt: number | null;
}

/**
 * The keys of one namespace that were made while running; part of the store's port (store.ts), with its contract. Every
 * method is one round trip, one command in Redis.
 */
export interface Keyring {
  /**
   * Gives keys by their ids, whether they have ended or not, and notes to the hour that they were used. What was committed
   * before is seen, whatever copies there are; a store that is full gives keys all the same, and notes nothing.
   *
   * @returns a key per id, in their order; undefined: there is none
   */
  findKeys(ids: readonly string[], now: number): Promise<(StoredKey | undefined)[]>;

  /** Every key, by id, and what `changeKeyring` has to know to see whether anything has changed since. */
  keyring(): Promise<{ keys: UsedKey[]; version: string }>;

  /**
   * Writes and removes keys, whole, unless one was written or removed since `version` was read.
   *
   * @param event  what is told of it, with it
   * @returns false: one was, and nothing has changed
   */
  changeKeyring(version: string, change: KeyringChange, event?: Event): Promise<boolean>;
}

const HOUR_MS = 3_600_000;
export const hourOf = (now: number): number => Math.floor(now / HOUR_MS);
export const startOf = (hour: number): number => hour * HOUR_MS;

/** Which of these keys have ended, or were revoked. */
export async function endedAmong(
  store: Pick<Keyring, "findKeys">,
  ids: readonly string[],
  now: number,
): Promise<ReadonlySet<string>> {
  const keys = await store.findKeys(ids, now);
  return new Set(ids.filter((_, i) => !keys[i] || hasEnded(keys[i], now)));
}
