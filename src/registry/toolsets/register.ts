import type { Asker } from "../../core/authority.ts";
import type { Entry, Region } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import {
  decideLaterEpoch,
  type DecidedToolset,
  decideToolset,
  decideToolsetRemoval,
} from "../../core/toolsets/registration.ts";
import type { PartialToolset } from "../../core/toolsets/toolset.ts";
import { changeOne } from "../../store/change.ts";
import { fenceOf, type LeaseToken, leaseToken, mintSecret } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";
import { type InspectedTools, inspectTools, keptTools } from "./inspect-tools.ts";
import { epochOf, type ProviderOf } from "./read.ts";

/** A toolset's lease does not end and has no interval: it stays in the catalogue until it is unregistered. */
const NO_TERMS = { ttlSeconds: 0, intervalSeconds: null };

export interface RegisterToolset {
  input: PartialToolset;
  /** Registers the sound tools although others are refused. */
  partial: boolean;
  region: Region | null;
  /** The current token amends the registration; without one it is replaced. */
  token: LeaseToken | undefined;
}

export interface RegisteredToolset extends DecidedToolset, Pick<InspectedTools, "refused" | "warnings"> {
  leaseToken: string;
}

/**
 * Registers a toolset, replaces the one of that name, or with the current token amends it. All but the last begin a new epoch,
 * which is unhealthy until its first pong.
 *
 * @returns the entry and its token, or the Problem `invalid_request`, `forbidden`, `lease_lost` or `store_contended`
 */
export async function registerToolset(
  namespace: Namespace,
  asker: Asker,
  { input, partial, region, token }: RegisterToolset,
  now: number,
): Promise<RegisteredToolset | Problem> {
  const inspected = inspectTools(input.tools, partial);
  if (inspected instanceof Problem) return inspected;
  const { accepted, refused, warnings } = inspected;
  const { name, ...rest } = input;
  const random = mintSecret();
  const registration = { id: name, ...rest, tools: await keptTools(accepted) };
  const mintedFence = await fenceOf(random, true);
  const request = { registration, asker, region, presentedFence: token?.fence, mintedFence };
  const decided = await changeOne(
    namespace.store,
    { kind: "toolset", id: name },
    (before) => decideToolset(before, request, now),
    now,
  );
  if (decided instanceof Problem) return decided;
  if (decided.outcome === "amended" && token) {
    return { ...decided, leaseToken: leaseToken(NO_TERMS, token.random), refused, warnings };
  }
  const entry = await openEpoch(namespace, decided.entry, now);
  return { ...decided, entry, leaseToken: leaseToken(NO_TERMS, random), refused, warnings };
}

/**
 * Tells the gateway of the epoch that was committed. The gateway may know one that is not earlier. If that one is gone from
 * the catalogue, the clock that dated it was ahead of ours, and our registration is moved past it. If it is still there, it
 * has replaced ours, and the second commit is refused.
 */
async function openEpoch(
  namespace: Namespace,
  entry: Entry<"toolset">,
  now: number,
): Promise<Entry<"toolset">> {
  const { fence, registration } = entry.document;
  const { id } = registration;
  const gateway = namespace.gateway(id);
  const notBefore = await ignoringOutage(gateway.open(epochOf(entry), now));
  if (notBefore === undefined) return entry;
  const moved = await changeOne(
    namespace.store,
    { kind: "toolset", id },
    (before) => decideLaterEpoch(before, { id, fence }, notBefore + 1),
    now,
  );
  if (moved instanceof Problem) return entry;
  await ignoringOutage(gateway.open(epochOf(moved), now));
  return moved;
}

/**
 * Unregisters a toolset. Calls that wait for it fail.
 *
 * @returns undefined, or the Problem `toolset_not_found`, `lease_lost`, `lease_token_required` or `store_contended`
 */
export async function unregisterToolset(
  { store, gateway }: Namespace,
  asker: Asker,
  { name, fence }: ProviderOf,
  now: number,
): Promise<undefined | Problem> {
  let removed: Entry<"toolset"> | undefined;
  const refused = await changeOne(
    store,
    { kind: "toolset", id: name },
    (before) => decideToolsetRemoval((removed = before), { name, asker, fence }, now),
    now,
  );
  if (refused) return refused;
  if (removed) await ignoringOutage(gateway(name).close(epochOf(removed), now));
  return undefined;
}

/**
 * Undefined if the gateway cannot be reached. The catalogue is already changed then, and the gateway learns of it with the
 * next request that names the epoch.
 */
const ignoringOutage = <T>(told: Promise<T>): Promise<T | undefined> => told.catch(() => undefined);
