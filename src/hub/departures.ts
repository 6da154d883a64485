import type { Sql } from "../durable/storage.ts";
import type { Departure } from "../store/store.ts";
import { SQL } from "./schema.ts";

/**
 * Leases that are to be detached. They are written down first: while the hub lives, a lease that it failed to let go of would
 * never end.
 */
export class Departures {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(departure: Departure): void {
    const { ref, fence } = departure;
    this.#sql.exec(SQL.addDeparture, ref.id, fence, JSON.stringify(departure));
  }

  /** At most 500. */
  some(): Departure[] {
    const rows = this.#sql.exec<{ departure: string }>(SQL.departures).toArray();
    return rows.map(({ departure }) => JSON.parse(departure) as Departure);
  }

  drop({ ref, fence }: Pick<Departure, "ref" | "fence">): void {
    this.#sql.exec(SQL.dropDeparture, ref.id, fence);
  }
}
