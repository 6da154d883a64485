import { refusal, type Asker } from "../authority.ts";
import { agentNotFound } from "./kind.ts";
import { type Entry, isLive } from "../entry.ts";
import type { Decision } from "../decision.ts";
import type { Problem } from "../problem.ts";

export interface Removal {
  id: string;
  asker: Asker;
  fence: string | undefined;
  ownerMayToo: boolean;
}

/** Unregisters: the document, its terms, its lease and any directive go at once. */
export function decideRemoval(
  before: Entry | undefined,
  { id, asker, fence, ownerMayToo }: Removal,
  now: number,
): Decision<undefined | Problem> {
  if (!isLive(before)) return { result: agentNotFound(id) };
  const refused = refusal(asker, before, fence, ownerMayToo);
  if (refused) return { result: refused };
  return {
    result: undefined,
    write: { entry: undefined, event: { type: "unregistered", kind: "agent", id, at: now } },
  };
}
