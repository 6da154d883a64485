import type { Entry } from "../../core/entry.ts";
import { Problem, orThrow } from "../../core/problem.ts";
import { toolsetForProvider } from "../../core/toolsets/registration.ts";
import { toolsetNotFound } from "../../core/toolsets/kind.ts";
import type { Epoch } from "../../gateway/gateway.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../../http/frame/loose.ts";
import { readOne } from "../read.ts";

const find = (store: Store, name: string, now: number) => readOne(store, { kind: "toolset", id: name }, now);

/** @throws {Problem} `toolset_not_found` */
export async function readToolset(store: Store, name: string, now: number): Promise<Entry<"toolset">> {
  const entry = await find(store, name, now);
  if (!entry) throw toolsetNotFound(name);
  return entry;
}

/**
 * The toolset, for somebody who acts as its provider.
 *
 * @throws {Problem} `toolset_not_found`, `lease_lost`, `forbidden`
 */
export async function readHeld(call: Call<unknown, unknown>): Promise<Entry<"toolset">> {
  const { name, asker, token, store, clock } = call;
  return orThrow(toolsetForProvider(await find(store, name, clock()), { name, asker, fence: token?.fence }));
}

export const epochOf = ({ document: { fence, registeredAt } }: Entry<"toolset">): Epoch => ({
  fence,
  registeredAt,
});

/** The store's answer was older than what the gateway has seen: asked again, it will have caught up. */
export const replacedMeanwhile = (name: string): Problem =>
  new Problem("store_contended", `"${name}" is being registered anew. Nothing was done: try again.`);
