import type { Entry, Kind } from "../../core/entry.ts";
import { remote } from "../../durable/remote.ts";
import { shell } from "../../durable/shell.ts";
import { chunks } from "../chunks.ts";
import type { Draw, Page, PageQuery, RollCall, RollPage, SampleQuery, Store } from "../store.ts";
import type { RegistryCalls } from "./registry-calls.ts";
import { RegistryObject } from "./registry-object.ts";

// Heartbeats wait while the object serves a call, and RPC messages have a size limit: much is asked for in pieces.
const ENTRIES_PER_CALL_MAX = 100;
const MEMBERS_PER_CALL_MAX = 500;
const LEASES_PER_CALL_MAX = 1000;

const METHODS: Record<keyof RegistryCalls, true> = {
  ping: true,
  read: true,
  readWithClock: true,
  readHeld: true,
  commit: true,
  renew: true,
  sample: true,
  page: true,
  count: true,
  terms: true,
  roll: true,
  heal: true,
  events: true,
  makeRoom: true,
  latest: true,
  sweepReport: true,
  keepSweepReport: true,
  signingKey: true,
};

/** The store's end of RPC: a Durable Object. */
export class DurableRegistryObject extends shell(
  // oxlint-disable-next-line no-restricted-globals -- the store's own clock: no caller's counts
  ({ storage }) => new RegistryObject(storage, () => Date.now()),
  METHODS,
) {}

/** The caller's end of RPC: the port over calls to the namespace's object. */
export function durableStore(stub: () => DurableObjectStub<DurableRegistryObject>): Store {
  const calls = remote<RegistryCalls>(stub, METHODS);

  async function draw<K extends Kind>(
    query: SampleQuery<K>,
    examined: readonly string[],
    now: number,
  ): Promise<Draw<K>> {
    const { entries, total } = await calls.sample({ ...query, examined }, now);
    return {
      entries,
      total,
      unread: 0,
      more(size) {
        const ids = entries.map(({ document }) => document.registration.id);
        return draw({ ...query, exhaustive: 0, size }, [...examined, ...ids], now);
      },
    };
  }

  return {
    ...calls,
    backend: "embedded",
    read: (refs, now) => inPieces(refs, (piece) => calls.read(piece, now)),
    async readWithClock(refs, now) {
      const { snapshots, clock } = await calls.readWithClock(refs.slice(0, ENTRIES_PER_CALL_MAX), now);
      const rest = await inPieces(refs.slice(ENTRIES_PER_CALL_MAX), (piece) => calls.read(piece, now));
      return { snapshots: snapshots.concat(rest), clock };
    },
    commit: (changes, now) => inPieces(changes, (piece) => calls.commit(piece, now)),
    sample: (query, now) => draw(query, [], now),

    async page<K extends Kind>(query: PageQuery<K>, now: number): Promise<Page<K>> {
      let after: string | null = query.after;
      let entries: Entry<K>[] = [];
      for (let left = query.limit; left > 0 && after !== null; left -= MEMBERS_PER_CALL_MAX) {
        const limit = Math.min(left, MEMBERS_PER_CALL_MAX);
        const piece: Page<K> = await calls.page({ ...query, after, limit }, now);
        entries = entries.concat(piece.entries);
        after = piece.next;
      }
      return { entries, next: after };
    },

    async roll(query, now) {
      let after: string | null = query.after;
      let rollCalls: RollCall[] = [];
      for (let left = query.limit; left > 0 && after !== null; left -= LEASES_PER_CALL_MAX) {
        const limit = Math.min(left, LEASES_PER_CALL_MAX);
        const piece: RollPage = await calls.roll({ ...query, after, limit }, now);
        rollCalls = rollCalls.concat(piece.calls);
        after = piece.next;
      }
      return { calls: rollCalls, next: after };
    },
  };
}

async function inPieces<T, R>(items: readonly T[], work: (piece: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = [];
  for (const piece of chunks(items, ENTRIES_PER_CALL_MAX)) results.push(...(await work(piece)));
  return results;
}
