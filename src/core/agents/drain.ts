import { refuseChange, type Asker } from "../authority.ts";
import { agentNotFound } from "./kind.ts";
import { type Entry, isLive } from "../entry.ts";
import type { Decision } from "../decision.ts";
import type { Problem } from "../problem.ts";

export interface DrainRequest {
  id: string;
  asker: Asker;
  fence: string | undefined;
  /** false: takes the request back */
  draining: boolean;
}

/** Asks whoever holds an id to drain, or takes that back. Asking a second time changes nothing and makes no event. */
export function decideDrain(
  before: Entry | undefined,
  { id, asker, fence, draining }: DrainRequest,
  now: number,
): Decision<undefined | Problem> {
  if (!isLive(before)) return { result: agentNotFound(id) };
  const refused = refuseChange("agent", asker, before, fence, true);
  if (refused || before.draining === draining) return { result: refused };
  const type = draining ? "drain_requested" : "drain_cancelled";
  return {
    result: undefined,
    write: { entry: { ...before, draining }, event: { type, kind: "agent", id, at: now } },
  };
}
