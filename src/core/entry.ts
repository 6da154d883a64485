import type { RegistrationInput, ReportedStatus } from "./agents/agent.ts";
import type { ToolsetPulse, ToolsetRegistration } from "./toolsets/toolset.ts";

/** What kinds of entry there are, and what each keeps. The store treats all alike. */
export interface Kinds {
  agent: { registration: Registration; lease: Lease };
  /** Its lease never lapses: a toolset stays catalogued, healthy or not, until it is unregistered. */
  toolset: { registration: ToolsetRegistration; lease: ToolsetPulse };
}
export type Kind = keyof Kinds;

export interface Ref<K extends Kind = "agent"> {
  kind: K;
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
export interface Document<K extends Kind = "agent"> {
  fence: string;
  /** ms since the Unix epoch */
  registeredAt: number;
  /** the API key's name; null under open access */
  owner: string | null;
  region: Region | null;
  registration: Kinds[K]["registration"];
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
export interface Entry<K extends Kind = "agent"> {
  document: Document<K>;
  /** null: the lease has lapsed. An agent is gone for every reader then, and waits to be reaped. */
  lease: Kinds[K]["lease"] | null;
  /** An operator asked this registration to drain. */
  draining: boolean;
  /** The sweep's ledger: it last saw, and told, this registration as unreachable. */
  unreachable: boolean;
}

export type LiveEntry = Entry & { lease: Lease };

export const isLive = (entry: Entry | undefined): entry is LiveEntry =>
  entry !== undefined && entry.lease !== null;

export const KINDS = ["agent", "toolset"] as const satisfies readonly Kind[];

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
export interface Decision<R, K extends Kind = "agent"> {
  result: R;
  write?: { entry: Entry<K> | undefined; event?: Event };
}

/** The index terms under which an entry is found; the kind itself comes first and finds them all. */
export function termsOf<K extends Kind>(kind: K, document: Document<K>): string[] {
  return TERMS[kind](document.registration);
}

const TERMS: { [K in Kind]: (registration: Kinds[K]["registration"]) => string[] } = {
  agent: ({ type, capabilities, tags, services, health_url }) => [
    ...new Set([
      "agent",
      `type:${type}`,
      ...capabilities.map(({ name }) => `capability:${name}`),
      ...tags.map((tag) => `tag:${tag}`),
      ...(services.length > 0 ? ["service"] : []),
      // Whom the health checks have to visit.
      ...(services.length > 0 && health_url !== undefined ? ["health_url"] : []),
      ...services.map(({ service }) => `service:${service}`),
    ]),
  ],
  // Terms of their own, because kinds share the indexes.
  toolset: ({ tags }) => ["toolset", ...new Set(tags.map((tag) => `toolset_tag:${tag}`))],
};

/** Whether an entry is found under a term: what `termsOf` says, without making the list for each of many candidates. */
export function hasTerm<K extends Kind>(kind: K, document: Document<K>, term: string): boolean {
  return term === kind || FINDS[kind](document.registration, term);
}

const FINDS: { [K in Kind]: (registration: Kinds[K]["registration"], term: string) => boolean } = {
  agent({ type, capabilities, tags, services, health_url }, term) {
    const colon = term.indexOf(":");
    const name = term.slice(colon + 1);
    switch (colon < 0 ? term : term.slice(0, colon + 1)) {
      case "type:":
        return type === name;
      case "capability:":
        return capabilities.some((capability) => capability.name === name);
      case "tag:":
        return tags.includes(name);
      case "service:":
        return services.some(({ service }) => service === name);
      case "service":
        return services.length > 0;
      case "health_url":
        return services.length > 0 && health_url !== undefined;
      default:
        return false;
    }
  },
  toolset: ({ tags }, term) => tags.some((tag) => term === `toolset_tag:${tag}`),
};

/** Which kind a term finds. */
export const kindOfTerm = (term: string): Kind =>
  term === "toolset" || term.startsWith("toolset_tag:") ? "toolset" : "agent";

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
