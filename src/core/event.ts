import type { ReportedStatus } from "./agents/agent.ts";
import type { Kind, Ref } from "./entry.ts";
import type { Changes } from "./field-changes.ts";
import type { Limits } from "./limits.ts";

export const EVENT_TYPES = [
  "registered",
  "replaced",
  "renewed",
  "restored",
  "amended",
  "unregistered",
  "drain_requested",
  "drain_cancelled",
  "became_unreachable",
  "recovered",
  "lapsed",
  "reaped",
  "status_changed",
  "breaker_opened",
  "breaker_half_opened",
  "breaker_closed",
  "breaker_reset",
  "override_set",
  "key_created",
  "key_rotated",
  "key_revoked",
  "key_refused",
  "quota_reached",
  "service_unusable",
  "service_usable",
  "capability_unavailable",
  "capability_available",
  "toolset_unhealthy",
  "toolset_healthy",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What an event may be of: an entry; a service or a capability, by its name; an API key, by its id; the namespace, by its own name. */
export const EVENT_KINDS = ["agent", "toolset", "service", "capability", "key", "namespace"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const ACTOR_TYPES = ["key", "holder", "registry", "anyone"] as const;

/** Who caused something. */
export interface Actor {
  /**
   * `key`: whoever has the API key; `holder`: the process that holds the lease, by its token; `registry`: nobody, the sweep or a
   * socket's end; `anyone`: under open access, whoever may reach this machine.
   */
  type: (typeof ACTOR_TYPES)[number];
  /** Of the API key; a holder has one too where requests need a key. */
  name?: string;
}

/** One change, as a namespace's history keeps it. */
export interface Event extends Changes {
  type: EventType;
  kind: EventKind;
  id: string;
  /** ms since the Unix epoch */
  at: number;
  /** What the agent reports now, where it changed; where a registration begins, unless that is `available`; where a lapsed one returns. */
  status?: ReportedStatus;
  /** What it reported before; absent where it is the same, and where nothing is known of that. */
  from?: ReportedStatus;
  /** Of a service: whose breaker it is, or whose binding to the `handler`. */
  provider?: string;
  handler?: string;
  /** Of a breaker's events. */
  breaker?: BreakerCounts;
  /** Of a key's events: its name, by which entries are owned. Of `quota_reached`, whose limit it is, unless the namespace's. */
  name?: string;
  /** Of `key_refused`: how many requests; of `service_unusable` how many providers, of `toolset_unhealthy` how many calls wait. */
  count?: number;
  /** Of `quota_reached`. */
  quota?: QuotaReached;
  /** Absent in events of earlier versions. */
  actor?: Actor;
  /** The X-Request-Id of the request that caused it; absent where none did, and of `status_changed`. */
  requestId?: string;
  /** Why, in the words of the request. */
  reason?: string;
}

/** How a breaker stood when it changed. */
export interface BreakerCounts {
  /** Failed calls in a row, up to this change. */
  failures: number;
  /** Successful calls since it was half open. */
  successes: number;
  /** How often it has opened since its provider registered. */
  openings: number;
  /** Of one that is not closed: from when on it is half open, ms since the Unix epoch. */
  halfOpenAt?: number;
}

/** A limit that was in the way, with what there was then. */
export interface QuotaReached {
  limit: keyof Limits;
  of: "namespace" | "key";
  count: number;
  max: number;
}

/** After these an id has an entry that it had not, or may not have had; and after those it has none. */
export const BEGINS: ReadonlySet<EventType> = new Set(["registered", "restored"]);
export const ENDS: ReadonlySet<EventType> = new Set(["unregistered", "reaped"]);

/** The entry that an event is of: of a service's, the provider; undefined: of none. */
export function subjectOf({ kind, id, provider }: Event): Ref<Kind> | undefined {
  if (kind === "agent" || kind === "toolset") return { kind, id };
  return provider === undefined ? undefined : { kind: "agent", id: provider };
}

/** What an event says of a status. */
export const statusTold = (
  before: ReportedStatus | undefined,
  status: ReportedStatus,
): Pick<Event, "status" | "from"> => ({
  status,
  ...(before !== undefined && before !== status && { from: before }),
});

/** Of an agent's changes of status within so many ms only the last is kept. */
export const FLIPS_MS = 5000;
