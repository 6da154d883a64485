import type { Kind, Ref } from "../../core/entry.ts";
import { BEGINS, ENDS, type Event, subjectOf } from "../../core/event.ts";
import type { Sql } from "../../durable/storage.ts";
import { LOG_KEPT_MS, LOG_MAX } from "../store.ts";
import { type EventRow, SQL } from "./schema.ts";

/** Each entry's own newest events. They are kept by the instants of events: the last of an ended entry says until when. */
export class EntryLog {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(event: Event, { revision, nonce, event: json }: EventRow): void {
    const subject = subjectOf(event);
    if (!subject) return;
    const { kind, id } = subject;
    this.#forgetEnded(event.at);
    const { number } = this.#sql
      .exec<{ number: number }>(SQL.addToLog, kind, id, revision, nonce, json)
      .one();
    this.#sql.exec(SQL.forgetOfLog, kind, id, number - LOG_MAX);
    if (ENDS.has(event.type)) this.#sql.exec(SQL.endLog, kind, id, event.at + LOG_KEPT_MS);
    else if (BEGINS.has(event.type)) this.#sql.exec(SQL.beginLog, kind, id);
  }

  /** Another event takes its place. */
  drop(event: Event, revision: number): void {
    const subject = subjectOf(event);
    if (subject) this.#sql.exec(SQL.dropFromLog, subject.kind, subject.id, revision);
  }

  read({ kind, id }: Ref<Kind>, limit: number, now: number): EventRow[] {
    return this.#sql.exec<EventRow>(SQL.readLog, kind, id, limit, now).toArray();
  }

  /** @param now  by the clock of who tells: a few minutes more or less are nothing to 30 days */
  #forgetEnded(now: number): void {
    const ended = this.#sql.exec<{ kind: string; id: string }>(SQL.endedLogs, now).toArray();
    for (const { kind, id } of ended) this.#sql.exec(SQL.forgetOfLog, kind, id, Number.MAX_SAFE_INTEGER);
  }
}
