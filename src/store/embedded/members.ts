import type { Kind, Ref } from "../../core/entry.ts";
import type { Sql } from "../../durable/storage.ts";
import type { DrawQuery } from "./registry-calls.ts";
import { SQL } from "./schema.ts";

/** What one id under one term takes, beside the characters of the id: a place in a list and an entry of a map, bytes. */
const MEMBER_BYTES = 64;
/** An object may take 128 MB, with all that it is just answering. */
const BYTES_MAX = 30_000_000;

/** The ids under one term. */
export class Ids {
  readonly #ids: string[] = [];
  /** By id, its index in the list. */
  readonly #places = new Map<string, number>();
  bytes = 0;

  get size(): number {
    return this.#ids.length;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  add(id: string): void {
    if (this.has(id)) return;
    this.#places.set(id, this.#ids.push(id) - 1);
    this.bytes += MEMBER_BYTES + id.length;
  }

  delete(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#swap(place, this.size - 1);
    this.#ids.pop();
    this.#places.delete(id);
    this.bytes -= MEMBER_BYTES + id.length;
  }

  /** All of them in random order, each drawn when it is asked for. Their own order means nothing: they are shuffled in place. */
  *shuffled(): Generator<string> {
    for (let place = 0; place < this.size; place += 1) {
      this.#swap(place, place + Math.floor(Math.random() * (this.size - place)));
      yield this.#ids[place]!;
    }
  }

  #swap(a: number, b: number): void {
    const [idA, idB] = [this.#ids[a]!, this.#ids[b]!];
    [this.#ids[a], this.#ids[b]] = [idB, idA];
    this.#places.set(idB, a).set(idA, b);
  }
}

/**
 * Draws ids that are under all of some terms, as a `SampleQuery` asks for them.
 *
 * @param terms  the ids under each, the fewest first
 * @param examined  not to be drawn again
 * @returns `total`: how many are under all terms; where there are more than `exhaustive`, an upper bound
 */
export function drawFrom(
  terms: readonly Ids[],
  { exhaustive, size, examined }: Pick<DrawQuery, "exhaustive" | "size" | "examined">,
): { ids: string[]; total: number } {
  const [smallest, ...others] = terms as [Ids, ...Ids[]];
  const leftOut = new Set(examined);
  const ids: string[] = [];
  let total = 0;
  for (const id of smallest.shuffled()) {
    if (total > exhaustive && ids.length >= size) return { ids: ids.slice(0, size), total: smallest.size };
    if (!others.every((under) => under.has(id))) continue;
    total += 1;
    if (!leftOut.has(id)) ids.push(id);
  }
  return { ids: total > exhaustive ? ids.slice(0, size) : ids, total };
}

/**
 * The table `term` in memory, of the terms that were used last: a draw from it reads no row. The object is the only writer of
 * the table, and tells of each change once it is committed; what is in memory ends with the object.
 */
export class Members {
  readonly #sql: Sql;
  readonly #bytesMax: number;
  /** By kind and term, the one that was used last at the end. */
  readonly #kept = new Map<string, Ids>();
  #bytes = 0;

  constructor(sql: Sql, bytesMax = BYTES_MAX) {
    this.#sql = sql;
    this.#bytesMax = bytesMax;
  }

  /** The ids under each of some terms, the fewest first; undefined where not all are in memory. */
  inMemory(kind: Kind, terms: readonly string[]): Ids[] | undefined {
    const found = terms.flatMap((term) => this.#use(keyOf(kind, term)) ?? []);
    return found.length === terms.length ? found.toSorted((a, b) => a.size - b.size) : undefined;
  }

  /**
   * The same, read from the table where they are not in memory.
   *
   * @returns undefined where they do not fit into memory all together
   */
  read(kind: Kind, terms: readonly { term: string; entries: number }[]): Ids[] | undefined {
    const atLeast = terms.reduce((bytes, { entries }) => bytes + entries * MEMBER_BYTES, 0);
    if (atLeast > this.#bytesMax) return undefined;
    const found = terms.map(({ term }) => this.#use(keyOf(kind, term)) ?? this.#read(kind, term));
    this.#forgetOldest();
    return found.toSorted((a, b) => a.size - b.size);
  }

  /** What was committed: an id is no longer under some terms, and now under others. */
  move({ kind, id }: Ref<Kind>, { dropped, added }: Moves): void {
    for (const term of dropped) this.#change(kind, term, (ids) => ids.delete(id));
    for (const term of added) this.#change(kind, term, (ids) => ids.add(id));
    this.#forgetOldest();
  }

  #use(key: string): Ids | undefined {
    const ids = this.#kept.get(key);
    if (!ids) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, ids);
    return ids;
  }

  #read(kind: Kind, term: string): Ids {
    const ids = new Ids();
    for (const { id } of this.#sql.exec<{ id: string }>(SQL.members, kind, term)) ids.add(id);
    this.#kept.set(keyOf(kind, term), ids);
    this.#bytes += ids.bytes;
    return ids;
  }

  #change(kind: Kind, term: string, change: (ids: Ids) => void): void {
    const ids = this.#kept.get(keyOf(kind, term));
    if (!ids) return;
    this.#bytes -= ids.bytes;
    change(ids);
    this.#bytes += ids.bytes;
  }

  #forgetOldest(): void {
    for (const [key, ids] of this.#kept) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#kept.delete(key);
      this.#bytes -= ids.bytes;
    }
  }
}

/** The terms that a change takes from an entry, and those that it gives. */
export interface Moves {
  dropped: readonly string[];
  added: readonly string[];
}

const keyOf = (kind: Kind, term: string): string => `${kind}\x1f${term}`;
