import { chunks } from "../chunks.ts";
import type { Store } from "../store.ts";
import type { Command } from "./connection.ts";
import type { Database } from "./database.ts";
import { readLease, readLedger } from "./decode.ts";
import { afterId, fieldOf, parseMember } from "./keys.ts";
import { heal } from "./heal.ts";

const MGET_KEYS_MAX = 1000;

/** What the sweep needs: who holds which lease, and indexes that agree with the documents. */
export function upkeepOf(database: Database): Pick<Store, "roll" | "heal"> {
  const { connection, keys } = database;
  return {
    async roll({ kind, after, limit }) {
      const [members] = (await connection.read("roll", [
        ["ZRANGEBYLEX", keys.index(kind), afterId(after), "+", "LIMIT", 0, limit],
      ])) as [string[]];
      if (members.length === 0) return { calls: [], next: null };
      const parsed = members.map(parseMember);
      const leaseKeys = parsed.map(({ id, fence }) => keys.lease({ kind, id }, fence));
      const commands: Command[] = [
        ["HMGET", keys.ledger, ...parsed.map(({ id }) => fieldOf({ kind, id }))],
        ...chunks(leaseKeys, MGET_KEYS_MAX).map((batch) => ["MGET", ...batch]),
      ];
      const [ledger, ...leases] = (await connection.read("roll", commands)) as (string | null)[][];
      const flat = leases.flat();
      return {
        calls: parsed.map(({ id, fence }, i) => ({
          id,
          fence,
          lease: readLease(kind, flat[i]),
          mark: readLedger(ledger![i], fence),
        })),
        next: members.length === limit ? parsed.at(-1)!.id : null,
      };
    },

    heal: (query) => heal(database, query),
  };
}
