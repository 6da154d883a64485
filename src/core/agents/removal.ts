import { refuseChange, type Asker } from "../authority.ts";
import { endOf } from "../succession.ts";
import { agentNotFound } from "./kind.ts";
import { type Entry, isLive } from "../entry.ts";
import type { Decision } from "../decision.ts";
import type { Problem } from "../problem.ts";

export interface Removal {
  id: string;
  asker: Asker;
  fence: string | undefined;
  ownerSuffices: boolean;
}

/**
 * Unregisters an agent: its document, index terms, lease and directive are removed in one commit. One that has lapsed is gone
 * for all but those who may remove it.
 */
export function decideRemoval(
  before: Entry | undefined,
  { id, asker, fence, ownerSuffices }: Removal,
  now: number,
): Decision<undefined | Problem> {
  if (!before) return { result: agentNotFound(id) };
  const refused = refuseChange("agent", asker, before, fence, ownerSuffices);
  if (refused) return { result: isLive(before) ? refused : agentNotFound(id) };
  return {
    result: undefined,
    write: {
      entry: undefined,
      event: { type: "unregistered", kind: "agent", id, at: now },
      ended: endOf(before.document),
    },
  };
}
