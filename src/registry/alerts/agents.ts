import type { Trouble } from "../../core/alert.ts";
import { isRecovering } from "../../core/agents/recovering.ts";
import { sum } from "../../core/agents/tally.ts";
import type { Census } from "../../store/store.ts";

/** So many of the live agents, at least 3 and 20 %, that it is not one agent's own trouble. */
const isMassive = (unreachable: number, alive: number): boolean =>
  unreachable >= 3 && 100 * unreachable >= 20 * alive;

/** What is wrong with the agents as a whole, by the last complete count of them. */
export function agentTroubles({ byStatus, lapsed }: Census): Trouble[] {
  const alive = sum(Object.values(byStatus));
  const { unreachable = 0 } = byStatus;
  const troubles: Trouble[] = [];
  if (isMassive(unreachable, alive)) {
    troubles.push({
      code: "agents_unreachable",
      severity: "critical",
      kind: "namespace",
      id: "",
      detail: `${unreachable} of ${alive} agents have not been heard in time.`,
      count: unreachable,
    });
  }
  if (isRecovering(lapsed, alive + lapsed)) {
    troubles.push({
      code: "recovering",
      severity: "critical",
      kind: "namespace",
      id: "",
      detail: `${lapsed} of ${alive + lapsed} agents have lapsed, as after an outage: they come back by calling in.`,
      count: lapsed,
    });
  }
  return troubles;
}
