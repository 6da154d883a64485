import type { Holder } from "../../core/holding.ts";
import type { Sql } from "../../durable/storage.ts";
import { type Departure, HOLDER_KEPT_MS, type Renewal } from "../store.ts";
import type { KnownRows } from "./known-rows.ts";
import { SQL } from "./schema.ts";

/** Leases that are held by pointer, and their holders. */
export class Holders {
  readonly #sql: Sql;
  readonly #rows: KnownRows;

  constructor(sql: Sql, rows: KnownRows) {
    this.#sql = sql;
    this.#rows = rows;
  }

  detach(departures: readonly Departure[], clock: number): boolean[] {
    return departures.map(({ ref, fence, holder, lease, ttlMs }) => {
      const { kind, id } = ref;
      const args = [JSON.stringify(lease), clock + Math.max(1, ttlMs), kind, id, fence, clock] as const;
      const asStored = `"holder":${JSON.stringify(holder)}`;
      const isReleased = this.#sql.exec(SQL.releaseLease, ...args, asStored).toArray().length > 0;
      if (isReleased) this.#rows.leaseChanged(ref);
      return isReleased;
    });
  }

  keep(name: string, holder: Holder, clock: number): Holder | undefined {
    const [before] = this.#sql.exec<{ holder: string }>(SQL.readHolder, name).toArray();
    this.#sql.exec(SQL.writeHolder, name, JSON.stringify(holder), clock + HOLDER_KEPT_MS);
    this.#sql.exec(SQL.forgetHolders, clock);
    return before && (JSON.parse(before.holder) as Holder);
  }

  find(names: readonly string[]): (Holder | undefined)[] {
    const found = new Map<string, Holder>();
    for (const { name, holder } of this.#sql.exec<{ name: string; holder: string }>(
      SQL.readHolders,
      JSON.stringify(names),
    ))
      found.set(name, JSON.parse(holder) as Holder);
    return names.map((name) => found.get(name));
  }

  areKept(leases: readonly Pick<Renewal, "ref" | "fence">[], clock: number): boolean[] {
    const asked = JSON.stringify(leases.map(({ ref: { kind, id }, fence }) => [kind, id, fence]));
    const places = this.#sql.exec<{ place: number }>(SQL.keptLeases, asked, clock).toArray();
    const kept = new Set(places.map(({ place }) => place));
    return leases.map((_, place) => kept.has(place));
  }
}
