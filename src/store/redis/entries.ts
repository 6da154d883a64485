import type { Entry, Kind, Ref } from "../../core/entry.ts";
import type { Event } from "../../core/event.ts";
import type { Quota } from "../../core/limits.ts";
import { chunks } from "../chunks.ts";
import { statusChange, UntoldChanges } from "../status-changes.ts";
import {
  absent,
  type Change,
  EVENTS_MAX,
  type Held,
  type Outcome,
  type Renewed,
  type Snapshot,
  type Store,
} from "../store.ts";
import type { Command, ScriptCall } from "./connection.ts";
import { countsOf, refusalOf } from "./counted.ts";
import type { Database } from "./database.ts";
import { readDocument, readLease, readLedger } from "./decode.ts";
import { DirectivesView } from "./directives-view.ts";
import { fieldOf } from "./keys.ts";
import { KnownClock } from "./known-clock.ts";
import { flipAt, logKept, tellIn } from "./history.ts";
import { newNonce } from "./nonce.ts";
import { Plan, planChange } from "./plan.ts";
import { COMMIT, HELD, READ } from "./scripts.ts";

/** KEYS of lua/commit.lua that come before the plan's own. */
const COMMIT_OWN_KEYS = 10;
// Requests and replies have a size limit of 10 MB. Quotes in a document are escaped once in a reply, and twice more in a
// commit, where the document is part of a plan that is part of a request.
const PIPELINE_READS_MAX = 120;
const PIPELINE_COMMIT_CHARS_MAX = 2_500_000;
const SHA1_CHARS = 40;

/** Entries by id: read for a decision, changed whole, their leases renewed. */
export function entriesIn(
  database: Database,
): Pick<Store, "read" | "readHeld" | "readWithClock" | "presume" | "commit" | "renew" | "stretch"> {
  const { connection, keys } = database;
  const directives = new DirectivesView();
  const knownClock = new KnownClock();
  const flips = new UntoldChanges((events) => tellIn(database, events));
  return {
    async read(refs, _now, { near = false } = {}) {
      const { snapshots } = await readEntries(database, refs, [], near);
      if (!near || !connection.asksNearest) return snapshots;
      return snapshots.map((snapshot) => ({ ...snapshot, mayBeBehind: true }));
    },

    async readWithClock(refs, now) {
      const { snapshots, first } = await readEntries(database, refs, [["TIME"]]);
      const clock = clockOf(first[0]);
      knownClock.hear(clock, now);
      return { snapshots, clock };
    },

    presume(refs, now) {
      const clock = knownClock.at(now);
      if (clock === undefined) return undefined;
      return { snapshots: refs.map((ref) => ({ ...absent(ref), isPresumed: true })), clock };
    },

    async readHeld<K extends Kind>(ref: Ref<K>): Promise<Held<K> | undefined> {
      const args = [`${keys.leases(ref.kind)}${ref.id}:`];
      const [reply] = await connection.read("read", [{ script: HELD, keys: [keys.document(ref)], args }]);
      const [json, lease] = reply as [string | null, string | null];
      const document = readDocument(ref.kind, json);
      return document && { document, lease: readLease(ref.kind, lease) };
    },

    async commit<K extends Kind>(changes: readonly Change<K>[], now: number) {
      const calls = changes.map((change) => {
        const { before, after, event, ended } = change;
        const plan = planChange(emptyPlan(), keys, before.ref, before.entry, after, ended, now);
        return commitCall(database, before, plan, event, countsOf(change));
      });
      const outcomes: Outcome<K>[] = [];
      // Who presumes goes by what was last heard of the clock.
      const isClockUsed = changes.some(({ before }) => before.isPresumed);
      const asked: Command[] = isClockUsed && !knownClock.isFresh(now) ? [["TIME"]] : [];
      for (const batch of bySize(calls, PIPELINE_COMMIT_CHARS_MAX)) {
        const replies = await connection.write("commit", [...batch, ...asked]);
        if (replies.length > batch.length) knownClock.hear(clockOf(replies.pop()), now);
        for (const reply of replies) {
          const { before, quota } = changes[outcomes.length]!;
          outcomes.push(outcomeOf(before.ref, reply as CommitReply, quota));
        }
      }
      if (changes.some(({ before, after }) => isDraining(before.entry) !== isDraining(after)))
        directives.expire();
      return outcomes;
    },

    stretch: () => directives.stretch,

    async renew(renewals, now) {
      const commands = renewals.map(({ ref, fence, lease, ttlMs }): Command => {
        const end = ttlMs === Infinity ? [] : ttlMs === null ? ["KEEPTTL"] : ["PX", ttlMs];
        return ["SET", keys.lease(ref, fence), JSON.stringify(lease), "XX", "GET", ...end];
      });
      const look = directives.isStale(now);
      if (look) commands.push(["HKEYS", keys.directives], ["GET", keys.stretch]);
      const replies = await connection.write("renew", commands);
      const [fields, stretch] = replies.splice(renewals.length);
      if (look) directives.refresh(fields as string[], stretch as string | null, now);
      const before = replies as (string | null)[];
      await flips.tell(renewals.flatMap(({ ref, lease }, i) => statusChange(ref, before[i]!, lease, now)));
      return renewals.map(({ ref }, i): Renewed => {
        if (before[i] === null) return "gone";
        return directives.isDraining(fieldOf(ref)) ? "drain" : "run";
      });
    },
  };
}

/** What TIME answers, ms since the Unix epoch. */
function clockOf(reply: unknown): number {
  const [seconds, microseconds] = reply as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

const isDraining = (entry: Entry<Kind> | undefined): boolean => entry?.draining === true;

/**
 * @param extra  commands that go with the first round trip; `first` has their replies
 * @param near  whether a copy that is behind may answer
 */
export async function readEntries<K extends Kind>(
  { connection, keys }: Database,
  refs: readonly Ref<K>[],
  extra: readonly Command[] = [],
  near = false,
): Promise<{ snapshots: Snapshot<K>[]; first: unknown[] }> {
  const snapshots: Snapshot<K>[] = [];
  let first: unknown[] = [];
  const batches = chunks(refs, PIPELINE_READS_MAX);
  for (const [nth, batch] of (batches.length > 0 ? batches : [[]]).entries()) {
    const calls = batch.map((ref) => ({
      script: READ,
      keys: [keys.document(ref), keys.directives, keys.ledger, keys.ended(ref)],
      args: [`${keys.leases(ref.kind)}${ref.id}:`, fieldOf(ref)],
      near,
    }));
    const replies = await connection.read("read", nth === 0 ? [...calls, ...extra] : calls);
    for (const [i, ref] of batch.entries()) snapshots.push(toSnapshot(ref, replies[i] as RawEntry));
    if (nth === 0) first = replies.slice(batch.length);
  }
  return { snapshots, first };
}

export const emptyPlan = (): Plan => new Plan(COMMIT_OWN_KEYS);

/** A run of lua/commit.lua: carries out the plan if the entry is still as in the snapshot. */
export function commitCall(
  { keys }: Database,
  { ref, version }: Snapshot<Kind>,
  plan: Plan,
  event?: Event,
  counts = "",
): ScriptCall {
  const { directives, ledger, events, termNames, replaced, usage } = keys;
  const own = [keys.document(ref), directives, ledger, keys.log(ref), events, termNames, keys.ended(ref)];
  return {
    script: COMMIT,
    keys: [...own, keys.flip(ref), replaced, usage, ...plan.keys],
    args: [
      `${keys.leases(ref.kind)}${ref.id}:`,
      fieldOf(ref),
      version,
      JSON.stringify(plan.steps),
      event ? JSON.stringify(event) : "",
      String(EVENTS_MAX),
      newNonce(),
      event ? flipAt(event) : "",
      counts,
      event ? logKept(event) : "",
    ],
  };
}

/** Cuts calls into pieces of at most so many characters of arguments; a larger call is a piece of its own. */
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

type CommitReply = 1 | [field: string, count: number] | RawEntry;

function outcomeOf<K extends Kind>(ref: Ref<K>, reply: CommitReply, quota: Quota | undefined): Outcome<K> {
  if (reply === 1) return "committed";
  return reply.length === 2 ? refusalOf(reply, quota) : toSnapshot(ref, reply);
}

/** What lua/include/entry.lua returns. */
type RawEntry = [
  document: string | null,
  lease: string | null,
  directive: string | null,
  ledger: string | null,
  version: string,
  ended: string | null,
];

function toSnapshot<K extends Kind>(
  ref: Ref<K>,
  [json, lease, directive, ledger, version, ended]: RawEntry,
): Snapshot<K> {
  const document = readDocument(ref.kind, json);
  if (!document) {
    return {
      ref,
      entry: undefined,
      version,
      ...(json !== null && { unreadable: true }),
      ...(ended !== null && { ended }),
      ...(directive !== null && { draining: true }),
    };
  }
  const { fence } = document;
  return {
    ref,
    version,
    documentDigest: version.slice(0, SHA1_CHARS),
    entry: {
      document,
      lease: readLease(ref.kind, lease),
      draining: directive !== null,
      mark: readLedger(ledger, fence),
    },
  };
}
