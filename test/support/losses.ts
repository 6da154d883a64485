import type { RedisBackend } from "./stores.ts";

/** What a Redis may lose: everything, or the writes since a moment. */
export function lossesOf({ bridge, prefix }: RedisBackend) {
  const keys = () => bridge.raw<string[]>("KEYS", `${prefix}:*`);
  const empty = async () => {
    for (const key of await keys()) await bridge.raw("DEL", key);
  };
  return {
    empty,
    /** @returns what sets Redis back to this moment, as a failover does to a replica that was behind */
    async replicate(): Promise<() => Promise<void>> {
      const kept = await keys();
      const copyOf = (key: string) => `copy-of-${key}`;
      for (const key of kept) await bridge.raw("COPY", key, copyOf(key), "REPLACE");
      return async () => {
        await empty();
        for (const key of kept) await bridge.raw("COPY", copyOf(key), key);
      };
    },
  };
}
