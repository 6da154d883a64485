import { EXACT_MAX } from "../../core/agents/discovery.ts";
import { addToTally, emptyTally, type Tally } from "../../core/agents/tally.ts";
import type { SweepReport } from "../../store/store.ts";
import { walk } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";

export interface Tallied extends Tally {
  /** When this was so, ms since the Unix epoch. */
  asOf: number;
  /** undefined before the first sweep */
  lastSweep: SweepReport | undefined;
}

/**
 * Counts live agents. Up to 5,000 are counted now. More are counted by the indexes, and by status by the last sweep: that
 * may include agents that lapsed since, and counts draining agents as they reported themselves.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function tallyAgents({ store }: Namespace, now: number): Promise<Tallied> {
  const lastSweep = await store.sweepReport();
  if ((await store.count("agent")) <= EXACT_MAX) {
    const tally = emptyTally();
    for await (const page of walk(store, "agent", ["agent"], now)) addToTally(tally, page, now);
    return { ...tally, asOf: now, lastSweep };
  }
  const terms = await store.terms();
  return {
    total: terms.get("agent") ?? 0,
    byType: under(terms, "type:"),
    byStatus: new Map(Object.entries(lastSweep?.byStatus ?? {})),
    byCapability: under(terms, "capability:"),
    asOf: lastSweep?.at ?? now,
    lastSweep,
  };
}

/** The counts of those terms that have a prefix, by what comes after it. */
function under(terms: ReadonlyMap<string, number>, prefix: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [term, agents] of terms) {
    if (term.startsWith(prefix)) counts.set(term.slice(prefix.length), agents);
  }
  return counts;
}
