import { storeUnavailable } from "../../core/problem.ts";
import { chunks } from "../chunks.ts";
import type { Store } from "../store.ts";
import type { RegistryObject } from "./registry-object.ts";

type Methods = Omit<Store, "backend">;

// A call travels by RPC, whose messages have a size limit: so many of the largest documents keep well within it.
const ENTRIES_PER_CALL_MAX = 100;

/** The port over RPC: the object does the work, and an object that throws or is overloaded is an outage. */
export function embeddedStore(stub: DurableObjectStub<RegistryObject>): Store {
  const remote = stub as unknown as Methods;
  const call = async <R>(operation: string, work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (cause) {
      throw storeUnavailable(operation, cause);
    }
  };
  const inPieces = async <T, R>(items: readonly T[], work: (piece: T[]) => Promise<R[]>): Promise<R[]> => {
    const results: R[] = [];
    for (const piece of chunks(items, ENTRIES_PER_CALL_MAX)) results.push(...(await work(piece)));
    return results;
  };
  return {
    backend: "embedded",
    ping: () => call("ping", () => remote.ping()),
    read: (refs, now) => call("read", () => inPieces(refs, (piece) => remote.read(piece, now))),
    commit: (changes, now) => call("commit", () => inPieces(changes, (piece) => remote.commit(piece, now))),
    renew: (renewals, now) => call("renew", () => remote.renew(renewals, now)),
    sample: (query, now) => call("sample", () => remote.sample(query, now)),
    page: (query, now) => call("page", () => remote.page(query, now)),
    count: (kind) => call("count", () => remote.count(kind)),
    terms: () => call("terms", () => remote.terms()),
    roll: (query, now) => call("roll", () => remote.roll(query, now)),
    heal: (query, now) => call("heal", () => remote.heal(query, now)),
    events: (query) => call("events", () => remote.events(query)),
    sweepReport: () => call("sweepReport", () => remote.sweepReport()),
    keepSweepReport: (report) => call("keepSweepReport", () => remote.keepSweepReport(report)),
  };
}
