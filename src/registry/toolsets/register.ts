import type { Asker } from "../../core/authority.ts";
import type { Entry, Ref, Region } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import { leaseLost } from "../../core/authority.ts";
import {
  type DecidedToolset,
  decideToolset,
  decideToolsetRemoval,
} from "../../core/toolsets/registration.ts";
import type { PartialToolset } from "../../core/toolsets/toolset.ts";
import { change, changeOne } from "../../store/change.ts";
import { type Claimant, issue } from "../issue.ts";
import type { LeaseToken } from "../lease-token.ts";
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
  /** The current token amends the registration, one that the store has lost restores it; without one it is replaced. */
  token: LeaseToken | undefined;
  /** Makes a repetition find what the first one registered; undefined: it cannot be repeated. */
  idempotencyKey: string | undefined;
}

export interface RegisteredToolset extends DecidedToolset, Pick<InspectedTools, "refused" | "warnings"> {
  leaseToken: string;
}

/**
 * Registers a toolset, replaces the one of that name, amends it with its current token, or restores it with one that the
 * store has lost. All but an amendment are unhealthy until their first pong.
 *
 * @returns the entry and its token, or the Problem `invalid_request`, `forbidden`, `lease_lost`, `epoch_ahead` or
 *          `store_contended`
 */
export async function registerToolset(
  namespace: Namespace,
  asker: Asker,
  { input, partial, region, token, idempotencyKey }: RegisterToolset,
  now: number,
): Promise<RegisteredToolset | Problem> {
  const inspected = inspectTools(input.tools, partial);
  if (inspected instanceof Problem) return inspected;
  const { accepted, refused, warnings } = inspected;
  const { name, ...rest } = input;
  const registration = { id: name, ...rest, tools: await keptTools(name, accepted) };
  const claimant = { kind: "toolset", id: name, asker, token, idempotencyKey, terms: NO_TERMS } as const;

  let registered = await commit(namespace, claimant, { registration, region }, 0, now);
  if (registered instanceof Problem) return registered;
  if (registered.outcome === "created" || registered.outcome === "replaced") {
    const known = await openEpoch(namespace, registered.entry, now);
    if (known !== undefined) {
      // The gateway knows a later registration, which the store has lost: this one has to be later still.
      registered = await commit(namespace, claimant, { registration, region }, known + 1, now);
      if (registered instanceof Problem) return registered;
      await openEpoch(namespace, registered.entry, now);
    }
  } else if (registered.outcome === "restored") {
    // The gateway remembers one that is later than what the token restores, or that this one was unregistered.
    if ((await openEpoch(namespace, registered.entry, now)) !== undefined) return leaseLost(name);
  }
  return { ...registered, refused, warnings };
}

type Committed = DecidedToolset & { leaseToken: string };

async function commit(
  { store }: Namespace,
  claimant: Claimant,
  content: Pick<Parameters<typeof decideToolset>[1], "registration" | "region">,
  notBefore: number,
  now: number,
): Promise<Committed | Problem> {
  const { id, asker } = claimant;
  const refs: Ref<"toolset">[] = [{ kind: "toolset", id }];
  const { snapshots, clock } =
    (!claimant.token && store.presume(refs, now)) || (await store.readWithClock(refs, now));
  const [result] = await change<Committed | Problem, "toolset">(
    store,
    snapshots,
    async (before, _, past) => {
      const issued = await issue(claimant, before?.document, past, clock, notBefore);
      if (issued instanceof Problem) return { result: issued };
      const { result: decided, ...decision } = decideToolset(before, { ...content, asker, issued }, now);
      return { result: { ...decided, leaseToken: issued.text }, ...decision };
    },
    now,
  );
  return result!;
}

/**
 * Tells the gateway of the epoch that was committed.
 *
 * @returns the epoch of a later one that it knows
 */
const openEpoch = (
  { gateway }: Namespace,
  entry: Entry<"toolset">,
  now: number,
): Promise<number | undefined> =>
  ignoringOutage(gateway(entry.document.registration.id).open(epochOf(entry), now));

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
