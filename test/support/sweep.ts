import { type Namespace, namespaces } from "../../src/registry/namespace.ts";
import { sweep, type SweepSummary } from "../../src/registry/sweep.ts";
import type { Store } from "../../src/store/store.ts";
import { DEFAULTS } from "./entries.ts";

const unused = (): never => {
  throw new Error("a sweep without health checks uses the store alone");
};

/** A namespace that has a store and nothing else, at an instant. */
export const storeAlone = (store: Store, now: number): Namespace =>
  namespaces({
    openStore: () => store,
    openPool: unused,
    openGateway: unused,
    openWebhooks: unused,
    signingKey: null,
    keysOf: () => [],
    lease: DEFAULTS,
    ping: { intervalMs: 10_000, missedMax: 3 },
    resultKeptMs: 900_000,
    eventsKept: { ms: 604_800_000, chars: 50_000_000 },
    hubsPerRegion: 1,
    heartbeatsPerSecondMax: 0,
    prober: { fetch: unused, allowLoopback: false, timeoutMs: 0 },
    clock: () => now,
    pause: unused,
  })("default");

/** Sweeps what is in a store; none of it may have a health check. */
export const sweepStore = (store: Store, now: number): Promise<SweepSummary> =>
  sweep(storeAlone(store, now), now);

/**
 * Sweeps at `now`, and every minute after it until what that first sweep finds lapsed has been kept for its 5 minutes.
 *
 * @returns who was reaped
 */
export async function sweepUntilReaped(store: Store, now: number): Promise<string[]> {
  const reaped: string[] = [];
  for (let minute = 0; minute <= 6; minute += 1)
    reaped.push(...(await sweepStore(store, now + minute * 60_000)).reaped);
  return reaped;
}
