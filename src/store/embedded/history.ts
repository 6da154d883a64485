import type { Sql } from "../../durable/storage.ts";
import type { Event } from "../../core/event.ts";
import { pageAfter, pageOf } from "../event-page.ts";
import {
  EVENTS_MAX,
  EVENTS_SPARED,
  type EventCursor,
  type EventPage,
  type EventRecord,
  type EventsQuery,
  type SweepReport,
} from "../store.ts";
import { type EventRow, SQL } from "./schema.ts";

/** What happened: the newest events, and the last sweep's report. */
export class History {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(event: Event): void {
    const { revision } = this.#sql.exec<{ revision: number }>(SQL.addEvent, JSON.stringify(event)).one();
    this.#sql.exec(SQL.forgetEvents, revision - EVENTS_MAX);
  }

  events({ since, limit }: EventsQuery): EventPage | "too_old" {
    const history = this.#sql.exec<{ revision: number | null; nonce: string }>(SQL.history).one();
    const began = { revision: history.revision ?? 0, nonce: history.nonce };
    const rows = this.#sql.exec<EventRow>(SQL.eventsFrom, since?.revision ?? 0, limit + (since ? 1 : 0));
    const events = rows.toArray().map(toEvent);
    return since ? pageAfter(since, limit, events, began) : pageOf(events, began);
  }

  makeRoom(): void {
    const { revision } = this.#sql.exec<{ revision: number | null }>(SQL.history).one();
    this.#sql.exec(SQL.forgetEvents, (revision ?? 0) - EVENTS_SPARED);
  }

  latest(limit: number, upTo?: EventCursor): EventRecord[] {
    const { latestEvents } = SQL;
    return this.#sql
      .exec<EventRow>(latestEvents, upTo?.revision ?? null, limit)
      .toArray()
      .map(toEvent);
  }

  sweepReport(): SweepReport | undefined {
    const [row] = this.#sql.exec<{ report: string }>(SQL.readSweepReport).toArray();
    return row && (JSON.parse(row.report) as SweepReport);
  }

  keepSweepReport(report: SweepReport): void {
    this.#sql.exec(SQL.writeSweepReport, JSON.stringify(report));
  }
}

const toEvent = ({ revision, nonce, event }: EventRow): EventRecord => ({
  revision,
  nonce,
  ...(JSON.parse(event) as Event),
});
