import type { Asker } from "../../core/authority.ts";
import type { Entry } from "../../core/entry.ts";
import { leaseLost } from "../../core/authority.ts";
import { Problem } from "../../core/problem.ts";
import { toolsetNotFound } from "../../core/toolsets/kind.ts";
import { toolsetForProvider } from "../../core/toolsets/registration.ts";
import type { Epoch, GatewayLoad, GatewayTroubles } from "../../gateway/gateway.ts";
import type { Store } from "../../store/store.ts";
import type { Namespace } from "../namespace.ts";
import { readable, readOne } from "../read.ts";

/**
 * @param near  as `readOne` has it: for showing the toolset, not for a call to it
 * @returns the toolset, or the Problem `toolset_not_found`
 */
export async function readToolset(
  { store }: Namespace,
  name: string,
  now: number,
  near = false,
): Promise<Entry<"toolset"> | Problem> {
  return (await readOne(store, { kind: "toolset", id: name }, now, near)) ?? toolsetNotFound(name);
}

/** Whether the catalogue has a toolset of this name, an unhealthy one included. */
export const isRegistered = async (store: Store, name: string, now: number): Promise<boolean> =>
  (await readOne(store, { kind: "toolset", id: name }, now)) !== undefined;

/** The toolset that a provider acts for, and the fence of the lease token that it sent, if it sent one. */
export interface ProviderOf {
  name: string;
  fence: string | undefined;
}

/** @returns the toolset, or the Problem `toolset_not_found`, `lease_lost` or `forbidden` if `asker` is not its provider */
export async function readForProvider(
  namespace: Namespace,
  asker: Asker,
  { name, fence }: ProviderOf,
  now: number,
): Promise<Entry<"toolset"> | Problem> {
  const [snapshot] = await namespace.store.read([{ kind: "toolset", id: name }], now);
  const { entry, ...past } = readable(snapshot!);
  return toolsetForProvider(entry, past, { name, asker, fence });
}

/** @returns counts of calls and consumers, and what may be wrong with them; or the Problem `toolset_not_found` */
export async function toolsetLoad(
  namespace: Namespace,
  name: string,
  now: number,
): Promise<(GatewayLoad & GatewayTroubles) | Problem> {
  const entry = await readToolset(namespace, name, now);
  if (entry instanceof Problem) return entry;
  const gateway = namespace.gateway(name);
  const [load, troubles] = await Promise.all([gateway.load(now), gateway.troubles(now)]);
  return { ...load, ...troubles };
}

export const epochOf = ({ document: { fence, registeredAt } }: Entry<"toolset">): Epoch => ({
  fence,
  registeredAt,
});

/** The gateway knows a later registration than the one that was read, twice: the store has lost it. */
export const supersededAt = ({ name, fence }: ProviderOf): Problem =>
  fence === undefined ? registeredMeanwhile(name) : leaseLost(name);

/** The gateway knows a later registration than the one that was read. A second read will find the later one. */
export const registeredMeanwhile = (name: string): Problem =>
  new Problem("store_contended", `"${name}" is being registered anew. Nothing was done: try again.`);
