import type { RegistrationInput, ReportedStatus } from "./agent.ts";

/** What kinds of entry there are. Issue by issue this grows; the store treats all alike. */
export type Kind = "agent";

export interface Ref {
  kind: Kind;
  id: string;
}

/** Where the registering request came from, as the platform saw it. */
export interface Region {
  colo?: string;
  country?: string;
  continent?: string;
  latitude?: string;
  longitude?: string;
}

/** The registration as it is kept: complete, and without what the lease carries. */
export type Registration = Omit<
  RegistrationInput,
  | "id"
  | "status"
  | "current_load"
  | "ttl_seconds"
  | "heartbeat_interval_seconds"
  | "metadata"
  | "health_score"
> & {
  id: string;
  metadata: Record<string, unknown>;
  health_score: number;
  ttl_seconds: number;
  /** null: a static entry, which never calls in and never lapses. */
  heartbeat_interval_seconds: number | null;
};

/**
 * What stays the same between heartbeats. `fence` names the registration (the epoch): it comes first, because the Redis
 * scripts find the lease's key by it without parsing JSON.
 */
export interface Document {
  fence: string;
  /** ms since the Unix epoch */
  registeredAt: number;
  /** the API key's name; null under open access */
  owner: string | null;
  region: Region | null;
  registration: Registration;
}

/** What each heartbeat writes whole. */
export interface Lease {
  status: ReportedStatus;
  currentLoad: number;
  /** ms since the Unix epoch */
  lastSeenAt: number;
  /** ms since the Unix epoch, inclusive; null: never */
  expiresAt: number | null;
  /** Rides along so that the sweep can judge a lease without its document. */
  intervalSeconds: number | null;
}

/** One entry, whole: it changes as a unit, and a commit applies only if all of it is still as it was read. */
export interface Entry {
  document: Document;
  /** null: the lease has lapsed. The entry is gone for every reader and waits to be reaped. */
  lease: Lease | null;
  /** An operator asked this registration to drain. */
  draining: boolean;
  /** The sweep's ledger: it last saw, and told, this registration as unreachable. */
  unreachable: boolean;
}

export type LiveEntry = Entry & { lease: Lease };

export const isLive = (entry: Entry | undefined): entry is LiveEntry =>
  entry !== undefined && entry.lease !== null;

export const EVENT_TYPES = [
  "registered",
  "replaced",
  "renewed",
  "unregistered",
  "drain_requested",
  "drain_cancelled",
  "became_unreachable",
  "recovered",
  "reaped",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface Event {
  type: EventType;
  kind: Kind;
  id: string;
  /** ms since the Unix epoch */
  at: number;
}

/** What to do with an entry, decided from what was read: `write` absent means leave it alone. */
export interface Decision<R> {
  result: R;
  write?: { entry: Entry | undefined; event?: Event };
}

/** The index terms under which an entry is found; the kind itself comes first and finds them all. */
export function termsOf(kind: Kind, document: Document): string[] {
  const { type, capabilities, tags, services, health_url } = document.registration;
  return [
    ...new Set([
      kind,
      `type:${type}`,
      ...capabilities.map(({ name }) => `capability:${name}`),
      ...tags.map((tag) => `tag:${tag}`),
      ...(services.length > 0 ? ["service"] : []),
      // Whom the health checks have to visit.
      ...(services.length > 0 && health_url !== undefined ? ["health_url"] : []),
      ...services.map(({ service }) => `service:${service}`),
    ]),
  ];
}

/** The lease to write for a registration that calls in at `now`. */
export function leaseAt(
  terms: { ttlSeconds: number; intervalSeconds: number | null },
  state: { status: ReportedStatus; currentLoad: number },
  now: number,
): Lease {
  const { ttlSeconds, intervalSeconds } = terms;
  return {
    status: state.status,
    currentLoad: state.currentLoad,
    lastSeenAt: now,
    expiresAt: intervalSeconds === null ? null : now + ttlSeconds * 1000,
    intervalSeconds,
  };
}
