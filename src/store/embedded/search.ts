import type { Sql } from "../../durable/storage.ts";
import type { Entry, Kind } from "../../core/entry.ts";
import type { Page, PageQuery, RollPage, RollQuery } from "../store.ts";
import type { DrawQuery, Drawn } from "./registry-calls.ts";
import { toEntry, toLease } from "./rows.ts";
import { type EntryRow, type RollRow, SQL } from "./schema.ts";

/** Bytes of documents in one answer: RPC has a size limit, and 250 documents of 32 KiB reach this. */
const REPLY_BYTES_MAX = 8_000_000;

/** Entries by their terms, and how many there are. */
export class Search {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  sample<K extends Kind>(query: DrawQuery<K>, now: number): Drawn<K> {
    const { kind, terms, exhaustive, size, examined } = query;
    const { n: total } = this.#sql.exec<{ n: number }>(SQL.countMatches(terms.length), kind, ...terms).one();
    const limit = total <= exhaustive ? total : size;
    const leftOut = JSON.stringify(examined);
    const statement = SQL.sample(terms.length);
    const rows = this.#sql.exec<EntryRow>(statement, now, kind, kind, ...terms, leftOut, limit);
    return { entries: take<K>(rows).entries, total };
  }

  page<K extends Kind>({ kind, terms, after, limit }: PageQuery<K>, now: number): Page<K> {
    const statement = SQL.page(terms.length);
    const rows = this.#sql.exec<EntryRow>(statement, now, kind, kind, ...terms, after, limit);
    const { entries, cut } = take<K>(rows);
    const last = entries.at(-1)?.document.registration.id ?? null;
    return { entries, next: cut || entries.length === limit ? last : null };
  }

  count(kind: Kind): number {
    return this.#sql.exec<{ n: number }>(SQL.countEntries, kind).one().n;
  }

  terms(): Map<string, number> {
    const rows = this.#sql.exec<{ term: string; entries: number }>(SQL.countTerms).toArray();
    return new Map(rows.map(({ term, entries }) => [term, entries]));
  }

  roll({ kind, after, limit }: RollQuery, now: number): RollPage {
    const rows = this.#sql.exec<RollRow>(SQL.roll, now, kind, after, limit).toArray();
    const calls = rows.map(({ id, fence, lease, unreachable }) => {
      return { id, fence, lease: toLease<typeof kind>(lease), unreachable: unreachable === 1 };
    });
    return { calls, next: calls.length === limit ? calls.at(-1)!.id : null };
  }
}

function take<K extends Kind>(rows: Iterable<EntryRow>): { entries: Entry<K>[]; cut: boolean } {
  const entries: Entry<K>[] = [];
  let bytes = 0;
  for (const row of rows) {
    entries.push(toEntry<K>(row));
    bytes += row.document.length;
    if (bytes >= REPLY_BYTES_MAX) return { entries, cut: true };
  }
  return { entries, cut: false };
}
