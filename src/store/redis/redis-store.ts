import { type Entry, type Event, type Kind, type Ref, termsOf } from "../../core/entry.ts";
import {
  type Change,
  EVENTS_MAX,
  type EventRecord,
  type Page,
  type Renewed,
  type RollPage,
  type Sample,
  type Snapshot,
  type Store,
  type SweepReport,
} from "../store.ts";
import {
  type Command,
  Connection,
  type ConnectionOptions,
  type Script,
  type ScriptCall,
} from "./connection.ts";
import { chunks } from "../chunks.ts";
import { parse, readDocument, readLease } from "./decode.ts";
import type { DirectivesView } from "./directives-view.ts";
import { afterId, fieldOf, keysOf, memberOf, parseMember } from "./keys.ts";
import commitLua from "./lua/commit.lua";
import entryLua from "./lua/entry.lua";
import fetchLua from "./lua/fetch.lua";
import healLua from "./lua/heal.lua";
import pageLua from "./lua/page.lua";
import readLua from "./lua/read.lua";
import sampleLua from "./lua/sample.lua";
import { Plan, planChange } from "./plan.ts";

const READ: Script = { text: entryLua + readLua };
const COMMIT: Script = { text: entryLua + commitLua };
const SAMPLE: Script = { text: fetchLua + sampleLua };
const PAGE: Script = { text: fetchLua + pageLua };
const HEAL: Script = { text: healLua };

const COMMIT_OWN_KEYS = 6;
const MGET_KEYS_MAX = 1000;
// Requests and replies have a size limit of 10 MB. Quotes in a document are escaped once in a reply, and twice more in a
// commit, where the document is part of a plan that is part of a request.
const PIPELINE_READS_MAX = 120;
const PIPELINE_COMMIT_CHARS_MAX = 2_500_000;
const TERMS_PER_SCAN = 1000;

export interface RedisStoreOptions extends ConnectionOptions {
  prefix: string;
  namespace: string;
  /** Shared by the requests of one isolate. */
  directives: DirectivesView;
}

type RawEntry = [string | null, string | null, string | null, string | null, string];

/** Entries in Redis, over the Upstash REST protocol. docs/storage.md has the keys. */
export function redisStore(options: RedisStoreOptions): Store {
  const connection = new Connection(options);
  const keys = keysOf(options.prefix, options.namespace);
  const { directives } = options;

  const readCall = (ref: Ref): ScriptCall => ({
    script: READ,
    keys: [keys.document(ref), keys.directives, keys.ledger],
    args: [keys.leases(ref.kind) + ref.id + ":", fieldOf(ref)],
  });

  const commitCall = (snapshot: Snapshot, plan: Plan, event: Event | undefined): ScriptCall => {
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

  const queryArgs = (kind: Kind) => [keys.documents(kind), keys.leases(kind), `${kind}:`];
  const queryKeys = (terms: readonly string[]) => [keys.directives, ...terms.map(keys.index)];

  /** Believes the documents, not the index: members that no document stands behind are left out, and healed. */
  async function believe(
    kind: Kind,
    terms: readonly string[],
    flat: readonly (string | null)[],
  ): Promise<Entry[]> {
    const entries: Entry[] = [];
    const ghosts: Ref[] = [];
    for (let i = 0; i < flat.length; i += 4) {
      const { id, fence } = parseMember(flat[i]!);
      const json = flat[i + 1];
      const document = readDocument(json);
      // Nothing of ours wrote it, so it is left for whoever did to mend: one broken entry must not hide the others.
      if (json && !document) continue;
      const known = document?.fence === fence ? termsOf(kind, document) : [];
      if (!document || !terms.every((term) => known.includes(term))) {
        ghosts.push({ kind, id });
        continue;
      }
      // The ledger is not read here: only the sweep asks for it, through read().
      const lease = readLease(flat[i + 2]);
      entries.push({ document, lease, draining: flat[i + 3] === fence, unreachable: false });
    }
    if (ghosts.length > 0) {
      // The answer is right without it, and whoever reads next tries again.
      await exorcise(kind, terms, ghosts).catch(() => undefined);
    }
    return entries;
  }

  async function exorcise(kind: Kind, terms: readonly string[], ghosts: readonly Ref[]): Promise<void> {
    const snapshots = await store.read(ghosts, 0);
    const members = await connection.read(
      "heal",
      ghosts.flatMap(({ id }) =>
        terms.map(
          (term): Command =>
            (p) =>
              p.zrange(keys.index(term), `[${id}\x1f`, `(${id}\x20`, { byLex: true }),
        ),
      ),
    );
    const calls = snapshots.map((snapshot, g) => {
      const { ref, entry } = snapshot;
      const plan = new Plan(COMMIT_OWN_KEYS);
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

  async function scanTerms(
    cursor: string,
    count: number,
  ): Promise<[next: string, terms: [string, number][]]> {
    const [reply] = await connection.read("terms", [(p) => p.hscan(keys.terms, cursor, { count })]);
    const [next, flat] = reply as [string, string[]];
    return [next, chunks(flat, 2).map(([term, entries]) => [term!, Number(entries)])];
  }

  const store: Store = {
    backend: "redis",

    async ping() {
      await connection.read("ping", [(p) => p.ping()]);
    },

    async read(refs) {
      const replies: unknown[] = [];
      for (const batch of chunks(refs.map(readCall), PIPELINE_READS_MAX)) {
        replies.push(...(await connection.read("read", batch)));
      }
      return refs.map((ref, i) => toSnapshot(ref, replies[i] as RawEntry));
    },

    async commit(changes, now) {
      const calls = changes.map(({ before, after, event }: Change) => {
        const plan = planChange(new Plan(COMMIT_OWN_KEYS), keys, before.ref, before.entry, after, now);
        return commitCall(before, plan, event);
      });
      const replies: unknown[] = [];
      for (const batch of bySize(calls, PIPELINE_COMMIT_CHARS_MAX)) {
        replies.push(...(await connection.write("commit", batch)));
      }
      const draining = (entry: Entry | undefined) => entry?.draining === true;
      if (changes.some(({ before, after }) => draining(before.entry) !== draining(after)))
        directives.expire();
      return replies.map((reply, i) =>
        reply === 1 ? "committed" : toSnapshot(changes[i]!.before.ref, reply as RawEntry),
      );
    },

    async renew(renewals, now) {
      const commands = renewals.map(({ ref, fence, lease, ttlMs }): Command => {
        const end = ttlMs === null ? { keepTtl: true as const } : { px: ttlMs };
        return (p) => p.set(keys.lease(ref, fence), JSON.stringify(lease), { xx: true, ...end });
      });
      const look = directives.isStale(now);
      if (look) commands.push((p) => p.hgetall(keys.directives));
      const replies = await connection.write("renew", commands);
      if (look) directives.refresh((replies.pop() ?? []) as string[], now);
      return renewals.map(({ ref, fence }, i): Renewed => {
        if (replies[i] !== "OK") return "gone";
        return directives.isDraining(fieldOf(ref), fence) ? "drain" : "run";
      });
    },

    async sample({ kind, terms, exhaustive, size, skip }): Promise<Sample> {
      const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
      const args = [...queryArgs(kind), String(exhaustive), String(size), String(seed), ...skip];
      const [reply] = await connection.read("sample", [{ script: SAMPLE, keys: queryKeys(terms), args }]);
      const [total, ...flat] = reply as [number, ...(string | null)[]];
      return { entries: await believe(kind, terms, flat), total };
    },

    async page({ kind, terms, after, limit }): Promise<Page> {
      const args = [...queryArgs(kind), afterId(after), String(limit)];
      const [reply] = await connection.read("page", [{ script: PAGE, keys: queryKeys(terms), args }]);
      const [last, ...flat] = reply as [string, ...(string | null)[]];
      return {
        entries: await believe(kind, terms, flat),
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
      const [members] = await connection.read("count", [(p) => p.zcard(keys.index(kind))]);
      return members as number;
    },

    async roll({ kind, after, limit }): Promise<RollPage> {
      const [members] = (await connection.read("roll", [
        (p) => p.zrange(keys.index(kind), afterId(after), "+", { byLex: true, offset: 0, count: limit }),
      ])) as [string[]];
      if (members.length === 0) return { calls: [], next: null };
      const parsed = members.map(parseMember);
      const leaseKeys = parsed.map(({ id, fence }) => keys.lease({ kind, id }, fence));
      const commands: Command[] = [
        (p) => p.hmget(keys.ledger, ...parsed.map(({ id }) => fieldOf({ kind, id }))),
        ...chunks(leaseKeys, MGET_KEYS_MAX).map(
          (batch): Command =>
            (p) =>
              p.mget(batch),
        ),
      ];
      const [ledger, ...leases] = (await connection.read("roll", commands)) as (string | null)[][];
      const flat = leases.flat();
      return {
        calls: parsed.map(({ id, fence }, i) => ({
          id,
          fence,
          lease: readLease(flat[i]),
          unreachable: ledger![i] === fence,
        })),
        next: members.length === limit ? parsed.at(-1)!.id : null,
      };
    },

    async heal({ kind, suspects, after, termsMax }) {
      const [next, scanned] = await scanTerms(after || "0", termsMax);
      const terms = scanned.map(([term]) => term).filter((term) => term !== kind);
      const [removed] = await connection.write("heal", [
        {
          script: HEAL,
          keys: [keys.terms, keys.index(kind), ...terms.map(keys.index)],
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
        (p) => p.xrange(keys.events, since === undefined ? "-" : `(${since}-0`, "+", limit),
        (p) => p.xrange(keys.events, "-", "+", 1),
        (p) => p.get(keys.revision),
      ])) as [RawEvent[], RawEvent[], string | null];
      const newest = Number(revision ?? 0);
      const oldestKept = oldest[0] ? revisionOf(oldest[0]) : newest + 1;
      if (since !== undefined && (since > newest || since + 1 < oldestKept)) return "too_old";
      return page.map(toEvent);
    },

    async latest(limit) {
      const [page] = (await connection.read("latest events", [
        (p) => p.xrevrange(keys.events, "+", "-", limit),
      ])) as [RawEvent[]];
      return page.map(toEvent);
    },

    async sweepReport() {
      const [report] = (await connection.read("sweep report", [(p) => p.get(keys.sweep)])) as [string | null];
      return parse<SweepReport>(report);
    },

    async keepSweepReport(report) {
      await connection.write("sweep report", [(p) => p.set(keys.sweep, JSON.stringify(report))]);
    },
  };
  return store;
}

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

function toSnapshot(ref: Ref, [json, lease, directive, ledger, version]: RawEntry): Snapshot {
  const document = readDocument(json);
  if (!document) return { ref, entry: undefined, version, ...(json !== null && { unreadable: true }) };
  const { fence } = document;
  return {
    ref,
    version,
    entry: {
      document,
      lease: readLease(lease),
      draining: directive === fence,
      unreachable: ledger === fence,
    },
  };
}
