import type { ReportedStatus } from "../../core/agents/agent.ts";
import { silenceAllowedMs } from "../../core/lease.ts";
import { chunks } from "../chunks.ts";
import type { Heard, RollCall, Store } from "../store.ts";
import type { Command, ScriptCall } from "./connection.ts";
import type { Database } from "./database.ts";
import { readLease, readLedger } from "./decode.ts";
import { afterId, fieldOf, parseMember } from "./keys.ts";
import { heal } from "./heal.ts";
import { MUSTER } from "./scripts.ts";

const MGET_KEYS_MAX = 1000;
/** A script looks at so many leases, some 2 to 3 ms: a heartbeat waits no longer. */
const MUSTERED_PER_SCRIPT = 800;

/** What the sweep needs: who holds which lease, and indexes that agree with the documents. */
export function upkeepOf(database: Database): Pick<Store, "roll" | "muster" | "heal"> {
  const { connection, keys } = database;
  return {
    async roll({ kind, after, limit, directives }) {
      const [members] = (await connection.read("roll", [
        ["ZRANGEBYLEX", keys.index(kind), afterId(after), "+", "LIMIT", 0, limit],
      ])) as [string[]];
      if (members.length === 0) return { calls: [], next: null };
      const parsed = members.map(parseMember);
      const leaseKeys = parsed.map(({ id, fence }) => keys.lease({ kind, id }, fence));
      const fields = parsed.map(({ id }) => fieldOf({ kind, id }));
      const hashes = directives ? [keys.ledger, keys.directives] : [keys.ledger];
      const commands: Command[] = [
        ...hashes.map((hash) => ["HMGET", hash, ...fields]),
        ...chunks(leaseKeys, MGET_KEYS_MAX).map((batch) => ["MGET", ...batch]),
      ];
      const replies = (await connection.read("roll", commands)) as (string | null)[][];
      const [ledger, drained] = replies;
      const leases = replies.slice(hashes.length).flat();
      return {
        calls: parsed.map(({ id, fence }, i) => ({
          id,
          fence,
          lease: readLease(kind, leases[i]),
          mark: readLedger(ledger![i], fence),
          ...(directives && drained![i] !== null && { draining: true }),
        })),
        next: members.length === limit ? parsed.at(-1)!.id : null,
      };
    },

    async muster({ kind, after, limit }, now) {
      const scripts = Array.from({ length: Math.ceil(limit / MUSTERED_PER_SCRIPT) }, (_, nth): ScriptCall => {
        const skipped = nth * MUSTERED_PER_SCRIPT;
        const looked = Math.min(MUSTERED_PER_SCRIPT, limit - skipped);
        const numbers = [skipped, looked, now, silenceAllowedMs({ intervalSeconds: 1 })].map(String);
        return {
          script: MUSTER,
          keys: [keys.ledger, keys.directives, keys.index(kind)],
          args: [keys.leases(kind), fieldOf({ kind, id: "" }), afterId(after), ...numbers],
        };
      });
      const replies = (await connection.read("muster", scripts)) as MusterReply[];
      const scanned = replies.reduce((sum, [looked]) => sum + looked, 0);
      const last = replies.findLast(([looked]) => looked > 0)?.[1] ?? "";
      return {
        scanned,
        heard: replies.flatMap(([, , groups]) => chunks(groups, 2).map(toHeard)),
        calls: replies.flatMap(([, , , others]) => chunks(others, 4).map((call) => toCall(kind, call))),
        next: scanned === limit ? parseMember(last).id : null,
      };
    },

    heal: (query) => heal(database, query),
  };
}

/** What lua/muster.lua returns. */
type MusterReply = [looked: number, last: string, groups: (string | number)[], others: (string | null)[]];

function toHeard([group, agents]: (string | number)[]): Heard {
  const [status, interval, holder] = String(group).split(" ") as [ReportedStatus, string, string];
  const intervalSeconds = interval === "null" ? null : Number(interval);
  return { status, agents: Number(agents), intervalSeconds, ...(holder !== "" && { holder }) };
}

function toCall(kind: "agent", [member, lease, mark, directive]: (string | null)[]): RollCall {
  const { id, fence } = parseMember(member!);
  return {
    id,
    fence,
    lease: readLease(kind, lease),
    mark: readLedger(mark, fence),
    ...(directive !== null && { draining: true }),
  };
}
