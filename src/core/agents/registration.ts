import {
  DOCUMENT_BYTES_MAX,
  type LeaseDefaults,
  type RegistrationInput,
  sizeBytes,
  type Registration,
} from "./agent.ts";
import type { Asker } from "../authority.ts";
import { type Document, type Entry, isLive, type Outcome, type Past, type Region } from "../entry.ts";
import { type Event, statusTold } from "../event.ts";
import type { Decision } from "../decision.ts";
import { changesBetween } from "../field-changes.ts";
import { leaseAt } from "../lease.ts";
import { asLastKnown } from "./liveness.ts";
import { type FieldError, Problem } from "../problem.ts";
import type { Issued } from "../succession.ts";

export interface RegistrationRequest {
  id: string;
  input: RegistrationInput;
  asker: Asker;
  region: Region | null;
  defaults: LeaseDefaults;
  issued: Issued;
  /** The import that registers it; absent: a process does. */
  source?: string;
}

export interface Registered {
  entry: Entry;
  outcome: Outcome;
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
 * Registers, replaces, renews or restores, as core/succession.ts has decided.
 *
 * A renewal, lapsed or not, leaves the fields that a heartbeat may change as they are, where the request leaves them out. A
 * repetition changes nothing, and is answered as the first was.
 */
export function decideRegistration(
  before: Entry | undefined,
  past: Past,
  request: RegistrationRequest,
  now: number,
): Decision<Registered | Problem> {
  const { id, input, asker, issued, source } = request;
  const { succession } = issued;
  if (succession === "repeats" && isLive(before)) {
    return { result: { entry: before, outcome: before.document.outcome ?? "created" } };
  }
  const terms = leaseTerms(input, request.defaults);
  // Switching between static and heartbeating starts anew: nothing of the one is said of the other.
  const sameWayOfHolding =
    (before?.document.registration.heartbeat_interval_seconds === null) === (terms.intervalSeconds === null);
  const continued = succession === "continues" || succession === "repeats" ? before : undefined;
  const kept = continued && sameWayOfHolding ? asLastKnown(continued) : undefined;
  const { status, current_load, ...fields } = input;
  const state = {
    status: status ?? kept?.lease.status ?? "available",
    currentLoad: current_load ?? kept?.lease.currentLoad ?? 0,
  };
  const registration: Registration = {
    ...fields,
    ...(state.status !== "available" && { status: state.status }),
    ...(state.currentLoad !== 0 && { current_load: state.currentLoad }),
    id,
    metadata: input.metadata ?? kept?.document.registration.metadata ?? {},
    health_score: input.health_score ?? kept?.document.registration.health_score ?? 1,
    ttl_seconds: terms.ttlSeconds,
    heartbeat_interval_seconds: terms.intervalSeconds,
    ...(source !== undefined && { source }),
  };
  const outcome = outcomeOf(request, before, kept);
  const isSame = before?.document.fence === issued.fence;
  const document: Document = {
    fence: issued.fence,
    registeredAt: issued.epoch,
    owner: kept ? kept.document.owner : asker.name,
    region: request.region,
    registration,
    outcome: (isSame && before.document.outcome) || outcome,
  };
  const oversized = documentTooLarge(document);
  if (oversized) return { result: oversized };

  const entry: Entry = {
    document,
    lease: { ...leaseAt(terms, state, now), ...(source !== undefined && { unheard: true }) },
    draining: before?.draining ?? past.draining ?? false,
    // The sweep tells of a recovery from silence; a lapsed registration has none to recover from.
    mark: kept?.mark?.state === "unreachable" ? kept.mark : null,
  };
  // Whoever begins is available unless it says something else; of whom comes back nothing is known.
  const was = before?.lease?.status ?? (kept ? undefined : "available");
  const event: Event = {
    type: outcome === "created" ? "registered" : outcome,
    kind: "agent",
    id,
    at: now,
    ...(state.status !== was && statusTold(before?.lease?.status, state.status)),
    ...(before &&
      (outcome === "replaced" || outcome === "renewed") &&
      changesBetween(before.document, document)),
  };
  return { result: { entry, outcome }, write: { entry, event } };
}

function outcomeOf(
  { issued: { succession } }: RegistrationRequest,
  before: Entry | undefined,
  kept: Entry | undefined,
): Outcome {
  if (succession === "restores") return "restored";
  if (kept) return "renewed";
  return isLive(before) ? "replaced" : "created";
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
