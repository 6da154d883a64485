import { type HeartbeatInput, METADATA_BYTES_MAX, type ReportedStatus, sizeBytes } from "./agent.ts";
import { explainMissingLease, owns, refuseChange, type Asker } from "../authority.ts";
import { type Entry, isLive, type Past } from "../entry.ts";
import { type Event, statusTold } from "../event.ts";
import { changesBetween } from "../field-changes.ts";
import type { Decision } from "../decision.ts";
import { leaseAt, type Lease } from "../lease.ts";
import { invalid, type Problem } from "../problem.ts";
import { asLastKnown } from "./liveness.ts";
import { documentTooLarge } from "./registration.ts";

export interface HeartbeatRequest {
  id: string;
  input: HeartbeatInput;
  asker: Asker;
  /** The fence of the presented lease token, if any. */
  fence: string | undefined;
  /** The owner's key is enough without a token (the older API has none). */
  ownerSuffices: boolean;
  /** How many times its interval the agent is told to wait; 1 if absent. */
  stretch?: number;
}

export interface HeartbeatResult {
  lease: Lease;
  desired: "run" | "drain";
  /** The lease had lapsed. What the heartbeat left out is as at registration. */
  restored?: true;
}

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

/** @returns undefined if merged metadata may be kept, or the Problem `invalid_request` */
export function metadataTooLarge(metadata: Record<string, unknown>): Problem | undefined {
  if (sizeBytes(metadata) <= METADATA_BYTES_MAX) return undefined;
  const detail = `must be at most ${METADATA_BYTES_MAX} bytes of JSON once merged`;
  return invalid([{ pointer: "/metadata", detail }]);
}

/**
 * Decides any heartbeat. What it leaves out stays unchanged, except that `offline` becomes `available`: the agent lives. A lease
 * that has lapsed is restored for its holder, as long as the registration is kept.
 */
export function decideHeartbeat(
  before: Entry | undefined,
  past: Past,
  request: HeartbeatRequest,
  now: number,
): Decision<HeartbeatResult | Problem> {
  const { id, input, asker, fence, ownerSuffices, stretch } = request;
  const lapsed = !isLive(before);
  if (!before || (lapsed && !mayComeBack(before, request))) {
    return { result: explainMissingLease("agent", id, fence, before?.document, past) };
  }
  const refused = refuseChange("agent", asker, before, fence, ownerSuffices);
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
    const oversized = metadataTooLarge(metadata) ?? documentTooLarge(document);
    if (oversized) return { result: oversized };
  }

  const known = asLastKnown(before).lease;
  const keptStatus = known.status === "offline" ? "available" : known.status;
  const lease = leaseAt(
    { ttlSeconds: registration.ttl_seconds, intervalSeconds: registration.heartbeat_interval_seconds },
    { status: input.status ?? keptStatus, currentLoad: input.current_load ?? known.currentLoad },
    // Clocks of the platform differ: a late heartbeat from a slow one must not make the lease shorter.
    Math.max(now, known.lastSeenAt),
    stretch,
  );
  const desired = before.draining ? "drain" : "run";
  const entry = { ...before, document, lease };
  if (!lapsed) {
    const told = { kind: "agent", id, at: now } as const;
    const { status } = lease;
    const change = status === known.status ? {} : statusTold(known.status, status);
    if (!unchanged) {
      const changes = changesBetween(before.document, document);
      const event: Event = { type: "amended", ...told, ...change, ...changes };
      return { result: { lease, desired }, write: { entry, event } };
    }
    const event: Event = { type: "status_changed", ...told, ...change };
    return { result: { lease, desired }, write: { entry, ...(change.status && { event }) } };
  }
  return {
    result: { lease, desired, restored: true },
    write: {
      entry: { ...entry, mark: null },
      event: {
        type: "recovered",
        kind: "agent",
        id,
        at: now,
        status: lease.status,
        ...(!unchanged && changesBetween(before.document, document)),
      },
    },
  };
}

/** With the token of the registration; without any, where the older API's rules hold, with its owner's key. */
const mayComeBack = (lapsed: Entry, { asker, fence, ownerSuffices }: HeartbeatRequest): boolean =>
  fence === undefined ? ownerSuffices && owns(asker, lapsed) : fence === lapsed.document.fence;
