import type { Document, Entry, Kind, Ref } from "../../core/entry.ts";
import type { Event } from "../../core/event.ts";
import { hasTerm, kindOfTerm, termsOf } from "../../core/kinds.ts";
import {
  type Change,
  type Draw,
  EVENTS_MAX,
  type EventRecord,
  type Page,
  type PageQuery,
  type Renewed,
  type RollPage,
  type Snapshot,
  type Store,
  type SweepReport,
} from "../store.ts";
import type { Command, Connection, Script, ScriptCall } from "./connection.ts";
import { chunks } from "../chunks.ts";
import { parse, readDocument, readLease } from "./decode.ts";
import { DirectivesView } from "./directives-view.ts";
import { afterId, fieldOf, keysOf, memberOf, parseMember } from "./keys.ts";
import commitLua from "./lua/commit.lua";
import entryLua from "./lua/entry.lua";
import fetchLua from "./lua/fetch.lua";
import healLua from "./lua/heal.lua";
import namesLua from "./lua/names.lua";
import pageLua from "./lua/page.lua";
import readLua from "./lua/read.lua";
import sampleLua from "./lua/sample.lua";
import type { KnownDocuments } from "./known-documents.ts";
import { Plan, planChange } from "./plan.ts";

const scriptOf = (...parts: string[]): Script => ({ text: namesLua + parts.join("") });
const READ = scriptOf(entryLua, readLua);
const COMMIT = scriptOf(entryLua, commitLua);
const SAMPLE = scriptOf(fetchLua, sampleLua);
const PAGE = scriptOf(fetchLua, pageLua);
const HEAL = scriptOf(healLua);

const COMMIT_OWN_KEYS = 6;
const MGET_KEYS_MAX = 1000;
// Requests and replies have a size limit of 10 MB. Quotes in a document are escaped once in a reply, and twice more in a
// commit, where the document is part of a plan that is part of a request.
const PIPELINE_READS_MAX = 120;
const PIPELINE_COMMIT_CHARS_MAX = 2_500_000;
const TERMS_PER_SCAN = 1000;
/** What lua/fetch.lua returns of each member. */
const FIELDS_FETCHED = 5;
const SHA1_CHARS = 40;

export interface RedisStoreOptions {
  connection: Connection;
  prefix: string;
  namespace: string;
  /** Shared by all namespaces. */
  documents: KnownDocuments;
}

type RawEntry = [string | null, string | null, string | null, string | null, string];

/**
 * Entries in Redis, over the Upstash REST protocol. docs/storage.md has the keys. One isolate's requests to a namespace
 * share one, and with it what was last seen of the directives.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { connection, documents } = options;
  const directives = new DirectivesView();
  const keys = keysOf(options.prefix, options.namespace);

  const readCall = (ref: Ref<Kind>): ScriptCall => ({
    script: READ,
    keys: [keys.document(ref), keys.directives, keys.ledger],
    args: [keys.leases(ref.kind) + ref.id + ":", fieldOf(ref)],
  });

  const commitCall = (snapshot: Snapshot<Kind>, plan: Plan, event: Event | undefined): ScriptCall => {
    const { ref, version } = snapshot;
    const own = [keys.document(ref), keys.directives, keys.ledger, keys.revision, keys.events, keys.terms];
    return {
      script: COMMIT,
      keys: [...own, ...plan.keys],
      args: [
        keys.leases(ref.kind) + ref.id + ":",
        fieldOf(ref),
        version,
        JSON.stringify(plan.steps),
        event ? JSON.stringify(event) : "",
        String(EVENTS_MAX),
      ],
    };
  };

  /** What fetch.lua needs. */
  const fetchArgs = (kind: Kind, form: "documents" | "stamped" | "stamps") => [
    keys.documents(kind),
    keys.leases(kind),
    `${kind}:`,
    form,
  ];
  const fetchKeys = (terms: readonly string[]) => [keys.directives, keys.stamps, ...terms.map(keys.index)];

  /**
   * Believes the documents, not the index: members that no document stands behind are left out, and healed.
   *
   * @param flat  what fetch.lua returns
   * @param keep  whether documents that come with a stamp are kept
   * @returns with `unknown`, the ids whose documents came as stamps that say nothing to this isolate, and `allKnown`, whether
   *          there were documents and every one would have been known by its stamp
   */
  async function believe<K extends Kind>(
    kind: K,
    terms: readonly string[],
    flat: readonly (string | null)[],
    keep: boolean,
  ): Promise<{ entries: Entry<K>[]; unknown: Set<string>; allKnown: boolean }> {
    const entries: Entry<K>[] = [];
    const ghosts: Ref<K>[] = [];
    const unknown = new Set<string>();
    let allKnown = flat.length > 0;
    for (let i = 0; i < flat.length; i += FIELDS_FETCHED) {
      const [member, stamp, json] = [flat[i]!, flat[i + 1], flat[i + 2]];
      const { id, fence } = parseMember(member);
      const stands = (document: Document<K> | undefined): document is Document<K> =>
        document?.fence === fence && terms.every((term) => hasTerm(kind, document, term));

      let document = stamp ? documents.get(kind, stamp) : undefined;
      // What is known convicts nobody: in doubt the document itself is asked.
      if (!stands(document)) {
        if (stamp || json) allKnown = false;
        if (stamp && !json) {
          unknown.add(id);
          continue;
        }
        document = readDocument(kind, json);
        // Nothing of ours wrote it, so it is left for whoever did to mend: one broken entry must not hide the others.
        if (json && !document) continue;
        if (document && json && stamp && keep) documents.keep(kind, stamp, document, json);
        if (!stands(document)) {
          ghosts.push({ kind, id });
          continue;
        }
      }
      // The ledger is not read here: only the sweep asks for it, through read().
      const lease = readLease(kind, flat[i + 3]);
      entries.push({ document, lease, draining: flat[i + 4] === fence, unreachable: false });
    }
    // A ghost of theirs was unknown.
    for (const { document } of entries) unknown.delete(document.registration.id);
    if (ghosts.length > 0) {
      // The answer is right without it, and whoever reads next tries again.
      await exorcise(kind, terms, ghosts).catch(() => undefined);
    }
    return { entries, unknown, allKnown };
  }

  async function exorcise<K extends Kind>(
    kind: K,
    terms: readonly string[],
    ghosts: readonly Ref<K>[],
  ): Promise<void> {
    const snapshots = await store.read(ghosts, 0);
    const members = await connection.read(
      "heal",
      ghosts.flatMap(({ id }) =>
        terms.map((term) => ["ZRANGEBYLEX", keys.index(term), `[${id}\x1f`, `(${id}\x20`]),
      ),
    );
    const calls = snapshots.map((snapshot, g) => {
      const { ref, entry } = snapshot;
      const plan = new Plan(COMMIT_OWN_KEYS);
      if (!entry) plan.add("HDEL", keys.stamps, fieldOf(ref));
      terms.forEach((term, t) => {
        const rightful =
          entry && termsOf(kind, entry.document).includes(term) && memberOf(ref.id, entry.document.fence);
        for (const member of members[g * terms.length + t] as string[]) {
          if (member !== rightful) plan.add("ZREM", keys.index(term), member);
        }
        plan.add("RECOUNT", keys.index(term), term);
      });
      return commitCall(snapshot, plan, undefined);
    });
    await connection.write("heal", calls);
  }

  /**
   * @param examined  ids that earlier trips of the draw brought: not to be drawn again
   * @param unread  ids that an earlier trip drew and did not bring: to be read first
   */
  async function draw<K extends Kind>(
    kind: K,
    terms: readonly string[],
    exhaustive: number,
    size: number,
    examined: readonly string[],
    unread: readonly string[],
  ): Promise<Draw<K>> {
    const searched = fetchKeys(terms);
    const query = searched.join(" ");
    const isFirst = examined.length === 0 && unread.length === 0;
    const form = isFirst && documents.isFamiliar(query) ? "stamps" : "stamped";
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
    const numbers = [exhaustive, size, seed, unread.length].map(String);
    const args = [...fetchArgs(kind, form), ...numbers, ...unread, ...examined];
    const [reply] = await connection.read("sample", [{ script: SAMPLE, keys: searched, args }]);
    const [total, cut, ...flat] = reply as [number, number, ...(string | null)[]];
    const { entries, unknown, allKnown } = await believe(kind, terms, flat, documents.hasRoomFor(total));
    documents.judge(query, allKnown);
    if (cut > 0) {
      const came = new Set(chunks(flat, FIELDS_FETCHED).map(([member]) => parseMember(member!).id));
      for (const id of unread) if (!came.has(id)) unknown.add(id);
    }
    return {
      entries,
      total,
      unread: unknown.size,
      more: (further) => draw(kind, terms, 0, further, [...examined, ...idsOf(entries)], [...unknown]),
    };
  }

  async function scanTerms(
    cursor: string,
    count: number,
  ): Promise<[next: string, terms: [string, number][]]> {
    const [reply] = await connection.read("terms", [["HSCAN", keys.terms, cursor, "COUNT", count]]);
    const [next, flat] = reply as [string, string[]];
    return [next, chunks(flat, 2).map(([term, entries]) => [term!, Number(entries)])];
  }

  const store: Store = {
    backend: "redis",

    async ping() {
      await connection.read("ping", [["PING"]]);
    },

    async read<K extends Kind>(refs: readonly Ref<K>[]) {
      const replies: unknown[] = [];
      for (const batch of chunks(refs.map(readCall), PIPELINE_READS_MAX)) {
        replies.push(...(await connection.read("read", batch)));
      }
      return refs.map((ref, i) => toSnapshot(ref, replies[i] as RawEntry));
    },

    async commit<K extends Kind>(changes: readonly Change<K>[], now: number) {
      const calls = changes.map(({ before, after, event }) => {
        const plan = planChange(new Plan(COMMIT_OWN_KEYS), keys, before.ref, before.entry, after, now);
        return commitCall(before, plan, event);
      });
      const replies: unknown[] = [];
      for (const batch of bySize(calls, PIPELINE_COMMIT_CHARS_MAX)) {
        replies.push(...(await connection.write("commit", batch)));
      }
      const draining = (entry: Entry<K> | undefined) => entry?.draining === true;
      if (changes.some(({ before, after }) => draining(before.entry) !== draining(after)))
        directives.expire();
      return replies.map((reply, i) =>
        reply === 1 ? "committed" : toSnapshot(changes[i]!.before.ref, reply as RawEntry),
      );
    },

    async renew(renewals, now) {
      const commands = renewals.map(({ ref, fence, lease, ttlMs }): Command => {
        const end = ttlMs === null ? ["KEEPTTL"] : ["PX", ttlMs];
        return ["SET", keys.lease(ref, fence), JSON.stringify(lease), "XX", ...end];
      });
      const look = directives.isStale(now);
      if (look) commands.push(["HGETALL", keys.directives]);
      const replies = await connection.write("renew", commands);
      if (look) directives.refresh((replies.pop() ?? []) as string[], now);
      return renewals.map(({ ref, fence }, i): Renewed => {
        if (replies[i] !== "OK") return "gone";
        return directives.isDraining(fieldOf(ref), fence) ? "drain" : "run";
      });
    },

    sample: ({ kind, terms, exhaustive, size }) => draw(kind, terms, exhaustive, size, [], []),

    async page<K extends Kind>({ kind, terms, after, limit }: PageQuery<K>): Promise<Page<K>> {
      const args = [...fetchArgs(kind, "documents"), afterId(after), String(limit)];
      const [reply] = await connection.read("page", [{ script: PAGE, keys: fetchKeys(terms), args }]);
      const [last, ...flat] = reply as [string, ...(string | null)[]];
      const { entries } = await believe(kind, terms, flat, false);
      return {
        entries,
        next: last === "" ? null : parseMember(last).id,
      };
    },

    async terms() {
      const counts = new Map<string, number>();
      let cursor = "0";
      do {
        const [next, some] = await scanTerms(cursor, TERMS_PER_SCAN);
        for (const [term, entries] of some) counts.set(term, entries);
        cursor = next;
      } while (cursor !== "0");
      return counts;
    },

    async count(kind) {
      const [members] = await connection.read("count", [["ZCARD", keys.index(kind)]]);
      return members as number;
    },

    async roll({ kind, after, limit }): Promise<RollPage> {
      const [members] = (await connection.read("roll", [
        ["ZRANGEBYLEX", keys.index(kind), afterId(after), "+", "LIMIT", 0, limit],
      ])) as [string[]];
      if (members.length === 0) return { calls: [], next: null };
      const parsed = members.map(parseMember);
      const leaseKeys = parsed.map(({ id, fence }) => keys.lease({ kind, id }, fence));
      const commands: Command[] = [
        ["HMGET", keys.ledger, ...parsed.map(({ id }) => fieldOf({ kind, id }))],
        ...chunks(leaseKeys, MGET_KEYS_MAX).map((batch) => ["MGET", ...batch]),
      ];
      const [ledger, ...leases] = (await connection.read("roll", commands)) as (string | null)[][];
      const flat = leases.flat();
      return {
        calls: parsed.map(({ id, fence }, i) => ({
          id,
          fence,
          lease: readLease(kind, flat[i]),
          unreachable: ledger![i] === fence,
        })),
        next: members.length === limit ? parsed.at(-1)!.id : null,
      };
    },

    async heal({ kind, suspects, after, termsMax }) {
      const [next, scanned] = await scanTerms(after || "0", termsMax);
      const terms = scanned
        .map(([term]) => term)
        .filter((term) => term !== kind && kindOfTerm(term) === kind);
      const [removed] = await connection.write("heal", [
        {
          script: HEAL,
          keys: [keys.terms, keys.stamps, keys.index(kind), ...terms.map(keys.index)],
          args: [
            keys.documents(kind),
            String(suspects.length),
            ...suspects.map(({ id, fence }) => memberOf(id, fence)),
            kind,
            ...terms,
          ],
        },
      ]);
      return { removed: removed as number, next: next === "0" ? "" : next };
    },

    async events({ since, limit }) {
      const [page, oldest, revision] = (await connection.read("events", [
        ["XRANGE", keys.events, since === undefined ? "-" : `(${since}-0`, "+", "COUNT", limit],
        ["XRANGE", keys.events, "-", "+", "COUNT", 1],
        ["GET", keys.revision],
      ])) as [RawEvent[], RawEvent[], string | null];
      const newest = Number(revision ?? 0);
      const oldestKept = oldest[0] ? revisionOf(oldest[0]) : newest + 1;
      if (since !== undefined && (since > newest || since + 1 < oldestKept)) return "too_old";
      return page.map(toEvent);
    },

    async latest(limit) {
      const [page] = (await connection.read("latest events", [
        ["XREVRANGE", keys.events, "+", "-", "COUNT", limit],
      ])) as [RawEvent[]];
      return page.map(toEvent);
    },

    async sweepReport() {
      const [report] = (await connection.read("sweep report", [["GET", keys.sweep]])) as [string | null];
      return parse<SweepReport>(report);
    },

    async keepSweepReport(report) {
      await connection.write("sweep report", [["SET", keys.sweep, JSON.stringify(report)]]);
    },
  };
  return store;
}

const idsOf = (entries: readonly Entry<Kind>[]): string[] =>
  entries.map(({ document }) => document.registration.id);

/** Cuts calls into pieces of so many characters of arguments; a single larger one is a piece of its own. */
function bySize(calls: readonly ScriptCall[], charsMax: number): ScriptCall[][] {
  const pieces: ScriptCall[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const call of calls) {
    const size = call.args.reduce((sum, arg) => sum + arg.length, 0);
    if (chars + size > charsMax) {
      pieces.push([]);
      chars = 0;
    }
    pieces.at(-1)!.push(call);
    chars += size;
  }
  return pieces;
}

type RawEvent = [id: string, fields: [string, string]];
const revisionOf = ([id]: RawEvent): number => Number.parseInt(id, 10);
const toEvent = (raw: RawEvent): EventRecord => ({
  revision: revisionOf(raw),
  ...(JSON.parse(raw[1][1]) as Event),
});

function toSnapshot<K extends Kind>(
  ref: Ref<K>,
  [json, lease, directive, ledger, version]: RawEntry,
): Snapshot<K> {
  const document = readDocument(ref.kind, json);
  if (!document) return { ref, entry: undefined, version, ...(json !== null && { unreadable: true }) };
  const { fence } = document;
  return {
    ref,
    version,
    documentDigest: version.slice(0, SHA1_CHARS),
    entry: {
      document,
      lease: readLease(ref.kind, lease),
      draining: directive === fence,
      unreachable: ledger === fence,
    },
  };
}
