import { EXACT_MAX } from "../../core/agents/discovery.ts";
import type { Tally } from "../../core/agents/tally.ts";
import { byCodePoint } from "../../core/order.ts";
import type { Store, SweepReport, TermTally } from "../../store/store.ts";
import type { Namespace } from "../namespace.ts";
import { countAgents } from "./count.ts";
import { largestOf, termPrefix } from "./term-tally.ts";

export interface Tallied {
  total: number;
  /** The 100 types with the most agents, most first. */
  byType: [type: string, agents: number][];
  /** Agents of all other types. */
  ofOtherTypes: number;
  byStatus: Map<string, number>;
  /** How many have lapsed; they are not in the other counts. */
  lapsed: number;
  /** How many different capabilities there are. */
  capabilities: number;
  /** When this was so, ms since the Unix epoch. */
  asOf: number;
  /** undefined before the first sweep */
  lastSweep: SweepReport | undefined;
}

const NOTHING: TermTally = { names: 0, entries: 0, largest: [] };

/**
 * Counts live agents. Up to 5,000 are counted now, unless they have more than 5,000 types and capabilities. Of more, the counts are those of the last complete sweep, which counts
 * draining agents as they reported themselves. Its counts by type are of the last walk through all terms that was completed, and
 * include lapsed agents.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function tallyAgents({ store }: Namespace, now: number): Promise<Tallied> {
  const lastSweep = await store.sweepReport();
  const agents = await store.count("agent");
  const counted = await countedNow(store, agents, now);
  if (counted) {
    const { total, byType, byStatus, lapsed, byCapability } = counted;
    const largest = largestOf(byType);
    // Not of the total, which may be of another instant.
    const ofOtherTypes = sum([...byType]) - sum(largest);
    return {
      total,
      byType: largest,
      ofOtherTypes,
      byStatus,
      lapsed,
      capabilities: byCapability.size,
      asOf: now,
      lastSweep,
    };
  }
  const { type = NOTHING, capability = NOTHING } = lastSweep?.byTerm ?? {};
  const { at, byStatus, lapsed } = lastSweep?.census ?? { at: now, byStatus: undefined, lapsed: 0 };
  return {
    // Before the first complete sweep only this is known, lapsed ones included.
    total: byStatus ? sum(Object.entries(byStatus)) : agents,
    byType: type.largest,
    ofOtherTypes: type.entries - sum(type.largest),
    byStatus: new Map(Object.entries(byStatus ?? {})),
    lapsed,
    capabilities: capability.names,
    asOf: at,
    lastSweep,
  };
}

const sum = (counts: readonly [string, number][]): number =>
  counts.reduce((all, [, agents]) => all + agents, 0);

/** The agents as they are now; undefined where they, or their names, are too many to be counted for each request. */
const countedNow = async (store: Store, agents: number, now: number): Promise<Tally | undefined> =>
  agents > EXACT_MAX ? undefined : countAgents(store, agents, now);

export interface CapabilityPage {
  capabilities: { name: string; agents: number }[];
  /** The name to go on after; null at the end. */
  next: string | null;
  /** How many live agents were counted, and how many beside them have lapsed; 0 where the lapsed are counted too. */
  total: number;
  lapsed: number;
}

/**
 * Capabilities whose names begin with `prefix`, in the order of their UTF-8 bytes, with how many live agents have each. Of
 * more than 5,000 agents, or names, those that lapsed and are not yet reaped are counted too.
 *
 * @param query `after`: start after this name, "" from the beginning; `limit`: at most 1,000
 * @throws {Problem} `store_unavailable`
 */
export async function listCapabilities(
  { store }: Namespace,
  { prefix, after, limit }: { prefix: string; after: string; limit: number },
  now: number,
): Promise<CapabilityPage> {
  const counted = await countedNow(store, await store.count("agent"), now);
  if (counted) {
    const { byCapability, total, lapsed } = counted;
    const left = [...byCapability]
      .filter(([name]) => name.startsWith(prefix) && (after === "" || byCodePoint(name, after) > 0))
      .toSorted(([a], [b]) => byCodePoint(a, b));
    const capabilities = left.slice(0, limit).map(([name, agents]) => ({ name, agents }));
    const next = left.length > limit ? capabilities.at(-1)!.name : null;
    return { capabilities, next, total, lapsed };
  }
  const start = termPrefix("capability");
  const page = await store.terms({ prefix: start + prefix, after: after && start + after, limit });
  const capabilities = page.terms.map(({ term, entries }) => ({
    name: term.slice(start.length),
    agents: entries,
  }));
  const next = page.next === null ? null : page.next.slice(start.length);
  return { capabilities, next, total: 0, lapsed: 0 };
}
