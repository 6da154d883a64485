import { type Entry, isLive } from "../entry.ts";
import { effectiveState } from "./liveness.ts";

/** Live agents counted along the lines that people ask for. Maps, because types and capabilities may have any name. */
export interface Tally {
  total: number;
  byType: Map<string, number>;
  byStatus: Map<string, number>;
  byCapability: Map<string, number>;
}

export const emptyTally = (): Tally => ({
  total: 0,
  byType: new Map(),
  byStatus: new Map(),
  byCapability: new Map(),
});

export const increment = (counts: Map<string, number>, name: string): Map<string, number> =>
  counts.set(name, (counts.get(name) ?? 0) + 1);

/** Adds the live ones among `entries` to `tally`. */
export function count(tally: Tally, entries: readonly Entry[], now: number): Tally {
  for (const entry of entries) {
    if (!isLive(entry)) continue;
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
