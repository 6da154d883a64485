import type { ReportedStatus } from "./agents/agent.ts";
import type { Kind } from "./entry.ts";
import type { Changes } from "./field-changes.ts";

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
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

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
  kind: Kind;
  id: string;
  /** ms since the Unix epoch */
  at: number;
  /** What the agent reports now, where it changed; where a registration begins, unless that is `available`; where a lapsed one returns. */
  status?: ReportedStatus;
  /** What it reported before; absent where it is the same, and where nothing is known of that. */
  from?: ReportedStatus;
  /** Absent in events of earlier versions. */
  actor?: Actor;
  /** The X-Request-Id of the request that caused it; absent where none did, and of `status_changed`. */
  requestId?: string;
  /** Why, in the words of the request. */
  reason?: string;
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
