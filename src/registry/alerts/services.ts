import type { Trouble } from "../../core/alert.ts";
import type { Entry } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import { obstacleTo } from "../../core/services/obstacle.ts";
import type { Namespace } from "../namespace.ts";
import { readServiceFleet } from "../services/fleet.ts";

/**
 * What is wrong with one service: nobody can be chosen, or a breaker is open. One call to its pool.
 *
 * @param entries  all that offer it, lapsed ones included, and maybe others
 */
export async function serviceTroubles(
  { pool }: Namespace,
  service: string,
  entries: readonly Entry[],
  now: number,
): Promise<Trouble[]> {
  let fleet;
  try {
    fleet = await readServiceFleet(pool(service), service, entries, now);
  } catch (error) {
    // Without its pool resolve chooses by the offers alone, so nothing is known to be wrong.
    if (error instanceof Problem) return [];
    throw error;
  }
  const open = new Set(fleet.flatMap(({ offer, circuit }) => (circuit === "open" ? [offer.provider] : [])));
  const troubles = [...open].map((provider): Trouble => ({
    code: "breaker_open",
    severity: "warning",
    kind: "service",
    id: service,
    provider,
    detail: `Calls to ${provider} failed too often, so it is passed over for a while.`,
  }));
  const isUsable = fleet.some(({ offer, state }) => !obstacleTo(offer, state, now));
  return isUsable ? troubles : [unusable(service, entries), ...troubles];
}

function unusable(service: string, entries: readonly Entry[]): Trouble {
  const count = entries.filter(({ document }) =>
    document.registration.services.some((offered) => offered.service === service),
  ).length;
  return {
    code: "service_unusable",
    severity: "critical",
    kind: "service",
    id: service,
    detail: `None of its ${count} provider${count === 1 ? "" : "s"} can be chosen.`,
    count,
  };
}
