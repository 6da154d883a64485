import type { Holder } from "../../core/holding.ts";
import { chunks } from "../chunks.ts";
import { HOLDER_KEPT_MS, type Store } from "../store.ts";
import type { Command } from "./connection.ts";
import type { Database } from "./database.ts";
import { parse } from "./decode.ts";
import { atPrimary, DETACH } from "./scripts.ts";

const EXISTS_KEYS_MAX = 1000;

/** Leases that are held by pointer, and their holders. */
export function holdingIn({
  connection,
  keys,
}: Database): Pick<Store, "detach" | "keepHolder" | "holders" | "areKept"> {
  return {
    async detach(departures) {
      const calls = departures.map(({ ref, fence, holder, lease, ttlMs }) => ({
        script: DETACH,
        keys: [keys.lease(ref, fence)],
        args: [`"holder":${JSON.stringify(holder)}`, JSON.stringify(lease), String(Math.max(1, ttlMs))],
      }));
      const replies = calls.length > 0 ? await connection.write("detach", calls) : [];
      return replies.map((reply) => reply === 1);
    },

    async keepHolder(name, holder) {
      const command = ["SET", keys.holder(name), JSON.stringify(holder), "PX", HOLDER_KEPT_MS, "GET"];
      const [before] = (await connection.write("hold", [command])) as [string | null];
      return parse<Holder>(before);
    },

    async holders(names) {
      const all = names.map(keys.holder);
      const look = async (command: Command) => {
        const [holders] = (await connection.read("holders", [command])) as [(string | null)[]];
        return holders.map((holder) => parse<Holder>(holder));
      };
      const holders = await look(["MGET", ...all]);
      return holders.includes(undefined) ? look(atPrimary("MGET", all)) : holders;
    },

    async areKept(leases) {
      const all = leases.map(({ ref, fence }) => keys.lease(ref, fence));
      if (all.length === 0) return [];
      const counts = (await connection.read(
        "leases",
        chunks(all, EXISTS_KEYS_MAX).map((some) => ["EXISTS", ...some]),
      )) as number[];
      if (counts.reduce((sum, count) => sum + count, 0) === all.length) return all.map(() => true);
      const each = await connection.read(
        "leases",
        all.map((key) => atPrimary("EXISTS", [key])),
      );
      return each.map((exists) => exists === 1);
    },
  };
}
