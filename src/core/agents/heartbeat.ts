import { type HeartbeatInput, METADATA_BYTES_MAX, type ReportedStatus, sizeBytes } from "./agent.ts";
import { leaseLost, refuseChange, type Asker } from "../authority.ts";
import { type Entry, isLive } from "../entry.ts";
import type { Decision } from "../decision.ts";
import { leaseAt, type Lease } from "../lease.ts";
import { Problem } from "../problem.ts";
import { documentTooLarge } from "./registration.ts";

export interface HeartbeatRequest {
  id: string;
  input: HeartbeatInput;
  asker: Asker;
  /** The fence of the presented lease token, if any. */
  fence: string | undefined;
  /** The owner's key is enough without a token (the older API has none). */
  ownerSuffices: boolean;
}

export interface HeartbeatResult {
  lease: Lease;
  desired: "run" | "drain";
}

/** As `agentNotFound`, for the agent itself: tells it to register (again). */
const notRegistered = (id: string): Problem =>
  new Problem("agent_not_found", `No live agent has the id "${id}": register it.`, { action: "register" });

/** Whether a heartbeat has status and load and nothing else. It replaces the state of the lease, so nothing need be read. */
export function isComplete(input: HeartbeatInput): input is { status: ReportedStatus; current_load: number } {
  return (
    input.status !== undefined &&
    input.current_load !== undefined &&
    input.health_score === undefined &&
    input.metadata === undefined
  );
}

/** Merges one level deep; a null deletes its key. Returns `current` itself, not a copy, when nothing changes. */
export function mergeMetadata(
  current: Record<string, unknown>,
  patch: Record<string, unknown>,
): Record<string, unknown> {
  const merged = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  return JSON.stringify(merged) === JSON.stringify(current) ? current : merged;
}

/** Decides any heartbeat. What it leaves out stays unchanged, except that `offline` becomes `available`: the agent lives. */
export function decideHeartbeat(
  before: Entry | undefined,
  request: HeartbeatRequest,
  now: number,
): Decision<HeartbeatResult | Problem> {
  const { id, input, asker, fence, ownerSuffices } = request;
  if (!isLive(before)) return { result: notRegistered(id) };
  const refused = refuseChange(asker, before, fence, ownerSuffices);
  if (refused) return { result: refused };

  const { registration } = before.document;
  const metadata = input.metadata
    ? mergeMetadata(registration.metadata, input.metadata)
    : registration.metadata;
  const healthScore = input.health_score ?? registration.health_score;
  const unchanged = metadata === registration.metadata && healthScore === registration.health_score;
  const document = unchanged
    ? before.document
    : { ...before.document, registration: { ...registration, metadata, health_score: healthScore } };
  if (!unchanged) {
    if (sizeBytes(metadata) > METADATA_BYTES_MAX) {
      const detail = `must be at most ${METADATA_BYTES_MAX} bytes of JSON once merged`;
      return {
        result: new Problem("invalid_request", `/metadata: ${detail}`, {
          errors: [{ pointer: "/metadata", detail }],
        }),
      };
    }
    const oversized = documentTooLarge(document);
    if (oversized) return { result: oversized };
  }

  const keptStatus = before.lease.status === "offline" ? "available" : before.lease.status;
  const lease = leaseAt(
    { ttlSeconds: registration.ttl_seconds, intervalSeconds: registration.heartbeat_interval_seconds },
    { status: input.status ?? keptStatus, currentLoad: input.current_load ?? before.lease.currentLoad },
    // Clocks of the platform differ: a late heartbeat from a slow one must not make the lease shorter.
    Math.max(now, before.lease.lastSeenAt),
  );
  const result: HeartbeatResult = { lease, desired: before.draining ? "drain" : "run" };
  return { result, write: { entry: { ...before, document, lease } } };
}

/** Why a complete heartbeat found no lease: the agent is gone, or another registration has its id. */
export function explainMissingLease(current: Entry | undefined, id: string): Problem {
  return isLive(current) ? leaseLost(id) : notRegistered(id);
}
