import type { Trouble } from "../../core/alert.ts";
import { QUEUED_MAX } from "../../core/toolsets/call.ts";
import { glanceAtToolsets, type ToolsetGlance } from "../toolsets/glance.ts";
import type { Namespace } from "../namespace.ts";

/** How many toolsets are looked at, the first by name: each is a call to its gateway. */
const TOOLSETS_MAX = 50;
/** A queue is as good as full from here. */
const NEARLY_FULL = 0.9 * QUEUED_MAX;

/** What is wrong with toolsets, and how many calls to them are not settled. */
export async function toolsetTroubles(
  namespace: Namespace,
  now: number,
): Promise<{ troubles: Trouble[]; calls: number }> {
  const glances = await glanceAtToolsets(namespace, TOOLSETS_MAX, now);
  const calls = glances.reduce((sum, { load }) => sum + (load ? load.queued + load.claimed : 0), 0);
  return { troubles: glances.flatMap(troublesOf), calls };
}

function troublesOf({ info: { name, health }, load }: ToolsetGlance): Trouble[] {
  const queued = load?.queued ?? 0;
  const troubles: Trouble[] = [];
  if (!health.healthy) {
    troubles.push({
      code: "toolset_unhealthy",
      severity: queued > 0 ? "critical" : "warning",
      kind: "toolset",
      id: name,
      detail:
        queued > 0
          ? `No provider answers pings, and calls wait for one.`
          : "No provider answers pings, so it takes no calls.",
      ...(queued > 0 && { count: queued }),
    });
  }
  if (queued >= NEARLY_FULL) {
    troubles.push({
      code: "queue_full",
      severity: "critical",
      kind: "toolset",
      id: name,
      detail: `Of ${QUEUED_MAX} calls that may wait, so many do: more are refused.`,
      count: queued,
    });
  }
  return troubles;
}
