import type { Sql } from "../durable/storage.ts";
import type { EventRecord } from "../store/store.ts";
import { isoTime } from "../core/time.ts";
import { bodyOf, newMessageId } from "./message.ts";
import { type MessageRow, SQL } from "./schema.ts";

/** How many messages wait for one subscription at most. */
export const QUEUED_MAX = 10_000;

/** Events that a receiver is not told. Instants are ms since the Unix epoch. */
interface Loss {
  reason: "history_trimmed" | "queue_full";
  /** null: nobody knows */
  count: number | null;
  /** When the last of them was told, or the loss was found. */
  until: number;
}

/** The messages that wait, for each subscription in its order. A message keeps its id and body over all attempts. */
export class Queue {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** How many wait. */
  count(id: string): number {
    return this.#sql.exec<{ queued: number }>(SQL.queued, id).one().queued;
  }

  first(id: string): MessageRow | undefined {
    return this.#sql.exec<MessageRow>(SQL.first, id).toArray()[0];
  }

  /** Adds events of the history, oldest first; beyond the bound it adds that so many are missing. */
  addEvents(id: string, events: readonly EventRecord[], show: (event: EventRecord) => object): void {
    const room = Math.max(0, QUEUED_MAX - this.count(id));
    for (const event of events.slice(0, room)) this.#add(id, bodyOf(event.type, event.at, show(event)), 0);
    const left = events.slice(room);
    const last = left.at(-1);
    if (last) this.addLoss(id, { reason: "queue_full", count: left.length, until: last.at });
  }

  /** Adds a message that events are missing; a queue that ends with one of the same reason has that one say more. */
  addLoss(id: string, { reason, count, until }: Loss): void {
    const [last] = this.#sql.exec<MessageRow>(SQL.last, id).toArray();
    const missed = (last?.missed ?? 0) + (count ?? 0);
    const body = bodyOf("events_missed", until, {
      reason,
      count: count === null ? null : missed,
      until: isoTime(until),
    });
    // It is not the first, which may be on its way: where events are left out, the queue is full.
    if (count !== null && last && last.missed > 0) this.#sql.exec(SQL.amend, body, missed, id, last.number);
    else this.#add(id, body, count ?? 0);
  }

  drop(id: string, number: number): void {
    this.#sql.exec(SQL.drop, id, number);
  }

  dropAll(id: string): void {
    this.#sql.exec(SQL.dropAll, id);
  }

  #add(id: string, body: string, missed: number): void {
    this.#sql.exec(SQL.add, id, newMessageId(), body, missed);
  }
}
