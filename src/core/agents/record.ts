import type { EffectiveStatus, ReportedStatus, Registration } from "./agent.ts";
import type { LiveEntry, Region } from "../entry.ts";
import { isoTime } from "../time.ts";
import { effectiveState, loadRatio } from "./liveness.ts";

/** An agent as every reader sees it, without token and fence. Times are ISO 8601, UTC. */
export type AgentRecord = Registration & {
  status: ReportedStatus;
  effective_status: EffectiveStatus;
  status_reason: string | null;
  current_load: number;
  load_ratio: number;
  last_seen: string;
  age_ms: number;
  expires_at: string | null;
  registered_at: string;
  region: Region | null;
  owner: string | null;
};

export function agentRecord(entry: LiveEntry, now: number): AgentRecord {
  const { document, lease } = entry;
  const { registration } = document;
  const effective = effectiveState(entry, now);
  return {
    ...registration,
    status: lease.status,
    effective_status: effective.status,
    status_reason: effective.reason,
    current_load: lease.currentLoad,
    load_ratio: loadRatio(lease.currentLoad, registration.max_concurrency),
    last_seen: isoTime(lease.lastSeenAt),
    age_ms: Math.max(0, now - lease.lastSeenAt),
    expires_at: lease.expiresAt === null ? null : isoTime(lease.expiresAt),
    registered_at: isoTime(document.registeredAt),
    region: document.region,
    owner: document.owner,
  };
}
