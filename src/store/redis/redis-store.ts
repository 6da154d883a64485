import {
  type Document,
  type Entry,
  type Event,
  type Kind,
  type Lease,
  type Ref,
  termsOf,
} from "../../core/entry.ts";
import {
  type Change,
  EVENTS_MAX,
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
// A pipeline is one request, and requests and replies have a size limit: so many documents of 32 KiB keep within it.
const PIPELINE_READS_MAX = 250;
const PIPELINE_COMMITS_MAX = 100;

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
      const document = readable<Document>(json);
      // Nothing of ours wrote it, so it is left for whoever did to mend: one broken entry must not hide the others.
      if (json && !document) continue;
      const known = document?.fence === fence ? termsOf(kind, document) : [];
      if (!document || !terms.every((term) => known.includes(term))) {
        ghosts.push({ kind, id });
        continue;
      }
      const lease = parse<Lease>(flat[i + 2]);
      // The ledger is not read here: only the sweep asks for it, through read().
      entries.push({ document, lease: lease ?? null, draining: flat[i + 3] === fence, unreachable: false });
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
      for (const batch of chunks(calls, PIPELINE_COMMITS_MAX)) {
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
      return { entries: await believe(kind, terms, flat), next: last === "" ? null : parseMember(last).id };
    },

    async terms() {
      const [flat] = (await connection.read("terms", [(p) => p.hgetall(keys.terms)])) as [string[] | null];
      const counts = new Map<string, number>();
      for (let i = 0; flat && i < flat.length; i += 2) counts.set(flat[i]!, Number(flat[i + 1]));
      return counts;
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
          lease: parse<Lease>(flat[i]) ?? null,
          unreachable: ledger![i] === fence,
        })),
        next: members.length === limit ? parsed.at(-1)!.id : null,
      };
    },

    async heal({ kind, suspects, after, termsMax }) {
      const known = [...(await store.terms()).keys()]
        .filter((term) => term > after && term !== kind)
        .toSorted();
      const terms = known.slice(0, termsMax);
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
      return { removed: removed as number, next: known.length > terms.length ? terms.at(-1)! : "" };
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
      return page.map((raw) => ({ revision: revisionOf(raw), ...(JSON.parse(raw[1][1]) as Event) }));
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

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

type RawEvent = [id: string, fields: [string, string]];
const revisionOf = ([id]: RawEvent): number => Number.parseInt(id, 10);

const parse = <T>(json: string | null | undefined): T | undefined =>
  json ? (JSON.parse(json) as T) : undefined;

/** Parses what somebody else's hand may have broken. */
function readable<T>(json: string | null | undefined): T | undefined {
  try {
    return parse<T>(json);
  } catch {
    return undefined;
  }
}

function toSnapshot(ref: Ref, [json, lease, directive, ledger, version]: RawEntry): Snapshot {
  const document = readable<Document>(json);
  if (!document) return { ref, entry: undefined, version, ...(json !== null && { unreadable: true }) };
  const { fence } = document;
  return {
    ref,
    version,
    entry: {
      document,
      lease: parse<Lease>(lease) ?? null,
      draining: directive === fence,
      unreachable: ledger === fence,
    },
  };
}
