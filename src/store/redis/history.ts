import { BEGINS, ENDS, type Event, subjectOf } from "../../core/event.ts";
import { oldestToKeep, type Probe, revisionsToProbe } from "../forgetting.ts";
import { pageAfter, pageOf } from "../event-page.ts";
import { EVENTS_MAX, type EventRecord, LOG_KEPT_MS, type Store, type SweepReport } from "../store.ts";
import type { Command } from "./connection.ts";
import type { Database } from "./database.ts";
import { parse } from "./decode.ts";
import { newNonce } from "./nonce.ts";
import { atPrimary, TELL } from "./scripts.ts";

/** Where no sweep comes after it, agents call in as they registered again. */
const STRETCH_KEPT_MS = 600_000;

type History = Pick<
  Store,
  "tell" | "log" | "events" | "latest" | "marker" | "forgetEvents" | "sweepReport" | "keepSweepReport"
>;

/** What happened: the newest events, and the last sweep's report. */
export function historyIn({ connection, keys }: Database): History {
  /** Gives the history a nonce: of several at a time one is kept. */
  async function begin(): Promise<string> {
    const [, nonce] = (await connection.write("events", [
      ["SET", keys.history, newNonce(), "NX"],
      ["GET", keys.history],
    ])) as [unknown, string];
    return nonce;
  }

  async function look(
    commands: readonly Command[],
  ): Promise<[EventRecord[], { revision: number; nonce: string | null; isReplaced: boolean }]> {
    const replies = await connection.read("events", commands);
    const [events, nonce, revision, replaced = null] = replies as [RawEvent[], ...(string | null)[]];
    const history = { revision: Number(revision ?? 0), nonce: nonce ?? null, isReplaced: replaced !== null };
    return [events.map(toEvent), history];
  }

  return {
    tell: (events) => tellIn({ connection, keys }, events),

    async log(ref, limit) {
      const [lines] = (await connection.read("log", [["LRANGE", keys.log(ref), 0, limit - 1]])) as [string[]];
      return lines.map((line) => {
        const end = line.indexOf(" ");
        return toEvent([line.slice(0, end), ["event", line.slice(end + 1)]]);
      });
    },

    async events({ since, limit }) {
      // One of a history over several shards would be no id of an event.
      if (since && !/^\d+$/.test(since.nonce)) return "too_old";
      // Begins with the event of the cursor itself: that it is kept proves that nothing is missing after it.
      const [first, most] = since ? [`${since.revision}-${since.nonce}`, limit + 1] : ["-", limit];
      const range = [first, "+", "COUNT", most];
      const [events, history] = await look([
        ["XRANGE", keys.events, ...range],
        ["GET", keys.history],
        ["HGET", keys.usage, "revision"],
      ]);
      if (!since)
        return pageOf(
          events,
          events.at(-1) ?? { revision: history.revision, nonce: history.nonce ?? (await begin()) },
        );
      const page = pageAfter(since, limit, events, history);
      if (page !== "too_old") return page;
      // A later change of status may have taken the event's place, which is rare; and a copy that has not heard of the event yet
      // looks like one that keeps it no longer.
      const fresh = await look([
        atPrimary("XRANGE", [keys.events], ...range),
        atPrimary("GET", [keys.history]),
        atPrimary("HGET", [keys.usage], "revision"),
        atPrimary("ZSCORE", [keys.replaced], first),
      ]);
      return pageAfter(since, limit, ...fresh);
    },

    async latest(limit, upTo) {
      // A revision alone stands for the last id that begins with it.
      const range = [upTo?.revision ?? "+", "-", "COUNT", limit];
      const lookBack = async (command: Command) => {
        const [page] = (await connection.read("latest events", [command])) as [RawEvent[]];
        return page.map(toEvent);
      };
      const events = await lookBack(["XREVRANGE", keys.events, ...range]);
      const [first] = events;
      const isThere = !upTo || (first?.revision === upTo.revision && first.nonce === upTo.nonce);
      return isThere ? events : lookBack(atPrimary("XREVRANGE", [keys.events], ...range));
    },

    async forgetEvents(kept) {
      const [[oldest], [newest]] = (await connection.read("forget events", [
        ["XRANGE", keys.events, "-", "+", "COUNT", 1],
        ["XREVRANGE", keys.events, "+", "-", "COUNT", 1],
      ])) as [RawEvent[], RawEvent[]];
      if (!oldest || !newest) return;
      const revisions = revisionsToProbe(toProbe(oldest), toProbe(newest), kept);
      if (revisions.length === 0) return;
      const probes = (await connection.read(
        "forget events",
        revisions.map((revision) => ["XRANGE", keys.events, revision, "+", "COUNT", 1]),
      )) as RawEvent[][];
      const first = oldestToKeep(probes.flat().map(toProbe), toProbe(newest), kept);
      await connection.write("forget events", [["XTRIM", keys.events, "MINID", "=", first]]);
    },

    async marker() {
      const [revision] = (await connection.read("marker", [["HGET", keys.usage, "revision"]])) as [
        string | null,
      ];
      return revision ?? "";
    },

    async sweepReport() {
      const [report] = (await connection.read("sweep report", [["GET", keys.sweep]])) as [string | null];
      return parse<SweepReport>(report);
    },

    async keepSweepReport(report) {
      const { stretch } = report;
      await connection.write("sweep report", [
        ["SET", keys.sweep, JSON.stringify(report)],
        ...(stretch === undefined ? [] : [["SET", keys.stretch, stretch, "PX", STRETCH_KEPT_MS]]),
      ]);
    },
  };
}

/** What lua/include/append.lua takes for a change of status, and for any other event. */
export const flipAt = ({ type, at }: Event): string => (type === "status_changed" ? String(at) : "");

/** What lua/include/append.lua takes for how long an entry's log is kept: "" as before, "0" without end, or ms. */
export function logKept({ type }: Event): string {
  if (ENDS.has(type)) return String(LOG_KEPT_MS);
  return BEGINS.has(type) ? "0" : "";
}

/** Appends events that go with no change of an entry. */
export async function tellIn(
  { connection, keys }: Pick<Database, "connection" | "keys">,
  events: readonly Event[],
): Promise<void> {
  if (events.length === 0) return;
  const calls = events.map((event) => {
    const subject = subjectOf(event);
    const own = [keys.usage, keys.events, keys.flip(event), keys.replaced];
    return {
      script: TELL,
      keys: subject ? [...own, keys.log(subject)] : own,
      args: [JSON.stringify(event), newNonce(), String(EVENTS_MAX), flipAt(event)],
    };
  });
  await connection.write("tell", calls);
}

function toProbe(event: RawEvent): Probe {
  const { revision, at } = toEvent(event);
  return { revision, at, chars: event[1][1].length };
}

type RawEvent = [id: string, fields: [name: string, json: string]];
function toEvent([id, [, json]]: RawEvent): EventRecord {
  const [revision, nonce] = id.split("-") as [string, string];
  return { revision: Number(revision), nonce, ...(JSON.parse(json) as Event) };
}
