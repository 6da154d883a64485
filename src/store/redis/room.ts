import { isStoreFull, storeFull } from "../../core/problem.ts";
import { EVENTS_SPARED, type Store } from "../store.ts";
import type { Database } from "./database.ts";

/** For how long an isolate believes what it saw of whether Redis is full, ms. */
const LOOK_MS = 5000;

/** Whether there is room for more, and what goes first where there is none. */
export function roomIn({ connection, keys }: Database): Pick<Store, "ping" | "makeRoom"> {
  let look: { at: number; isFull: boolean } | undefined;
  return {
    async ping(now) {
      if (look && Math.abs(now - look.at) < LOOK_MS) {
        await connection.read("ping", [["PING"]]);
        if (look.isFull) throw storeFull("ping", undefined);
        return;
      }
      try {
        await connection.read("ping", [["SET", keys.room, "1", "PX", LOOK_MS]]);
        look = { at: now, isFull: false };
      } catch (error) {
        if (isStoreFull(error)) look = { at: now, isFull: true };
        throw error;
      }
    },

    async makeRoom() {
      await connection.write("make room", [["XTRIM", keys.events, "MAXLEN", EVENTS_SPARED]]);
    },
  };
}
