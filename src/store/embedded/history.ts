import type { Sql } from "../../durable/storage.ts";
import type { Event } from "../../core/event.ts";
import { EVENTS_MAX, type EventRecord, type SweepReport } from "../store.ts";
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

  events({ since, limit }: { since: number | undefined; limit: number }): EventRecord[] | "too_old" {
    const span = this.#sql.exec<{ oldest: number | null; newest: number | null }>(SQL.eventSpan).one();
    const newest = span.newest ?? 0;
    const oldest = span.oldest ?? newest + 1;
    if (since !== undefined && (since > newest || since + 1 < oldest)) return "too_old";
    return this.#sql
      .exec<EventRow>(SQL.eventsAfter, since ?? 0, limit)
      .toArray()
      .map(toEvent);
  }

  latest(limit: number): EventRecord[] {
    return this.#sql.exec<EventRow>(SQL.latestEvents, limit).toArray().map(toEvent);
  }

  sweepReport(): SweepReport | undefined {
    const [row] = this.#sql.exec<{ report: string }>(SQL.readSweepReport).toArray();
    return row && (JSON.parse(row.report) as SweepReport);
  }

  keepSweepReport(report: SweepReport): void {
    this.#sql.exec(SQL.writeSweepReport, JSON.stringify(report));
  }
}

const toEvent = ({ revision, event }: EventRow): EventRecord => ({
  revision,
  ...(JSON.parse(event) as Event),
});
