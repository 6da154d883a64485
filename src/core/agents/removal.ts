import { agentNotFound, type Caller, refusal } from "../authority.ts";
import { type Decision, type Entry, isLive } from "../entry.ts";
import type { Problem } from "../problem.ts";

export interface Removal {
  id: string;
  caller: Caller;
  fence: string | undefined;
  ownerMayToo: boolean;
}

/** Unregisters: the document, its terms, its lease and any directive go at once. */
export function decideRemoval(
  before: Entry | undefined,
  { id, caller, fence, ownerMayToo }: Removal,
  now: number,
): Decision<undefined | Problem> {
  if (!isLive(before)) return { result: agentNotFound(id) };
  const refused = refusal(caller, before, fence, ownerMayToo);
  if (refused) return { result: refused };
  return {
    result: undefined,
    write: { entry: undefined, event: { type: "unregistered", kind: "agent", id, at: now } },
  };
}
