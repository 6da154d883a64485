import { decideRemoval } from "../../core/agents/removal.ts";
import type { Asker } from "../../core/authority.ts";
import type { Problem } from "../../core/problem.ts";
import { changeOne } from "../../store/change.ts";
import type { LeaseToken } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";

export interface UnregisterRequest {
  id: string;
  token: LeaseToken | undefined;
  /** The owner's key is enough without a token. */
  ownerSuffices: boolean;
}

/**
 * Removes an agent, with all that is kept of it.
 *
 * @returns undefined, or the Problem `agent_not_found`, `lease_lost`, `lease_token_required`, `forbidden` or `store_contended`
 * @throws {Problem} `store_unavailable`
 */
export function unregister(
  { store }: Namespace,
  asker: Asker,
  { id, token, ownerSuffices }: UnregisterRequest,
  now: number,
): Promise<undefined | Problem> {
  const removal = { id, asker, fence: token?.fence, ownerSuffices };
  return changeOne(store, { kind: "agent", id }, (entry) => decideRemoval(entry, removal, now), now);
}
