import { type Entry, isLive } from "../entry.ts";
import { effectiveState } from "./liveness.ts";

/** How many live agents there are, by type, status and capability. Maps, because the names may be any, `__proto__` too. */
export interface Tally {
  total: number;
  /** How many have lapsed; they are not in the other counts. */
  lapsed: number;
  byType: Map<string, number>;
  byStatus: Map<string, number>;
  byCapability: Map<string, number>;
}

export const emptyTally = (): Tally => ({
  total: 0,
  lapsed: 0,
  byType: new Map(),
  byStatus: new Map(),
  byCapability: new Map(),
});

export const increment = <K>(counts: Map<K, number>, name: K, by = 1): Map<K, number> =>
  counts.set(name, (counts.get(name) ?? 0) + by);

export function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** Counts `entries` into `tally`. */
export function addToTally(tally: Tally, entries: readonly Entry[], now: number): Tally {
  for (const entry of entries) {
    if (!isLive(entry)) {
      tally.lapsed += 1;
      continue;
    }
    const { type, capabilities } = entry.document.registration;
    tally.total += 1;
    increment(tally.byType, type);
    increment(tally.byStatus, effectiveState(entry, now).status);
    for (const name of new Set(capabilities.map((capability) => capability.name))) {
      increment(tally.byCapability, name);
    }
  }
  return tally;
}
