import type { Entry, Kind, Ref } from "../../core/entry.ts";
import { quotaExceeded } from "../../core/limits.ts";
import { type Host, type Hosted, lasting } from "../../durable/hosted.ts";
import { remote } from "../../durable/remote.ts";
import { chunks } from "../chunks.ts";
import type {
  Change,
  Draw,
  LeftOut,
  Narrowed,
  Outcome,
  Page,
  PageQuery,
  RollPage,
  RollQuery,
  SampleQuery,
  Store,
} from "../store.ts";
import { withHeldLeases } from "../held-leases.ts";
import type { PageOfRows, RegistryCalls } from "./registry-calls.ts";
import { RegistryObject } from "./registry-object.ts";
import { toEntry, toSnapshot } from "./rows.ts";

// Heartbeats wait while the object serves a call, and RPC messages have a size limit: much is asked for in pieces.
const ENTRIES_PER_CALL_MAX = 100;
const MEMBERS_PER_CALL_MAX = 500;
const LEASES_PER_CALL_MAX = 1000;
/** Characters of documents in a page or in a draw: they are kept together, of an isolate's 128 MB. */
const CHARS_MAX = 2_000_000;

/** What RPC may call. */
export const METHODS: Record<keyof RegistryCalls, true> = {
  ping: true,
  read: true,
  readWithClock: true,
  readHeld: true,
  commit: true,
  renew: true,
  detach: true,
  keepHolder: true,
  holders: true,
  areKept: true,
  sample: true,
  usage: true,
  page: true,
  count: true,
  terms: true,
  roll: true,
  muster: true,
  heal: true,
  events: true,
  tell: true,
  log: true,
  marker: true,
  forgetEvents: true,
  makeRoom: true,
  latest: true,
  sweepReport: true,
  keepSweepReport: true,
  signingKey: true,
  findKeys: true,
  keyring: true,
  changeKeyring: true,
};

/** The store's end of RPC. */
export const hostedRegistry = ({ storage }: Host, clock: () => number): Hosted<RegistryObject> =>
  lasting(new RegistryObject(storage, clock));

function whyLeftOut({ lease }: Entry<Kind>, { statuses }: Narrowed): keyof LeftOut | undefined {
  if (!lease) return "lapsed";
  return "status" in lease && !statuses.includes(lease.status) ? "live" : undefined;
}

/** The caller's end of RPC: the port over calls to the namespace's object. */
export function durableStore(stub: () => object): Store {
  const calls = remote<RegistryCalls>(stub, METHODS);

  const read = <K extends Kind>(refs: readonly Ref<K>[], now: number) =>
    inPieces(refs, async (piece) => {
      const rows = await calls.read(piece, now);
      return rows.map((row, i) => toSnapshot(piece[i]!, row));
    });

  async function draw<K extends Kind>(
    query: SampleQuery<K>,
    examined: readonly string[],
    now: number,
    narrowed?: Narrowed,
  ): Promise<Draw<K>> {
    const entries: Entry<K>[] = [];
    const leftOut = { live: 0, lapsed: 0 };
    const entriesMax = narrowed?.entriesMax ?? Infinity;
    const ids = [...examined];
    let charsLeft = CHARS_MAX;
    /** What the first piece says; the others do not look for all. */
    let total: number | undefined;
    let wanted = query;
    do {
      const drawn = await calls.sample({ ...wanted, examined: ids }, now);
      for (const row of drawn.rows) {
        if (entries.length >= entriesMax) break;
        const entry = toEntry<K>(row);
        const reason = narrowed && whyLeftOut(entry, narrowed);
        if (reason) leftOut[reason] += 1;
        else entries.push(entry);
        ids.push(row.id);
        charsLeft -= row.document.length;
      }
      total ??= drawn.total;
      wanted = { ...query, exhaustive: 0, size: entries.length < entriesMax ? drawn.left : 0 };
      if (wanted.size > 0) await letOthersIn();
    } while (wanted.size > 0 && charsLeft > 0);
    const more = (size: number, only?: Narrowed) => draw({ ...query, exhaustive: 0, size }, ids, now, only);
    return { entries, total, unread: 0, leftOut, more };
  }

  return withHeldLeases({
    ...calls,
    backend: "embedded",
    stretch: () => 1,
    read,
    async readWithClock<K extends Kind>(refs: readonly Ref<K>[], now: number) {
      const first = refs.slice(0, ENTRIES_PER_CALL_MAX);
      const { snapshots, clock } = await calls.readWithClock(first, now);
      const rest = await read(refs.slice(ENTRIES_PER_CALL_MAX), now);
      return { snapshots: [...snapshots.map((row, i) => toSnapshot(first[i]!, row)), ...rest], clock };
    },
    /** One trip to an object costs less than what is refused. */
    presume: () => undefined,
    async readHeld<K extends Kind>(ref: Ref<K>, now: number) {
      const row = await calls.readHeld(ref, now);
      if (!row) return undefined;
      const { document, lease } = toEntry<K>(row);
      return { document, lease };
    },
    commit: <K extends Kind>(changes: readonly Change<K>[], now: number) =>
      inPieces(changes, async (piece) => {
        const sent = piece.map(({ before: { ref, version }, ...rest }) => ({
          before: { ref, version },
          ...rest,
        }));
        const outcomes = await calls.commit(sent, now);
        return outcomes.map((outcome, i): Outcome<K> => {
          if (outcome === "committed") return outcome;
          if (!("overrun" in outcome)) return toSnapshot(piece[i]!.before.ref, outcome);
          const { limit, owner, count, max } = outcome.overrun;
          return quotaExceeded(limit, owner, count, max);
        });
      }),
    sample: (query, now) => draw(query, [], now),

    async page<K extends Kind>(query: PageQuery<K>, now: number): Promise<Page<K>> {
      const entries: Entry<K>[] = [];
      let after: string | null = query.after;
      let left = query.limit;
      let charsLeft = Math.min(query.chars ?? CHARS_MAX, CHARS_MAX);
      while (after !== null && left > 0 && charsLeft > 0) {
        const limit = Math.min(left, MEMBERS_PER_CALL_MAX);
        const piece: PageOfRows = await calls.page({ ...query, after, limit, chars: charsLeft }, now);
        for (const row of piece.rows) {
          entries.push(toEntry(row));
          charsLeft -= row.document.length;
        }
        left -= piece.examined;
        after = piece.next;
        if (after !== null) await letOthersIn();
      }
      return { entries, next: after };
    },

    async roll(query, now) {
      const pieces = await inPages(query, (page) => calls.roll(page, now));
      return { calls: pieces.flatMap((piece) => piece.calls), next: pieces.at(-1)?.next ?? null };
    },

    async muster(query, now) {
      const pieces = await inPages(query, (page) => calls.muster(page, now));
      return {
        calls: pieces.flatMap((piece) => piece.calls),
        heard: pieces.flatMap(({ heard }) => heard),
        scanned: pieces.reduce((sum, { scanned }) => sum + scanned, 0),
        next: pieces.at(-1)?.next ?? null,
      };
    },
  });
}

async function inPages<P extends RollPage>(
  query: RollQuery,
  ask: (page: RollQuery) => Promise<P>,
): Promise<P[]> {
  const pages: P[] = [];
  let after: string | null = query.after;
  for (let left = query.limit; left > 0 && after !== null; left -= LEASES_PER_CALL_MAX) {
    const page: P = await ask({ ...query, after, limit: Math.min(left, LEASES_PER_CALL_MAX) });
    pages.push(page);
    after = page.next;
    if (after !== null) await letOthersIn();
  }
  return pages;
}

async function inPieces<T, R>(items: readonly T[], work: (piece: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = [];
  for (const piece of chunks(items, ENTRIES_PER_CALL_MAX)) {
    if (results.length > 0) await letOthersIn();
    results.push(...(await work(piece)));
  }
  return results;
}

/**
 * Between two pieces, 1 ms: where the object runs in this process too, its answer alone lets nobody in who waits at the network,
 * and a heartbeat takes several turns.
 */
// oxlint-disable-next-line no-restricted-globals -- nothing is timed: the loop is let turn
const letOthersIn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
