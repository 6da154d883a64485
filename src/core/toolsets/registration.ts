import { leaseLost, refuseChange, refuseReplacement, type Asker } from "../authority.ts";
import type { Decision } from "../decision.ts";
import type { Entry, Region } from "../entry.ts";
import { Problem } from "../problem.ts";
import { pulseAt } from "./health.ts";
import { toolsetNotFound } from "./kind.ts";
import type { ToolsetPulse, ToolsetRegistration } from "./toolset.ts";

/** As `toolsetNotFound`, for the provider: it can register again. */
const notRegistered = (name: string): Problem =>
  new Problem("toolset_not_found", `toolset "${name}" not found`, { action: "register" });

/** The ping or the call belongs to an earlier registration of the toolset. */
export const staleRegistration = (name: string): Problem =>
  new Problem("stale_registration", `"${name}" has been registered anew since this ping was sent.`);

export interface ToolsetRequest {
  registration: ToolsetRegistration;
  asker: Asker;
  region: Region | null;
  /** The fence of the lease token that came with the request, if one did. */
  presentedFence: string | undefined;
  mintedFence: string;
}

export interface DecidedToolset {
  entry: Entry<"toolset">;
  outcome: "created" | "replaced" | "amended";
}

const NEVER_PONGED: ToolsetPulse = { lastPongAt: null, expiresAt: null };

/**
 * Registers a toolset, amends it, or replaces the one of that name.
 *
 * With the current token it amends: same epoch, same owner, same health, and calls in hand go on. Without a token it begins
 * an epoch of its own, which is unhealthy until its first pong: neither the health of the earlier registration nor a late
 * pong for it counts.
 */
export function decideToolset(
  before: Entry<"toolset"> | undefined,
  { registration, asker, region, presentedFence, mintedFence }: ToolsetRequest,
  now: number,
): Decision<DecidedToolset | Problem, "toolset"> {
  const { id } = registration;
  const refused = refuseReplacement(asker, before, id, presentedFence);
  if (refused) return { result: refused };
  if (before && presentedFence !== undefined) {
    const document = { ...before.document, region, registration };
    const entry = { ...before, document, lease: before.lease ?? NEVER_PONGED };
    const event = { type: "amended", kind: "toolset", id, at: now } as const;
    return { result: { entry, outcome: "amended" }, write: { entry, event } };
  }
  // Later than the one it replaces even if this clock is behind, because the gateway orders epochs by it.
  const registeredAt = before ? Math.max(now, before.document.registeredAt + 1) : now;
  const entry: Entry<"toolset"> = {
    document: { fence: mintedFence, registeredAt, owner: asker.name, region, registration },
    lease: NEVER_PONGED,
    draining: false,
    mark: null,
  };
  const event = { type: before ? "replaced" : "registered", kind: "toolset", id, at: now } as const;
  return { result: { entry, outcome: before ? "replaced" : "created" }, write: { entry, event } };
}

/**
 * Dates a registration to `registeredAt` or later, because the gateway knows an epoch that is not earlier. Refused with
 * `lease_lost` if the registration has been replaced or removed.
 */
export function decideLaterEpoch(
  before: Entry<"toolset"> | undefined,
  { id, fence }: { id: string; fence: string },
  registeredAt: number,
): Decision<Entry<"toolset"> | Problem, "toolset"> {
  if (before?.document.fence !== fence) return { result: leaseLost(id) };
  const later = Math.max(registeredAt, before.document.registeredAt + 1);
  const entry = { ...before, document: { ...before.document, registeredAt: later } };
  return { result: entry, write: { entry } };
}

export interface ProviderRequest {
  name: string;
  asker: Asker;
  fence: string | undefined;
}

/** The toolset, if `asker` may act as its provider: with the current token, as its owner, or as an admin. */
export function toolsetForProvider(
  entry: Entry<"toolset"> | undefined,
  { name, asker, fence }: ProviderRequest,
): Entry<"toolset"> | Problem {
  return entry ? (refuseChange(asker, entry, fence, true) ?? entry) : notRegistered(name);
}

/** Removes a toolset from the catalogue, with its health. */
export function decideToolsetRemoval(
  before: Entry<"toolset"> | undefined,
  { name, asker, fence }: ProviderRequest,
  now: number,
): Decision<undefined | Problem, "toolset"> {
  if (!before) return { result: toolsetNotFound(name) };
  const refused = refuseChange(asker, before, fence, false);
  if (refused) return { result: refused };
  return {
    result: undefined,
    write: { entry: undefined, event: { type: "unregistered", kind: "toolset", id: name, at: now } },
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
  { name, asker, fence, pingFence }: ProviderRequest & { pingFence: string },
  now: number,
): Decision<undefined | Problem, "toolset"> {
  if (!before) return { result: notRegistered(name) };
  if (before.document.fence !== pingFence) return { result: staleRegistration(name) };
  const allowed = toolsetForProvider(before, { name, asker, fence });
  if (allowed instanceof Problem) return { result: allowed };
  return { result: undefined, write: { entry: { ...before, lease: pulseAt(now) } } };
}
