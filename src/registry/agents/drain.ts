import { decideDrain } from "../../core/agents/drain.ts";
import type { Asker } from "../../core/authority.ts";
import type { Problem } from "../../core/problem.ts";
import { changeOne } from "../../store/change.ts";
import type { LeaseToken } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";

export interface DrainRequest {
  id: string;
  token: LeaseToken | undefined;
  /** false: takes the request to drain back */
  draining: boolean;
}

/**
 * Takes an agent out of selection at once, and asks it to drain; or takes that back.
 *
 * @returns undefined, or the Problem `agent_not_found`, `lease_lost`, `forbidden` or `store_contended`
 * @throws {Problem} `store_unavailable`
 */
export function drain(
  { store }: Namespace,
  asker: Asker,
  { id, token, draining }: DrainRequest,
  now: number,
): Promise<undefined | Problem> {
  const request = { id, asker, fence: token?.fence, draining };
  return changeOne(store, { kind: "agent", id }, (entry) => decideDrain(entry, request, now), now);
}
