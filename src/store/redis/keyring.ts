import type { StoredKey } from "../../core/api-key.ts";
import { byId } from "../../core/order.ts";
import { hourOf, type Keyring, startOf } from "../keyring.ts";
import { EVENTS_MAX } from "../store.ts";
import type { Database } from "./database.ts";
import { parse } from "./decode.ts";
import { newNonce } from "./nonce.ts";
import { CHANGE_KEYRING, FIND_KEYS, KEYRING } from "./scripts.ts";

/** The namespace's keys: a hash of them, and one of the hours in which they were last used. */
export function keyringIn({ connection, keys: names }: Database): Keyring {
  const keys = [names.apiKeys, names.apiKeyHours];
  return {
    async findKeys(ids, now) {
      if (ids.length === 0) return [];
      const call = { script: FIND_KEYS, keys, args: [String(hourOf(now)), ...ids] };
      const [found] = (await connection.read("find key", [call])) as [(string | null)[]];
      return found.map((json) => parse<StoredKey>(json));
    },

    async keyring() {
      const [reply] = await connection.read("keys", [{ script: KEYRING, keys, args: [] }]);
      const [version, all, used] = reply as [string, string[], string[]];
      const hours = new Map<string, number>();
      for (let i = 0; i < used.length; i += 2) hours.set(used[i]!, Number(used[i + 1]));
      const stored = all.map((json) => JSON.parse(json) as StoredKey).toSorted(byId);
      const found = stored.map((key) => {
        const hour = hours.get(key.id);
        return { key, lastUsedAt: hour === undefined ? null : startOf(hour) };
      });
      return { keys: found, version };
    },

    async changeKeyring(version, { put, remove }, event) {
      const written = put.flatMap((key) => [key.id, JSON.stringify(key)]);
      const told = [event ? JSON.stringify(event) : "", newNonce(), String(EVENTS_MAX)];
      const args = [version, ...told, String(put.length), ...written, ...remove];
      const all = [...keys, names.usage, names.events];
      const [changed] = await connection.write("change keys", [{ script: CHANGE_KEYRING, keys: all, args }]);
      return changed === 1;
    },
  };
}
