import { type Asker, owns } from "../authority.ts";
import type { Decision } from "../decision.ts";
import { type Entry, isLive, type Past } from "../entry.ts";
import { changesBetween } from "../field-changes.ts";
import { leaseAt } from "../lease.ts";
import { Problem } from "../problem.ts";
import type { Issued } from "../succession.ts";
import type { ComponentInput } from "./activation-file.ts";
import type { Registration } from "./agent.ts";
import { metadataTooLarge } from "./heartbeat.ts";
import { asLastKnown } from "./liveness.ts";
import { decideRegistration, documentTooLarge, type RegistrationRequest } from "./registration.ts";
import { decideRemoval } from "./removal.ts";

/**
 * What an import did with an id. `held`: somebody else has it, and keeps it; `removed`: an earlier import of the source
 * registered it, and the file no longer activates it; `skipped`: the file does not activate it, and there was nothing to remove.
 */
export const IMPORT_OUTCOMES = [
  "created",
  "unchanged",
  "changed",
  "held",
  "removed",
  "skipped",
  "failed",
] as const;

export interface Reconciled {
  outcome: Exclude<(typeof IMPORT_OUTCOMES)[number], "failed">;
  /** Of what is held: the other import that has it; absent: a process has. */
  source?: string;
  /** A registration began, whose lease token is the issued one. */
  isAnew?: true;
}

/** Who imports, and what the import is called. */
export interface Importer {
  asker: Asker;
  source: string;
}

export interface ImportRequest extends Importer, Omit<RegistrationRequest, "source" | "input" | "issued"> {
  input: ComponentInput;
  /** The token, if one can be made: it takes none to leave an entry alone. */
  issued: Issued | Problem;
}

/** Decides about an id that the file activates: see `decideInPlace`; where that decides nothing, registers it. */
export function decideImport(
  before: Entry | undefined,
  past: Past,
  request: ImportRequest,
  now: number,
): Decision<Reconciled | Problem> {
  const { issued } = request;
  const inPlace = before && decideInPlace(before, request.input, request, now);
  const isRepetition = !(issued instanceof Problem) && issued.succession === "repeats";
  if (inPlace && !(isRepetition && !inPlace.write)) return inPlace;
  if (issued instanceof Problem) return { result: issued };
  const { result, ...decision } = decideRegistration(before, past, { ...request, issued }, now);
  if (result instanceof Problem) return { result };
  const outcome = result.outcome === "created" ? "created" : "changed";
  return { result: { outcome, isAnew: true }, ...decision };
}

/**
 * Decides about an entry whose id the file activates. What an earlier import of the source registered takes on what the file
 * says and keeps the rest: the registration, so that its token stays good, the lease, what heartbeats said, the drain. If it
 * has lapsed its lease is restored. What others registered is left alone, lapsed or not, because they may come back.
 *
 * @returns undefined where the component is to be registered anew, as static or calling in, which it was not
 */
export function decideInPlace(
  before: Entry,
  input: ComponentInput,
  { asker, source }: Importer,
  now: number,
): Decision<Reconciled | Problem> | undefined {
  const { document, lease } = before;
  const { registration } = document;
  if (registration.source !== source) return { result: heldBy(registration) };
  if (!owns(asker, before)) {
    return { result: new Problem("forbidden", `"${input.id}" belongs to another key.`) };
  }
  const isStatic = input.heartbeat_interval_seconds === null;
  // A token says which of the two its registration is, so that a change ends it.
  if (isStatic !== (registration.heartbeat_interval_seconds === null)) {
    return mayLive(before) ? { result: { outcome: "held" } } : undefined;
  }

  const { name, type, version, path = "" } = input;
  const metadata = { ...registration.metadata, ...input.metadata };
  const said: Registration = { ...registration, name, type, version, path, metadata };
  const isSame = JSON.stringify(said) === JSON.stringify(registration);
  if (isSame && lease) return { result: { outcome: "unchanged" } };
  const after = isSame ? document : { ...document, registration: said };
  const tooLarge = metadataTooLarge(metadata) ?? documentTooLarge(after);
  if (tooLarge) return { result: tooLarge };
  const restored = lease ? undefined : leaseRestored(before, now);
  return {
    result: { outcome: "changed" },
    write: {
      entry: { ...before, document: after, ...(restored && { lease: restored, mark: null }) },
      event: {
        type: restored ? "recovered" : "amended",
        kind: "agent",
        id: input.id,
        at: now,
        ...(restored && { status: restored.status }),
        ...changesBetween(document, after),
      },
    },
  };
}

/**
 * Decides about an id that the file does not activate. What an import of the source registered is removed, unless a process may
 * be calling in with its token, or a process registered it since.
 *
 * @returns the result is undefined where the source has nothing of the id, or what it had is gone already
 */
export function decideAbsence(
  before: Entry | undefined,
  id: string,
  { asker, source }: Importer,
  now: number,
): Decision<Reconciled | Problem | undefined> {
  if (!isLive(before) || before.document.registration.source !== source || !owns(asker, before)) {
    return { result: undefined };
  }
  if (mayLive(before)) return { result: { outcome: "held" } };
  const removal = { id, asker, fence: undefined, ownerSuffices: true };
  const { result, ...decision } = decideRemoval(before, removal, now);
  return { result: result ?? { outcome: "removed" }, ...decision };
}

/** Whether a process may be behind it: none is behind a static entry, nor where nobody has called in since the import. */
const mayLive = ({ document, lease }: Entry): boolean =>
  document.registration.heartbeat_interval_seconds !== null && lease?.unheard !== true;

const heldBy = ({ source }: Registration): Reconciled =>
  source === undefined ? { outcome: "held" } : { outcome: "held", source };

/** As a heartbeat that says nothing would restore it. */
function leaseRestored(lapsed: Entry, now: number) {
  const { ttl_seconds, heartbeat_interval_seconds } = lapsed.document.registration;
  const terms = { ttlSeconds: ttl_seconds, intervalSeconds: heartbeat_interval_seconds };
  return leaseAt(terms, asLastKnown(lapsed).lease, now);
}
