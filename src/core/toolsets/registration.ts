import { explainMissingLease, refuseChange, type Asker } from "../authority.ts";
import type { Decision } from "../decision.ts";
import type { Entry, Past, Region } from "../entry.ts";
import { changesBetween } from "../field-changes.ts";
import { Problem } from "../problem.ts";
import { endOf, type Issued } from "../succession.ts";
import { pulseAt } from "./health.ts";
import { toolsetNotFound } from "./kind.ts";
import type { ToolsetPulse, ToolsetRegistration } from "./toolset.ts";

/** The ping or the call belongs to an earlier registration of the toolset. */
export const staleRegistration = (name: string): Problem =>
  new Problem("stale_registration", `"${name}" has been registered anew since this ping was sent.`);

export interface ToolsetRequest {
  registration: ToolsetRegistration;
  asker: Asker;
  region: Region | null;
  issued: Issued;
}

export interface DecidedToolset {
  entry: Entry<"toolset">;
  outcome: "created" | "replaced" | "amended" | "restored" | "repeated";
}

const NEVER_PONGED: ToolsetPulse = { lastPongAt: null, expiresAt: null };

/**
 * Registers, replaces, amends or restores a toolset, as core/succession.ts has decided.
 *
 * With the current token it amends: same epoch, same owner, same health, and calls in hand go on. Every other begins
 * unhealthy, until its first pong: neither the health of the earlier registration nor a late pong for it counts. A repetition
 * changes nothing.
 */
export function decideToolset(
  before: Entry<"toolset"> | undefined,
  { registration, asker, region, issued: { fence, epoch, succession } }: ToolsetRequest,
  now: number,
): Decision<DecidedToolset, "toolset"> {
  const { id } = registration;
  if (before && succession === "repeats") return { result: { entry: before, outcome: "repeated" } };
  if (before && succession === "continues") {
    const document = { ...before.document, region, registration };
    const entry = { ...before, document, lease: before.lease ?? NEVER_PONGED };
    const changes = changesBetween(before.document, document);
    const event = { type: "amended", kind: "toolset", id, at: now, ...changes } as const;
    return { result: { entry, outcome: "amended" }, write: { entry, event } };
  }
  const entry: Entry<"toolset"> = {
    document: { fence, registeredAt: epoch, owner: asker.name, region, registration },
    lease: NEVER_PONGED,
    draining: false,
    mark: null,
  };
  const outcome = succession === "restores" ? "restored" : before ? "replaced" : "created";
  const event = {
    type: outcome === "created" ? "registered" : outcome,
    kind: "toolset",
    id,
    at: now,
    ...(outcome === "replaced" && before && changesBetween(before.document, entry.document)),
  } as const;
  return { result: { entry, outcome }, write: { entry, event } };
}

export interface ProviderRequest {
  name: string;
  asker: Asker;
  fence: string | undefined;
}

/** The toolset, if `asker` may act as its provider: with the current token, as its owner, or as an admin. */
export function toolsetForProvider(
  entry: Entry<"toolset"> | undefined,
  past: Past,
  { name, asker, fence }: ProviderRequest,
): Entry<"toolset"> | Problem {
  if (!entry) return explainMissingLease("toolset", name, fence, undefined, past);
  return refuseChange("toolset", asker, entry, fence, true) ?? entry;
}

/** Removes a toolset from the catalogue, with its health. */
export function decideToolsetRemoval(
  before: Entry<"toolset"> | undefined,
  { name, asker, fence }: ProviderRequest,
  now: number,
): Decision<undefined | Problem, "toolset"> {
  if (!before) return { result: toolsetNotFound(name) };
  const refused = refuseChange("toolset", asker, before, fence, false);
  if (refused) return { result: refused };
  return {
    result: undefined,
    write: {
      entry: undefined,
      event: { type: "unregistered", kind: "toolset", id: name, at: now },
      ended: endOf(before.document),
    },
  };
}

/**
 * Takes a pong. The ping's id names the registration that was pinged. A pong for an earlier registration is refused, and does
 * not make the current one healthy.
 *
 * @param pingFence the fence in the ping's id
 */
export function decidePong(
  before: Entry<"toolset"> | undefined,
  past: Past,
  { name, asker, fence, pingFence }: ProviderRequest & { pingFence: string },
  now: number,
): Decision<undefined | Problem, "toolset"> {
  if (before && before.document.fence !== pingFence) return { result: staleRegistration(name) };
  const allowed = toolsetForProvider(before, past, { name, asker, fence });
  if (allowed instanceof Problem) return { result: allowed };
  return { result: undefined, write: { entry: { ...allowed, lease: pulseAt(now) } } };
}
