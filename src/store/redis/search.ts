import type { Entry, Kind } from "../../core/entry.ts";
import { LIMITED } from "../../core/limits.ts";
import {
  type Narrowed,
  type Draw,
  type Page,
  type PageQuery,
  type SampleQuery,
  type Store,
} from "../store.ts";
import type { Command } from "./connection.ts";
import type { Database } from "./database.ts";
import type { Form } from "./known-documents.ts";
import { afterId, parseMember } from "./keys.ts";
import { PAGE, SAMPLE } from "./scripts.ts";
import { verify } from "./verified.ts";

/** Entries by their terms, and how many there are. */
export function searchIn(database: Database): Pick<Store, "sample" | "page" | "usage" | "count" | "terms"> {
  const { connection, keys } = database;
  return {
    sample: (query) => draw(database, query, query.exhaustive, query.size, [], []),

    async page<K extends Kind>({
      kind,
      terms,
      after,
      limit,
      chars,
      near = false,
    }: PageQuery<K>): Promise<Page<K>> {
      const bounds = [limit, ...(chars === undefined ? [] : [chars])].map(String);
      const args = [...fetchArgs(database, kind, "documents"), afterId(after), ...bounds];
      const call = { script: PAGE, keys: fetchKeys(database, terms), args, near };
      const [reply] = await connection.read("page", [call]);
      const [last, ...flat] = reply as [string, ...(string | null)[]];
      const { entries } = await verify(database, kind, terms, flat, false);
      const next = last === "" ? null : parseMember(last).id;
      return { entries, next, ...(near && connection.asksNearest && { mayBeBehind: true }) };
    },

    async count(kind) {
      const [members] = await connection.read("count", [["ZCARD", keys.index(kind)]]);
      return members as number;
    },

    async usage(owner) {
      const fields = LIMITED.map((what) => `${what}:${owner ?? ""}`);
      // The namespace's terms have names, which are counted already.
      const named = owner === null ? [["ZCARD", keys.termNames] as Command] : [];
      const replies = await connection.read("usage", [["HMGET", keys.usage, ...fields], ...named]);
      const [counts, names] = replies as [(string | null)[], number | undefined];
      const [agents = 0, toolsets = 0, terms = 0, bytes = 0] = counts.map(Number);
      return { agents, toolsets, terms: names ?? terms, bytes };
    },

    async terms({ prefix, after, limit }) {
      const min = after === "" ? `[${prefix}` : `(${after}`;
      const [names] = (await connection.read("terms", [
        ["ZRANGEBYLEX", keys.termNames, min, "+", "LIMIT", 0, limit],
      ])) as [string[]];
      const found = names.filter((term) => term.startsWith(prefix));
      if (found.length === 0) return { terms: [], next: null };
      const sizes = (await connection.read(
        "terms",
        found.map((term) => ["ZCARD", keys.index(term)]),
      )) as number[];
      return {
        // A term whose last entry left between the two trips has none.
        terms: found.map((term, i) => ({ term, entries: sizes[i]! })).filter(({ entries }) => entries > 0),
        next: found.length === limit ? found.at(-1)! : null,
      };
    },
  };
}

/**
 * One trip of a random draw.
 *
 * @param examined  ids that earlier trips of the draw brought: not to be drawn again
 * @param unread  ids that an earlier trip drew and did not bring: to be read first
 */
async function draw<K extends Kind>(
  database: Database,
  sampled: Pick<SampleQuery<K>, "kind" | "terms" | "near">,
  exhaustive: number,
  size: number,
  examined: readonly string[],
  unread: readonly string[],
  narrowed?: Narrowed,
): Promise<Draw<K>> {
  const { connection, documents } = database;
  const { kind, terms, near = false } = sampled;
  const searched = fetchKeys(database, terms);
  const query = searched.join(" ");
  const isFirst = examined.length === 0 && unread.length === 0;
  const best = documents.formFor(query);
  const form = isFirst || best === "documents" ? best : "stamped";
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
  const numbers = [exhaustive, size, seed, unread.length].map(String);
  const args = [
    ...fetchArgs(database, kind, form),
    ...numbers,
    narrowed?.statuses.map((status) => `,${status},`).join("") ?? "",
    String(narrowed?.entriesMax ?? 0),
    ...unread,
    ...examined,
  ];
  const [reply] = await connection.read("sample", [{ script: SAMPLE, keys: searched, args, near }]);
  const [total, live, lapsed, ...flat] = reply as [number, number, number, ...(string | null)[]];
  const { entries, unknown, allCached } = await verify(
    database,
    kind,
    terms,
    flat,
    documents.hasRoomFor(total),
  );
  documents.rememberQuery(query, total, allCached);
  return {
    entries,
    total,
    unread: unknown.size,
    leftOut: { live, lapsed },
    more: (further, only) =>
      draw(database, sampled, 0, further, [...examined, ...idsOf(entries)], [...unknown], only),
  };
}

/** The KEYS and the first ARGV that lua/include/fetch.lua needs. */
const fetchKeys = ({ keys }: Database, terms: readonly string[]): string[] => [
  keys.directives,
  keys.stamps,
  ...terms.map(keys.index),
];
const fetchArgs = ({ keys }: Database, kind: Kind, form: Form): string[] => [
  keys.documents(kind),
  keys.leases(kind),
  `${kind}:`,
  form,
];

const idsOf = (entries: readonly Entry<Kind>[]): string[] =>
  entries.map(({ document }) => document.registration.id);
