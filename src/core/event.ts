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
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** One change, as a namespace's history keeps it. */
export interface Event {
  type: EventType;
  kind: Kind;
  id: string;
  /** ms since the Unix epoch */
  at: number;
}
