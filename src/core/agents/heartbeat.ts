import { type HeartbeatInput, METADATA_BYTES_MAX, type ReportedStatus, sizeBytes } from "./agent.ts";
import { leaseLost, refusal, type Asker } from "../authority.ts";
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
  /** The owner's key is enough (the older API knows no token). */
  ownerMayToo: boolean;
}

export interface HeartbeatResult {
  lease: Lease;
  desired: "run" | "drain";
}

/** Whoever calls in and is not known is to register: that is what it believes itself to be. */
const mustRegister = (id: string): Problem =>
  new Problem("agent_not_found", `No live agent has the id "${id}": register it.`, { action: "register" });

/** A heartbeat that says status and load, and nothing else, replaces the lease's state whole: nothing need be read. */
export function isComplete(input: HeartbeatInput): input is { status: ReportedStatus; current_load: number } {
  return (
    input.status !== undefined &&
    input.current_load !== undefined &&
    input.health_score === undefined &&
    input.metadata === undefined
  );
}

/** Merges one level deep; a null deletes its key. Returns `current` itself when nothing changes. */
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

/** A heartbeat that leaves something unsaid. Absent means unchanged, except that any sign of life ends `offline`. */
export function decideHeartbeat(
  before: Entry | undefined,
  request: HeartbeatRequest,
  now: number,
): Decision<HeartbeatResult | Problem> {
  const { id, input, asker, fence, ownerMayToo } = request;
  if (!isLive(before)) return { result: mustRegister(id) };
  const refused = refusal(asker, before, fence, ownerMayToo);
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

  const resting = before.lease.status === "offline" ? "available" : before.lease.status;
  const lease = leaseAt(
    { ttlSeconds: registration.ttl_seconds, intervalSeconds: registration.heartbeat_interval_seconds },
    { status: input.status ?? resting, currentLoad: input.current_load ?? before.lease.currentLoad },
    // Clocks differ between the places where heartbeats come in, and time does not run backwards.
    Math.max(now, before.lease.lastSeenAt),
  );
  const result: HeartbeatResult = { lease, desired: before.draining ? "drain" : "run" };
  return { result, write: { entry: { ...before, document, lease } } };
}

/** Why a whole heartbeat found no lease: the agent is gone, or another registration took its id. */
export function explainMissingLease(current: Entry | undefined, id: string): Problem {
  return isLive(current) ? leaseLost(id) : mustRegister(id);
}
