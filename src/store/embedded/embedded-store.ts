import { remote } from "../../durable/remote.ts";
import { chunks } from "../chunks.ts";
import type { Store } from "../store.ts";
import type { RegistryObject } from "./registry-object.ts";

// A call travels by RPC, whose messages have a size limit: so many of the largest documents keep well within it.
const ENTRIES_PER_CALL_MAX = 100;

async function inPieces<T, R>(items: readonly T[], work: (piece: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = [];
  for (const piece of chunks(items, ENTRIES_PER_CALL_MAX)) results.push(...(await work(piece)));
  return results;
}

/** The port over RPC: the object does the work. */
export function embeddedStore(stub: () => DurableObjectStub<RegistryObject>): Store {
  const methods = remote<Omit<Store, "backend">>(stub, {
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
  });
  return {
    ...methods,
    backend: "embedded",
    read: (refs, now) => inPieces(refs, (piece) => methods.read(piece, now)),
    commit: (changes, now) => inPieces(changes, (piece) => methods.commit(piece, now)),
  };
}
