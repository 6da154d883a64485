import type { Document, Kind } from "../../core/entry.ts";
import { Lru } from "../../core/lru.ts";

/** Of an isolate's 128 MB, for all databases. */
export const KNOWN_BYTES_MAX = 80_000_000;
/** Queries with more matches than this are not cached: they would evict each other's documents. */
const MATCHES_MAX = 10_000;
/** Of all queries that are remembered, together. */
const QUERY_CHARS_MAX = 1_000_000;

/** What a script sends of entries: their documents, those and the stamps under which to keep them, or the stamps alone. */
export type Form = "documents" | "stamped" | "stamps";

/**
 * The documents that one isolate has read, by stamp. A document gets a new stamp whenever it is written, so what is found
 * here under a stamp is never outdated, and a script can send stamps instead of documents.
 *
 * A stamp that is not cached costs another round trip. So a query is answered with stamps only if every document of its last
 * answer was cached: that holds for fleets that fit in here and change slowly.
 */
export class KnownDocuments {
  readonly #documents: Lru<{ kind: Kind; document: Document<Kind> }>;
  readonly #matchesMax: number;
  /** By query, how its answer is best sent. */
  readonly #forms = new Lru<Form>(QUERY_CHARS_MAX);

  /**
   * @param bytesMax  of all documents together
   * @param matchesMax  documents that were read for a query with more matches are not kept
   */
  constructor(bytesMax = KNOWN_BYTES_MAX, matchesMax = MATCHES_MAX) {
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

  /** Whether the documents of a query with so many matches are to be kept. */
  hasRoomFor(matches: number): boolean {
    return matches <= this.#matchesMax;
  }

  /** In which form a query is best answered, by what its last answer was like. */
  formFor(query: string): Form {
    return this.#forms.get(query) ?? "stamped";
  }

  /**
   * @param matches  how many the query's answer had
   * @param allCached  whether every document of it was cached
   */
  rememberQuery(query: string, matches: number, allCached: boolean): void {
    const form = allCached ? "stamps" : this.hasRoomFor(matches) ? "stamped" : "documents";
    if (form === "stamped") this.#forms.delete(query);
    else this.#forms.set(query, form, query.length);
  }
}

/**
 * An upper bound of what a parsed document takes in V8: an empty object takes 64 bytes, an element of a list 8 (two
 * characters of JSON at least), and an object may have a table of its keys.
 */
const bytesAtMost = (json: string): number =>
  4 * json.length + 64 * count(json, /[[{]/g) + 24 * count(json, /":/g);

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
