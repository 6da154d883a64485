import type { Trouble } from "../../core/alert.ts";
import { effectiveState } from "../../core/agents/liveness.ts";
import { type Entry, isLive } from "../../core/entry.ts";
import type { Store } from "../../store/store.ts";

/** How many agents of one capability are looked at, beyond which nothing is concluded: first, and more after that. */
const LOOKED_AT = { first: 64, more: 1000 };

const isAvailable = (entry: Entry, now: number): boolean =>
  isLive(entry) && effectiveState(entry, now).status === "available";

/** The capabilities that no available agent among `entries` has. It says something where they are all agents. */
export function capabilitiesWithout(entries: readonly Entry[], now: number): string[] {
  const available = new Map<string, boolean>();
  for (const entry of entries) {
    const is = isAvailable(entry, now);
    for (const { name } of entry.document.registration.capabilities)
      available.set(name, is || available.get(name) === true);
  }
  return [...available].flatMap(([name, is]) => (is ? [] : [name]));
}

/**
 * Whether agents have a capability, and none of them is available. At most two round trips.
 *
 * @returns false also where the first 1,064 that were drawn are not all of them: then somebody may be
 */
export async function isUnavailable(store: Store, capability: string, now: number): Promise<boolean> {
  const query = {
    kind: "agent",
    terms: [`capability:${capability}`],
    exhaustive: LOOKED_AT.first,
    size: LOOKED_AT.first,
  } as const;
  const draw = await store.sample(query, now);
  if (draw.entries.some((entry) => isAvailable(entry, now))) return false;
  const looked = draw.entries.length;
  if (draw.total <= looked) return looked > 0;
  const rest = await draw.more(LOOKED_AT.more, { statuses: ["available"], entriesMax: LOOKED_AT.first });
  if (rest.entries.some((entry) => isAvailable(entry, now))) return false;
  const { live = 0, lapsed = 0 } = rest.leftOut ?? {};
  return rest.unread === 0 && draw.total <= looked + rest.entries.length + live + lapsed;
}

export const unavailable = (capability: string): Trouble => ({
  code: "capability_unavailable",
  severity: "critical",
  kind: "capability",
  id: capability,
  detail: "Every agent that has it is busy, silent, lapsed or withdrawn.",
});
