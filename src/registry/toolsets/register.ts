import type { Asker } from "../../core/authority.ts";
import type { Entry, Region } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import {
  decideToolset,
  decideToolsetRemoval,
  type ToolsetRequest,
} from "../../core/toolsets/registration.ts";
import type { PartialToolset } from "../../core/toolsets/toolset.ts";
import { changeOne } from "../../store/change.ts";
import { fenceOf, leaseToken, mintSecret } from "../lease-token.ts";
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
  /** Of the lease token that came along; undefined without one. */
  fence: string | undefined;
}

export interface RegisteredToolset extends Pick<InspectedTools, "refused" | "warnings"> {
  entry: Entry<"toolset">;
  leaseToken: string;
}

/**
 * Registers a toolset, or replaces the one of that name. Either begins a new epoch, which is unhealthy until its first pong.
 *
 * @returns the entry and its token, or the Problem `invalid_request`, `forbidden`, `lease_lost` or `store_contended`
 */
export async function registerToolset(
  namespace: Namespace,
  asker: Asker,
  { input, partial, region, fence }: RegisterToolset,
  now: number,
): Promise<RegisteredToolset | Problem> {
  const inspected = inspectTools(input.tools, partial);
  if (inspected instanceof Problem) return inspected;
  const { accepted, refused, warnings } = inspected;
  const { name, ...rest } = input;
  const random = mintSecret();
  const registration = { id: name, ...rest, tools: await keptTools(accepted) };
  const mintedFence = await fenceOf(random, true);
  const request = { registration, asker, region, presentedFence: fence, mintedFence };
  const entry = await commit(namespace, request, now);
  if (entry instanceof Problem) return entry;
  const current = await openEpoch(namespace, request, entry, now);
  return { entry: current, leaseToken: leaseToken(NO_TERMS, random), refused, warnings };
}

const commit = (
  { store }: Namespace,
  request: ToolsetRequest,
  now: number,
): Promise<Entry<"toolset"> | Problem> =>
  changeOne(
    store,
    { kind: "toolset", id: request.registration.id },
    (before) => decideToolset(before, request, now),
    now,
  );

/**
 * Tells the gateway of the epoch that was committed. The gateway may know one that is not earlier. If that one is gone from
 * the catalogue, the clock that dated it was ahead of ours, and our registration is moved past it. If it is still there, it
 * has replaced ours, and the second commit is refused because our token is no longer the current one.
 */
async function openEpoch(
  namespace: Namespace,
  request: ToolsetRequest,
  entry: Entry<"toolset">,
  now: number,
): Promise<Entry<"toolset">> {
  const gateway = namespace.gateway(request.registration.id);
  const notBefore = await ignoringOutage(gateway.open(epochOf(entry), now));
  if (notBefore === undefined) return entry;
  const moved = await commit(namespace, { ...request, presentedFence: request.mintedFence }, notBefore + 1);
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
