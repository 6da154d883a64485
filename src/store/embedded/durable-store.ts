import type { Kind } from "../../core/entry.ts";
import { remote } from "../../durable/remote.ts";
import { shell } from "../../durable/shell.ts";
import { chunks } from "../chunks.ts";
import type { Draw, SampleQuery, Store } from "../store.ts";
import type { RegistryCalls } from "./registry-calls.ts";
import { RegistryObject } from "./registry-object.ts";

// RPC messages have a size limit: this many of the largest documents keep well within it.
const ENTRIES_PER_CALL_MAX = 100;

const METHODS: Record<keyof RegistryCalls, true> = {
  ping: true,
  read: true,
  commit: true,
  renew: true,
  sample: true,
  page: true,
  count: true,
  terms: true,
  roll: true,
  heal: true,
  events: true,
  latest: true,
  sweepReport: true,
  keepSweepReport: true,
};

/** The store's end of RPC: a Durable Object. */
export class DurableRegistryObject extends shell(({ storage }) => new RegistryObject(storage), METHODS) {}

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
    commit: (changes, now) => inPieces(changes, (piece) => calls.commit(piece, now)),
    sample: (query, now) => draw(query, [], now),
  };
}

async function inPieces<T, R>(items: readonly T[], work: (piece: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = [];
  for (const piece of chunks(items, ENTRIES_PER_CALL_MAX)) results.push(...(await work(piece)));
  return results;
}
