import type { Event } from "../../core/event.ts";
import type { EventRecord, Store, SweepReport } from "../store.ts";
import type { Database } from "./database.ts";
import { parse } from "./decode.ts";

type History = Pick<Store, "events" | "latest" | "sweepReport" | "keepSweepReport">;

/** What happened: the newest events, and the last sweep's report. */
export function historyIn({ connection, keys }: Database): History {
  return {
    async events({ since, limit }) {
      const [page, oldest, revision] = (await connection.read("events", [
        ["XRANGE", keys.events, since === undefined ? "-" : `(${since}-0`, "+", "COUNT", limit],
        ["XRANGE", keys.events, "-", "+", "COUNT", 1],
        ["GET", keys.revision],
      ])) as [RawEvent[], RawEvent[], string | null];
      const newest = Number(revision ?? 0);
      const oldestKept = oldest[0] ? revisionOf(oldest[0]) : newest + 1;
      if (since !== undefined && (since > newest || since + 1 < oldestKept)) return "too_old";
      return page.map(toEvent);
    },

    async latest(limit) {
      const [page] = (await connection.read("latest events", [
        ["XREVRANGE", keys.events, "+", "-", "COUNT", limit],
      ])) as [RawEvent[]];
      return page.map(toEvent);
    },

    async sweepReport() {
      const [report] = (await connection.read("sweep report", [["GET", keys.sweep]])) as [string | null];
      return parse<SweepReport>(report);
    },

    async keepSweepReport(report) {
      await connection.write("sweep report", [["SET", keys.sweep, JSON.stringify(report)]]);
    },
  };
}

type RawEvent = [id: string, fields: [name: string, json: string]];
const revisionOf = ([id]: RawEvent): number => Number.parseInt(id, 10);
const toEvent = (raw: RawEvent): EventRecord => ({
  revision: revisionOf(raw),
  ...(JSON.parse(raw[1][1]) as Event),
});
