import {
  DOCUMENT_BYTES_MAX,
  type LeaseDefaults,
  type RegistrationInput,
  sizeBytes,
  type Registration,
} from "./agent.ts";
import { replacementRefusal, type Asker } from "../authority.ts";
import { type Document, type Entry, isLive, type Region } from "../entry.ts";
import type { Decision } from "../decision.ts";
import { leaseAt } from "../lease.ts";
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

/** The rule that joins the two terms, which a schema with deployment defaults cannot state. */
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
 * With the current token it renews: same epoch, and what a heartbeat may also set stays as it is unless said. With a token
 * that is not current it refuses, so that a superseded process learns of it. Without one it replaces, if the asker may.
 */
export function decideRegistration(
  before: Entry | undefined,
  request: RegistrationRequest,
  now: number,
): Decision<Registered | Problem> {
  const { id, input, asker, presentedFence } = request;
  const live = isLive(before) ? before : undefined;
  const renewing = presentedFence !== undefined;
  const refused = replacementRefusal(asker, live, id, presentedFence);
  if (refused) return { result: refused };

  const terms = leaseTerms(input, request.defaults);
  // Between static and calling in there is no way in one epoch: the old token would still speak for the old kind.
  const sameKind =
    (live?.document.registration.heartbeat_interval_seconds === null) === (terms.intervalSeconds === null);
  const kept = renewing && sameKind ? live : undefined;
  const { status, current_load, ...fields } = input;
  const registration: Registration = {
    ...fields,
    id,
    metadata: input.metadata ?? kept?.document.registration.metadata ?? {},
    health_score: input.health_score ?? kept?.document.registration.health_score ?? 1,
    ttl_seconds: terms.ttlSeconds,
    heartbeat_interval_seconds: terms.intervalSeconds,
  };
  const document: Document = {
    fence: kept?.document.fence ?? request.mintedFence,
    registeredAt: kept?.document.registeredAt ?? now,
    owner: kept ? kept.document.owner : asker.name,
    region: request.region,
    registration,
  };
  const oversized = documentTooLarge(document);
  if (oversized) return { result: oversized };

  const state = {
    status: status ?? kept?.lease.status ?? "available",
    currentLoad: current_load ?? kept?.lease.currentLoad ?? 0,
  };
  const entry: Entry = {
    document,
    lease: leaseAt(terms, state, now),
    draining: kept?.draining ?? false,
    unreachable: kept?.unreachable ?? false,
  };
  const outcome = kept ? "renewed" : live ? "replaced" : "created";
  const type = outcome === "created" ? "registered" : outcome;
  return { result: { entry, outcome }, write: { entry, event: { type, kind: "agent", id, at: now } } };
}

export function documentTooLarge(document: Document): Problem | undefined {
  const bytes = sizeBytes(document);
  if (bytes <= DOCUMENT_BYTES_MAX) return undefined;
  return new Problem(
    "payload_too_large",
    `The entry would take ${bytes} bytes; at most ${DOCUMENT_BYTES_MAX} are kept.`,
  );
}
