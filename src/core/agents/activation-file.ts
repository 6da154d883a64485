import * as z from "zod";
import { check } from "../check.ts";
import { label } from "../names.ts";
import type { Problem } from "../problem.ts";
import { type RegistrationInput, registrationInput } from "./agent.ts";

/** One component of an activation file, the bulk format of an older registry. */
export const activationItem = z.strictObject({
  type: label(64),
  name: label(256),
  activated: z.boolean().default(false),
  version: label(64).default("1.0.0"),
  path: z.string().max(1024).default(""),
  activated_at: z.unknown().optional(),
  reason: z.unknown().optional(),
});
export type ActivationItem = z.output<typeof activationItem>;

export const componentId = ({ type, name }: ActivationItem): string => `${type}/${name}`;

/**
 * A component as an agent's registration. The fields for which an agent has no place become metadata.
 *
 * @param isStatic  the agent never calls in and never lapses
 * @returns or the Problem `invalid_request`: type and name make no id, or the metadata is too large
 */
export function registrationOf(item: ActivationItem, isStatic: boolean): RegistrationInput | Problem {
  return check(registrationInput, {
    id: componentId(item),
    name: item.name,
    type: item.type,
    version: item.version,
    path: item.path,
    metadata: { activated_at: item.activated_at ?? null, reason: item.reason ?? null },
    ...(isStatic && { heartbeat_interval_seconds: null }),
  });
}
