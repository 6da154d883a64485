import type { Document, Kind } from "../../core/entry.ts";
import { Lru } from "../../core/lru.ts";

/** Of an isolate's 128 MB. */
const BYTES_MAX = 80_000_000;
/** Of so many entries all documents may fit in here; of more, keeping some would only drive out the others'. */
const MATCHES_MAX = 10_000;
/** Of all the queries that are remembered. */
const QUERY_CHARS_MAX = 1_000_000;

/**
 * The documents that one isolate has read, by stamp: a document gets a new one whenever it is written. A script may then
 * send stamps in the documents' place; and since a stamp names what was written and not the entry, nothing that is found
 * here can be out of date.
 *
 * A stamp that is not known costs another round trip. So a query is answered in stamps only while everything it came upon
 * the last time was known: true of fleets that fit in here and change slowly, and never of the others.
 */
export class KnownDocuments {
  readonly #documents: Lru<{ kind: Kind; document: Document<Kind> }>;
  readonly #matchesMax: number;
  readonly #familiar = new Lru<true>(QUERY_CHARS_MAX);

  /**
   * @param bytesMax  what all documents here may take
   * @param matchesMax  documents that queries of more matches come upon are not kept
   */
  constructor(bytesMax = BYTES_MAX, matchesMax = MATCHES_MAX) {
    this.#documents = new Lru(bytesMax);
    this.#matchesMax = matchesMax;
  }

  get<K extends Kind>(kind: K, stamp: string): Document<K> | undefined {
    const found = this.#documents.get(stamp);
    return found?.kind === kind ? (found.document as Document<K>) : undefined;
  }

  keep<K extends Kind>(kind: K, stamp: string, document: Document<K>, json: string): void {
    this.#documents.set(stamp, { kind, document }, bytesAtMost(json));
  }

  /** Whether it makes sense to keep what a query with so many matches comes upon. */
  hasRoomFor(matches: number): boolean {
    return matches <= this.#matchesMax;
  }

  /** Whether all that the query came upon the last time was known. */
  isFamiliar(query: string): boolean {
    return this.#familiar.get(query) === true;
  }

  /** Remembers whether all that a query came upon was known. */
  judge(query: string, allKnown: boolean): void {
    if (allKnown) this.#familiar.set(query, true, query.length);
    else this.#familiar.delete(query);
  }
}

/**
 * What a parsed document takes in V8: 64 bytes for an empty object, 8 for two characters of a list of digits, and many small
 * objects keep a table of their keys.
 */
const bytesAtMost = (json: string): number =>
  4 * json.length + 64 * count(json, /[[{]/g) + 24 * count(json, /":/g);

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
