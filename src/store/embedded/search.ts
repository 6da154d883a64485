import type { Sql } from "../../durable/storage.ts";
import type { Kind } from "../../core/entry.ts";
import type { PageQuery, RollCall, RollPage, RollQuery, TermsPage, TermsQuery } from "../store.ts";
import type { KnownRows } from "./known-rows.ts";
import { drawFrom, type Members } from "./members.ts";
import type { DrawQuery, DrawnRows, PageOfRows } from "./registry-calls.ts";
import { toLease, toMark } from "./rows.ts";
import { type EntryRow, type RollRow, SQL, type TermCountRow } from "./schema.ts";

/** Characters of documents in one answer. Other requests wait while the object reads them, and while the caller parses them. */
const REPLY_CHARS_MAX = 250_000;

/** Entries by their terms, and how many there are. */
export class Search {
  readonly #sql: Sql;
  readonly #members: Members;
  readonly #rows: KnownRows;

  constructor(sql: Sql, members: Members, rows: KnownRows) {
    this.#sql = sql;
    this.#members = members;
    this.#rows = rows;
  }

  sample(query: DrawQuery, clock: number): DrawnRows {
    const { kind, terms } = query;
    let members = this.#members.inMemory(kind, terms);
    if (!members) {
      const counted = this.#smallestFirst(terms);
      members = this.#members.read(kind, counted);
      if (!members) return this.#sampleTable(query, counted, clock);
    }
    const { ids, total } = drawFrom(members, query);
    const { taken } = take(this.#rows.of(kind, ids, clock), REPLY_CHARS_MAX);
    return { rows: taken, total, left: ids.length - taken.length };
  }

  /** Of terms that are too large for memory: reads every row under the one with the fewest. */
  #sampleTable(
    { kind, exhaustive, size, examined }: DrawQuery,
    counted: readonly TermCountRow[],
    clock: number,
  ): DrawnRows {
    const terms = counted.map(({ term }) => term);
    const total = terms.length === 1 ? counted[0]!.entries : this.#countMatches(kind, terms);
    const limit = total <= exhaustive ? total : size;
    const statement = SQL.sample(terms.length);
    const leftOut = JSON.stringify(examined);
    const rows = this.#sql.exec<EntryRow>(statement, kind, ...terms, leftOut, limit, clock, kind);
    const { taken, cut } = take(rows, REPLY_CHARS_MAX);
    return { rows: taken, total, left: cut ? limit - taken.length : 0 };
  }

  page(
    { kind, after, limit, chars = REPLY_CHARS_MAX, ...query }: PageQuery<Kind>,
    clock: number,
  ): PageOfRows {
    const terms = this.#smallestFirst(query.terms).map(({ term }) => term);
    const [first, ...others] = terms as [string, ...string[]];
    const statement = SQL.page(terms.length);
    const rows = this.#sql.exec<EntryRow>(statement, kind, first, after, limit, clock, kind, ...others);
    const { taken, cut } = take(rows, Math.min(chars, REPLY_CHARS_MAX));
    const end = cut ? taken.at(-1)!.id : null;
    const { examined, last } = this.#sql
      .exec<{ examined: number; last: string | null }>(SQL.examined, kind, first, after, end, limit)
      .one();
    return { rows: taken, next: cut || examined === limit ? last : null, examined };
  }

  /** The kind's name is a term of every entry of it. */
  count(kind: Kind): number {
    return this.#smallestFirst([kind])[0]!.entries;
  }

  terms({ prefix, after, limit }: TermsQuery): TermsPage {
    const [statement, from] = after === "" ? [SQL.termsFrom, prefix] : [SQL.termsAfter, after];
    const rows = this.#sql.exec<TermCountRow>(statement, from, limit).toArray();
    const terms = rows.filter(({ term }) => term.startsWith(prefix));
    return { terms, next: terms.length === limit ? terms.at(-1)!.term : null };
  }

  roll({ kind, after, limit, directives }: RollQuery, clock: number): RollPage {
    const rows = this.#sql.exec<RollRow>(SQL.roll, clock, kind, after, limit).toArray();
    const calls = rows.map(({ id, fence, lease, mark, draining }): RollCall => {
      const call = { id, fence, lease: toLease<typeof kind>(lease), mark: toMark(mark) };
      return directives && draining === 1 ? { ...call, draining: true } : call;
    });
    return { calls, next: calls.length === limit ? calls.at(-1)!.id : null };
  }

  #countMatches(kind: Kind, terms: readonly string[]): number {
    return this.#sql.exec<{ n: number }>(SQL.countMatches(terms.length), kind, ...terms).one().n;
  }

  /** The terms, the one with the fewest entries first, and how many each has. */
  #smallestFirst(terms: readonly string[]): TermCountRow[] {
    const counts = new Map<string, number>();
    for (const row of this.#sql.exec<TermCountRow>(SQL.countUnder, JSON.stringify(terms)))
      counts.set(row.term, row.entries);
    return terms
      .map((term) => ({ term, entries: counts.get(term) ?? 0 }))
      .toSorted((a, b) => a.entries - b.entries);
  }
}

/** Rows until their documents have so many characters; `cut`: there may be more. */
function take(rows: Iterable<EntryRow>, charsMax: number): { taken: EntryRow[]; cut: boolean } {
  const taken: EntryRow[] = [];
  let chars = 0;
  for (const row of rows) {
    taken.push(row);
    chars += row.document.length;
    if (chars >= charsMax) return { taken, cut: true };
  }
  return { taken, cut: false };
}
