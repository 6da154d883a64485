import {
  DOCUMENT_BYTES_MAX,
  type LeaseDefaults,
  type RegistrationInput,
  sizeBytes,
  type Registration,
} from "./agent.ts";
import { refuseReplacement, type Asker } from "../authority.ts";
import { type Document, type Entry, isLive, type Region } from "../entry.ts";
import type { Decision } from "../decision.ts";
import { leaseAt } from "../lease.ts";
import { asLastKnown } from "./liveness.ts";
import { type FieldError, Problem } from "../problem.ts";

export interface RegistrationRequest {
  id: string;
  input: RegistrationInput;
  asker: Asker;
  region: Region | null;
  defaults: LeaseDefaults;
  /** The fence of the lease token that came with the request, if one did. */
  presentedFence: string | undefined;
  /** The fence of the lease token to hand out if this becomes a new registration. */
  mintedFence: string;
}

export interface Registered {
  entry: Entry;
  outcome: "created" | "replaced" | "renewed";
}

/** The rule that joins the two terms of a lease. A schema cannot state it, because the deployment sets their defaults. */
export function termErrors(input: RegistrationInput, defaults: LeaseDefaults): FieldError[] {
  const { ttlSeconds, intervalSeconds } = leaseTerms(input, defaults);
  if (intervalSeconds === null || ttlSeconds >= 2 * intervalSeconds) return [];
  return [
    {
      pointer: input.ttl_seconds === undefined ? "/heartbeat_interval_seconds" : "/ttl_seconds",
      detail: `ttl_seconds (${ttlSeconds}) must be at least 2 × heartbeat_interval_seconds (${intervalSeconds})`,
    },
  ];
}

/** The terms that an agent asks for, with the deployment's defaults for those that it leaves out. */
export function leaseTerms(input: RegistrationInput, defaults: LeaseDefaults) {
  return {
    ttlSeconds: input.ttl_seconds ?? defaults.ttlSeconds,
    intervalSeconds:
      input.heartbeat_interval_seconds === undefined
        ? defaults.heartbeatIntervalSeconds
        : input.heartbeat_interval_seconds,
  };
}

/**
 * Registers, replaces or renews.
 *
 * With the current token it renews, lapsed or not: the epoch stays, and so do the fields that a heartbeat may change, where the
 * request leaves them out. With any other token it refuses, so that a superseded process learns of it. Without a token it
 * replaces, if the asker may: until it is reaped, a lapsed registration keeps its id for its owner.
 */
export function decideRegistration(
  before: Entry | undefined,
  request: RegistrationRequest,
  now: number,
): Decision<Registered | Problem> {
  const { id, input, asker, presentedFence } = request;
  const refused = refuseReplacement(asker, before, id, presentedFence);
  if (refused) return { result: refused };

  const terms = leaseTerms(input, request.defaults);
  // Switching between static and heartbeating starts a new epoch: a token encodes which of the two it is.
  const sameWayOfHolding =
    (before?.document.registration.heartbeat_interval_seconds === null) === (terms.intervalSeconds === null);
  const renewed =
    before && presentedFence !== undefined && sameWayOfHolding ? asLastKnown(before) : undefined;
  const { status, current_load, ...fields } = input;
  const state = {
    status: status ?? renewed?.lease.status ?? "available",
    currentLoad: current_load ?? renewed?.lease.currentLoad ?? 0,
  };
  const registration: Registration = {
    ...fields,
    ...(state.status !== "available" && { status: state.status }),
    ...(state.currentLoad !== 0 && { current_load: state.currentLoad }),
    id,
    metadata: input.metadata ?? renewed?.document.registration.metadata ?? {},
    health_score: input.health_score ?? renewed?.document.registration.health_score ?? 1,
    ttl_seconds: terms.ttlSeconds,
    heartbeat_interval_seconds: terms.intervalSeconds,
  };
  const document: Document = {
    fence: renewed?.document.fence ?? request.mintedFence,
    registeredAt: renewed?.document.registeredAt ?? now,
    owner: renewed ? renewed.document.owner : asker.name,
    region: request.region,
    registration,
  };
  const oversized = documentTooLarge(document);
  if (oversized) return { result: oversized };

  const entry: Entry = {
    document,
    lease: leaseAt(terms, state, now),
    draining: renewed?.draining ?? false,
    // The sweep tells of a recovery from silence; a lapsed registration has none to recover from.
    mark: renewed?.mark?.state === "unreachable" ? renewed.mark : null,
  };
  const outcome = renewed ? "renewed" : isLive(before) ? "replaced" : "created";
  const type = outcome === "created" ? "registered" : outcome;
  return { result: { entry, outcome }, write: { entry, event: { type, kind: "agent", id, at: now } } };
}

/** @returns undefined if the document may be kept, or the Problem `payload_too_large` */
export function documentTooLarge(document: Document): Problem | undefined {
  const bytes = sizeBytes(document);
  if (bytes <= DOCUMENT_BYTES_MAX) return undefined;
  return new Problem(
    "payload_too_large",
    `The entry would take ${bytes} bytes; at most ${DOCUMENT_BYTES_MAX} are kept.`,
  );
}
