import type { Sql } from "../../durable/storage.ts";
import type { Entry, Kind } from "../../core/entry.ts";
import type { Page, PageQuery, RollPage, RollQuery, TermsPage, TermsQuery } from "../store.ts";
import type { DrawQuery, Drawn } from "./registry-calls.ts";
import { toEntry, toLease, toMark } from "./rows.ts";
import { type EntryRow, type RollRow, SQL, type TermCountRow } from "./schema.ts";

/** Characters of documents in one answer. Heartbeats wait while the object reads and parses them. */
const REPLY_CHARS_MAX = 2_000_000;

/** Entries by their terms, and how many there are. */
export class Search {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  sample<K extends Kind>(
    { kind, exhaustive, size, examined, ...query }: DrawQuery<K>,
    clock: number,
  ): Drawn<K> {
    const { terms, smallest } = this.#smallestFirst(query.terms);
    const total = terms.length === 1 ? smallest : this.#countMatches(kind, terms);
    const limit = total <= exhaustive ? total : size;
    const statement = SQL.sample(terms.length);
    const leftOut = JSON.stringify(examined);
    const rows = this.#sql.exec<EntryRow>(statement, clock, kind, kind, ...terms, leftOut, limit);
    return { entries: take<K>(rows).entries, total };
  }

  page<K extends Kind>({ kind, after, limit, ...query }: PageQuery<K>, clock: number): Page<K> {
    const { terms } = this.#smallestFirst(query.terms);
    const examined = this.#sql.exec<{ id: string }>(SQL.members, kind, terms[0]!, after, limit).toArray();
    if (examined.length === 0) return { entries: [], next: null };
    const first = examined[0]!.id;
    const last = examined.at(-1)!.id;
    const statement = SQL.page(terms.length);
    const rows = this.#sql.exec<EntryRow>(statement, clock, kind, kind, ...terms, first, last);
    const { entries, cut } = take<K>(rows);
    if (cut) return { entries, next: entries.at(-1)!.document.registration.id };
    return { entries, next: examined.length === limit ? last : null };
  }

  /** The kind's name is a term of every entry of it. */
  count(kind: Kind): number {
    return this.#smallestFirst([kind]).smallest;
  }

  terms({ prefix, after, limit }: TermsQuery): TermsPage {
    const [statement, from] = after === "" ? [SQL.termsFrom, prefix] : [SQL.termsAfter, after];
    const rows = this.#sql.exec<TermCountRow>(statement, from, limit).toArray();
    const terms = rows.filter(({ term }) => term.startsWith(prefix));
    return { terms, next: terms.length === limit ? terms.at(-1)!.term : null };
  }

  roll({ kind, after, limit }: RollQuery, clock: number): RollPage {
    const rows = this.#sql.exec<RollRow>(SQL.roll, clock, kind, after, limit).toArray();
    const calls = rows.map(({ id, fence, lease, mark }) => {
      return { id, fence, lease: toLease<typeof kind>(lease), mark: toMark(mark) };
    });
    return { calls, next: calls.length === limit ? calls.at(-1)!.id : null };
  }

  #countMatches(kind: Kind, terms: readonly string[]): number {
    return this.#sql.exec<{ n: number }>(SQL.countMatches(terms.length), kind, ...terms).one().n;
  }

  /** The terms, the one with the fewest entries first, and how many it has. */
  #smallestFirst(terms: readonly string[]): { terms: readonly string[]; smallest: number } {
    const counts = new Map<string, number>();
    for (const row of this.#sql.exec<TermCountRow>(SQL.countUnder, JSON.stringify(terms)))
      counts.set(row.term, row.entries);
    const sizeOf = (term: string) => counts.get(term) ?? 0;
    const sorted = terms.toSorted((a, b) => sizeOf(a) - sizeOf(b));
    return { terms: sorted, smallest: sizeOf(sorted[0]!) };
  }
}

function take<K extends Kind>(rows: Iterable<EntryRow>): { entries: Entry<K>[]; cut: boolean } {
  const entries: Entry<K>[] = [];
  let chars = 0;
  for (const row of rows) {
    entries.push(toEntry<K>(row));
    chars += row.document.length;
    if (chars >= REPLY_CHARS_MAX) return { entries, cut: true };
  }
  return { entries, cut: false };
}
