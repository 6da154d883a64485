import { type ActivationItem, registrationOf } from "../../core/agents/activation-file.ts";
import type { Asker } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import type { Namespace } from "../namespace.ts";
import { unlessSettled } from "../batch.ts";
import { type NewAgent, registerAll, type RegisteredAgent } from "./register.ts";

export interface ActivationFile {
  /** A Problem where an item could not be read. */
  items: readonly (ActivationItem | Problem)[];
  /** The agents never call in and never lapse. */
  isStatic: boolean;
  region: Region | null;
  idempotencyKey: string | undefined;
}

/**
 * Registers the activated components of an activation file, each on its own: one that is refused stops no other.
 *
 * @returns per item, the agent, `skipped` for a component that is not activated, or the Problem that refused it
 * @throws {Problem} `store_unavailable`
 */
export async function importAgents(
  namespace: Namespace,
  asker: Asker,
  { items, isStatic, region, idempotencyKey }: ActivationFile,
  now: number,
): Promise<(RegisteredAgent | "skipped" | Problem)[]> {
  const agents = items.map((item): NewAgent | "skipped" | Problem => {
    if (item instanceof Problem) return item;
    if (!item.activated) return "skipped";
    const input = registrationOf(item, isStatic);
    return input instanceof Problem ? input : { input, token: undefined, idempotencyKey, region };
  });
  return unlessSettled<NewAgent, "skipped" | Problem, RegisteredAgent | Problem>(
    agents,
    (agent): agent is "skipped" | Problem => agent === "skipped" || agent instanceof Problem,
    (accepted) => registerAll(namespace, asker, accepted, now),
  );
}
