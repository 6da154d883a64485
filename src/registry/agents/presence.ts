import { type Asker, explainMissingLease, notRegistered, refuseChange } from "../../core/authority.ts";
import { isLive, type Region } from "../../core/entry.ts";
import { hashOf } from "../../core/hash.ts";
import { invalid, Problem } from "../../core/problem.ts";
import { keyOfSocket } from "../keys/lasting.ts";
import type { LeaseToken } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";
import { placeOf } from "../place.ts";
import { readable } from "../read.ts";

export interface PresenceOf {
  id: string;
  token: LeaseToken | undefined;
  /** The subprotocol that is chosen; absent: none. */
  protocol?: string;
  /** Where the agent is; null where the platform does not say. */
  region: Region | null;
}

/**
 * Opens a socket for an agent; while it is open, and the agent pings on it once an interval, its lease does not end.
 *
 * @returns the platform's answer to the handshake, with the socket; or the Problem `agent_not_found`, `lease_lost`,
 *          `lease_token_required`, `invalid_request` for an agent that is static, `upgrade_required` where there are no
 *          sockets, `hub_full`
 * @throws {Problem} `store_unavailable`, `unauthorized` where the asker's key has just ended
 */
export async function openPresence(
  namespace: Namespace,
  asker: Asker,
  { id, token, protocol, region }: PresenceOf,
  now: number,
): Promise<Response | Problem> {
  const { store, hub, hubsPerRegion } = namespace;
  if (!hub) return new Problem("upgrade_required", "There are no sockets here. Send heartbeats.");
  if (!token)
    return new Problem("lease_token_required", "Only the holder of the lease token opens a socket.");
  const [snapshot] = await store.read([{ kind: "agent", id }], now);
  const { entry, ...past } = readable(snapshot!);
  if (!isLive(entry)) return explainMissingLease("agent", id, token.fence, entry?.document, past);
  const refused = refuseChange("agent", asker, entry, token.fence, false);
  if (refused) return refused;
  const { intervalSeconds, ttlSeconds, fence } = token;
  if (intervalSeconds === null)
    return invalid([{ pointer: "/Lease-Token", detail: "is of a static agent, which has no lease to hold" }]);
  const near = placeOf(region);
  const { status, currentLoad } = entry.lease;
  const key = await keyOfSocket(namespace, asker);
  const terms = { intervalSeconds, ttlSeconds };
  const request = { id, fence, terms, state: { status, currentLoad }, ...key };
  const opened = await hub(hubFor(id, near, hubsPerRegion), near).socket(request, now, protocol);
  if (opened.status === 503)
    return new Problem("hub_full", "The hub of this agent has as many sockets as it takes. Send heartbeats.");
  return opened.status === 101 ? opened : notRegistered("agent", id);
}

/** The same agent in the same region always has the same hub: so its next socket finds the one before. */
const hubFor = (id: string, near: string | undefined, hubs: number): string =>
  `${near ?? "any"}-${hashOf(id) % hubs}`;
