import type { LiveEntry } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import type { SelectionRecord } from "../../pool/pool.ts";
import type { Namespace } from "../namespace.ts";
import { type FleetMember, readServiceFleet } from "./fleet.ts";

export interface ServiceGlance {
  service: string;
  /** undefined: its pool does not answer, so nothing is known of it */
  pool: { fleet: FleetMember[]; selections: SelectionRecord[] } | undefined;
}

/** One service's offers among `agents`, and its newest selections. Two calls to its pool. */
export async function glanceAtService(
  { pool: open }: Namespace,
  service: string,
  agents: readonly LiveEntry[],
  selectionsMax: number,
  now: number,
): Promise<ServiceGlance> {
  const pool = open(service);
  try {
    const [fleet, selections] = await Promise.all([
      readServiceFleet(pool, service, agents, now),
      pool.selections(selectionsMax, now),
    ]);
    return { service, pool: { fleet, selections } };
  } catch (error) {
    if (error instanceof Problem) return { service, pool: undefined };
    throw error;
  }
}
