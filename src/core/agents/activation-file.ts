import * as z from "zod";
import { check } from "../check.ts";
import { entryId, label } from "../names.ts";
import { Problem } from "../problem.ts";
import { type RegistrationInput, registrationInput } from "./agent.ts";

/** One component of an activation file, the bulk format of an older registry. What else it says is ignored, as it was there. */
export const activationItem = z.looseObject({
  type: label(64),
  name: label(256),
  activated: z.boolean().default(false),
  version: label(64).default("1.0.0"),
  path: z.string().max(1024).default(""),
  activated_at: z.unknown().optional(),
  reason: z.unknown().optional(),
});
export type ActivationItem = z.output<typeof activationItem>;

const identified = z.object({ type: z.string().min(1), name: z.string().min(1) });

/** The id of a component, sound or not; undefined where its type and name make none. */
export function componentId(component: unknown): string | undefined {
  const { data } = identified.safeParse(component);
  return data && entryId.safeParse(`${data.type}/${data.name}`).data;
}

/** What a component's agent is registered with. */
export type ComponentInput = RegistrationInput & { id: string };

/**
 * A component as an agent's registration. The fields for which an agent has no place become metadata.
 *
 * @param isStatic  the agent never calls in and never lapses
 * @returns or the Problem `invalid_request`: type and name make no id, or the metadata is too large
 */
export function registrationOf(item: ActivationItem, isStatic: boolean): ComponentInput | Problem {
  const id = `${item.type}/${item.name}`;
  const input = check(registrationInput, {
    id,
    name: item.name,
    type: item.type,
    version: item.version,
    path: item.path,
    metadata: { activated_at: item.activated_at ?? null, reason: item.reason ?? null },
    ...(isStatic && { heartbeat_interval_seconds: null }),
  });
  return input instanceof Problem ? input : { ...input, id };
}
