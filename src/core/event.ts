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

/** One change, as a namespace's history keeps it. */
export interface Event {
  type: EventType;
  kind: Kind;
  id: string;
  /** ms since the Unix epoch */
  at: number;
  /** Of `status_changed`: what the agent reports now. */
  status?: ReportedStatus;
}

/** Of an agent's changes of status within so many ms only the last is kept. */
export const FLIPS_MS = 5000;
