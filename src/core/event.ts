import type { ReportedStatus } from "./agents/agent.ts";
import type { Kind } from "./entry.ts";

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
export interface Event {
  type: EventType;
  kind: Kind;
  id: string;
  /** ms since the Unix epoch */
  at: number;
  /** Of `status_changed`: what the agent reports now. */
  status?: ReportedStatus;
  /** Of `status_changed`: what it reported before; absent where that cannot be read. */
  from?: ReportedStatus;
  /** Absent in events of earlier versions. */
  actor?: Actor;
  /** The X-Request-Id of the request that caused it; absent where none did, and of `status_changed`. */
  requestId?: string;
}

/** Of an agent's changes of status within so many ms only the last is kept. */
export const FLIPS_MS = 5000;
