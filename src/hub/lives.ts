import type { Sql } from "../durable/storage.ts";
import { type LifeRow, SQL } from "./schema.ts";

/**
 * The lives of a hub. A deployment ends an object, and with it all of its sockets at once; it begins anew under the next
 * number, so that what its agents attach to is never taken for what they were attached to. The last life is kept alive for
 * a minute more, while they come back.
 */
export class Lives {
  readonly #sql: Sql;
  /** The number of this life. */
  readonly current: number;

  /** @param hasSockets  the object was only asleep: its sockets are still there */
  constructor(sql: Sql, hasSockets: boolean) {
    this.#sql = sql;
    const last = this.#rows().at(-1);
    // One that never had a socket has nothing to be mistaken for.
    const goesOn = last !== undefined && last.until === null && (hasSockets || last.seen_at === null);
    this.current = goesOn ? last.number : sql.exec<{ number: number }>(SQL.begin).one().number;
  }

  /** Of this life: when its holder was last written; null: never. */
  get seenAt(): number | null {
    return this.#rows().at(-1)!.seen_at;
  }

  /** Those before this one that have not been given up. */
  past(): LifeRow[] {
    return this.#rows().slice(0, -1);
  }

  wasSeen(number: number, at: number, sockets: number): void {
    this.#sql.exec(SQL.seen, at, sockets, number);
  }

  keepUntil(number: number, until: number): void {
    this.#sql.exec(SQL.giveUp, until, number);
  }

  forget(number: number): void {
    this.#sql.exec(SQL.forget, number);
  }

  #rows(): LifeRow[] {
    return this.#sql.exec<LifeRow>(SQL.lives).toArray();
  }
}
