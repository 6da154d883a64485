import type { ReportedStatus } from "./agents/agent.ts";
import { stretched } from "./stretch.ts";

/** How long a lease lasts, and how often its holder calls in. */
export interface LeaseTerms {
  ttlSeconds: number;
  /** null: static, an entry that never calls in and never lapses */
  intervalSeconds: number | null;
}

/** What each heartbeat replaces as a whole. */
export interface Lease {
  status: ReportedStatus;
  currentLoad: number;
  /** ms since the Unix epoch */
  lastSeenAt: number;
  /** ms since the Unix epoch, inclusive; null: never */
  expiresAt: number | null;
  /** Kept here too, because the sweep reads leases without their documents. */
  intervalSeconds: number | null;
  /** What its holder was told to wait instead, where that is longer (stretch.ts). */
  nextIntervalSeconds?: number;
  /** An import made it, and nobody has called in since: a heartbeat replaces the lease, and says no such thing. */
  unheard?: true;
  /** What holds it for an agent whose socket is open (core/holding.ts): as long as that lives, it has no end of its own. */
  holder?: string;
  /** With `holder` alone: for how long it goes on without. */
  ttlSeconds?: number;
  /** Its socket closed without a goodbye, or its holder ended: silent from then on, whatever the interval. */
  cutOff?: true;
}

/** One way of holding a lease: when it ends, and when its holder counts as silent. Instants are ms since the Unix epoch. */
interface WayOfHolding {
  /** The last instant at which a lease that is renewed at `now` is alive; null: it never ends. */
  endsAt(terms: LeaseTerms, now: number): number | null;
  isSilent(lease: Lease, now: number): boolean;
}

const HEARTBEATS: WayOfHolding = {
  endsAt: ({ ttlSeconds }, now) => now + ttlSeconds * 1000,
  isSilent: (lease, now) => now - lease.lastSeenAt > silenceAllowedMs(lease),
};
const STATIC: WayOfHolding = { endsAt: () => null, isSilent: () => false };
/** The holder hears the agent; readers hear the holder, which is what `lastSeenAt` says. */
const BY_SOCKET: WayOfHolding = {
  endsAt: () => null,
  isSilent: ({ lastSeenAt }, now) => now - lastSeenAt > HOLDER_ALIVE_MS,
};

/** How long a holder may be silent, ms: it writes every 20 s, and an alarm may be a minute late. */
export const HOLDER_ALIVE_MS = 90_000;

const wayOf = ({ intervalSeconds, holder }: Pick<Lease, "intervalSeconds" | "holder">): WayOfHolding => {
  if (holder !== undefined) return BY_SOCKET;
  return intervalSeconds === null ? STATIC : HEARTBEATS;
};

type Told = Pick<Lease, "intervalSeconds" | "nextIntervalSeconds">;

/** How long its holder was told to wait until it calls in again, s; null: it need not. */
export const nextIntervalOf = ({ intervalSeconds, nextIntervalSeconds }: Told): number | null =>
  nextIntervalSeconds ?? intervalSeconds;

/** How long a holder may be silent: 1.5 of the intervals that it was told, the last instant included. */
export const silenceAllowedMs = (lease: Told): number => (nextIntervalOf(lease) ?? 0) * 1500;

/**
 * Whether the agent has been silent for strictly more than 1.5 of the intervals that it was told, or its socket was cut off, or the hub that has its
 * socket has been silent for more than 90 s. A static agent never is, and neither is one that reported `offline`: it said that
 * it would be silent.
 */
export const isUnreachable = (lease: Lease, now: number): boolean =>
  lease.status !== "offline" && (lease.cutOff === true || wayOf(lease).isSilent(lease, now));

/**
 * The lease to write for a holder that calls in at `now`.
 *
 * @param stretch  how many times its interval it is told to wait (stretch.ts)
 */
export function leaseAt(
  terms: LeaseTerms,
  state: { status: ReportedStatus; currentLoad: number },
  now: number,
  stretch = 1,
): Lease {
  const next = stretched(terms, stretch);
  return {
    status: state.status,
    currentLoad: state.currentLoad,
    lastSeenAt: now,
    expiresAt: wayOf(terms).endsAt(terms, now),
    intervalSeconds: terms.intervalSeconds,
    ...(next !== null && next !== terms.intervalSeconds && { nextIntervalSeconds: next }),
  };
}
