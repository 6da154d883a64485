import { HOLDER_ALIVE_MS, type Lease, type LeaseTerms } from "./lease.ts";

/**
 * A lease that is held by pointer. While an agent's socket is open, its lease names a holder (a hub, in one of its lives) in
 * place of an end; the holder says once for all of its agents when it was last alive. Where the socket closes the hub gives
 * the lease its end back; where the hub itself dies, readers see that from the holder.
 */
export interface HeldLease extends Lease {
  holder: string;
  ttlSeconds: number;
}

/** What is kept of a holder. */
export interface Holder {
  /** When it was last alive, ms since the Unix epoch. */
  seenAt: number;
  /** How many sockets it had then. */
  sockets: number;
  /** Its life is over: whoever it held is cut off, and has until `seenAt` and the TTL to come back. */
  ended?: true;
}

export const isHeld = (lease: Lease | null): lease is HeldLease => lease?.holder !== undefined;

/** Whether the agents that it holds are heard. */
export const isAlive = (holder: Holder | undefined, now: number): boolean =>
  holder !== undefined && !holder.ended && now - holder.seenAt <= HOLDER_ALIVE_MS;

/** The lease to write for an agent whose socket `holder` has. */
export const heldLease = (
  { ttlSeconds, intervalSeconds }: LeaseTerms,
  { status, currentLoad }: Pick<Lease, "status" | "currentLoad">,
  holder: string,
  now: number,
): HeldLease => ({
  status,
  currentLoad,
  lastSeenAt: now,
  expiresAt: null,
  intervalSeconds,
  holder,
  ttlSeconds,
});

/**
 * The lease to write for an agent whose socket has gone: from its last word on it is a lease like any other.
 *
 * @param lastSeenAt  when the agent was last heard, ms since the Unix epoch
 * @param cutOff      the socket closed without a goodbye, so nothing need be waited for
 */
export function releasedLease(held: HeldLease, lastSeenAt: number, cutOff: boolean): Lease {
  const { holder: _, ttlSeconds, ...lease } = held;
  return { ...lease, lastSeenAt, expiresAt: lastSeenAt + ttlSeconds * 1000, ...(cutOff && { cutOff }) };
}

/**
 * A held lease as readers see it; null: it has lapsed, because neither its holder nor the agent was heard for the TTL (at
 * least the 90 s for which a holder counts as alive).
 *
 * @param holder  undefined where nothing is kept of it: then the lease's own last word is all there is. The hub notices
 *                within 20 s that it was lost, and attaches all of its agents anew
 */
export function asRead(held: HeldLease, holder: Holder | undefined, now: number): HeldLease | null {
  const lastSeenAt = Math.max(held.lastSeenAt, holder?.seenAt ?? 0);
  const expiresAt = lastSeenAt + Math.max(held.ttlSeconds * 1000, HOLDER_ALIVE_MS);
  if (now > expiresAt) return null;
  return { ...held, lastSeenAt, expiresAt, ...(holder?.ended && { cutOff: true as const }) };
}
