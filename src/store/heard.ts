import { isUnreachable } from "../core/lease.ts";
import type { Heard, RollCall } from "./store.ts";

const isPlainlyHeard = ({ lease, mark, draining }: RollCall, now: number): boolean =>
  lease !== null && mark === null && !draining && !isUnreachable(lease, now);

/**
 * Parts calls into those that a sweep has nothing to do about, counted, and the others.
 *
 * @param isHeldApart  whether leases of holders are still as they are stored: then each holder's are counted for themselves
 */
export function countHeard(
  calls: readonly RollCall[],
  now: number,
  isHeldApart: boolean,
): { heard: Heard[]; calls: RollCall[] } {
  const heard = new Map<string, Heard>();
  const others: RollCall[] = [];
  for (const call of calls) {
    const { lease, mark, draining } = call;
    const holder = isHeldApart && !lease?.cutOff ? lease?.holder : undefined;
    const isCounted = holder === undefined ? isPlainlyHeard(call, now) : mark === null && !draining;
    if (!lease || !isCounted) {
      others.push(call);
      continue;
    }
    const intervalSeconds = lease.holder === undefined ? lease.intervalSeconds : null;
    const group = `${lease.status} ${intervalSeconds} ${holder ?? ""}`;
    const known = heard.get(group);
    if (known) known.agents += 1;
    else
      heard.set(group, {
        status: lease.status,
        agents: 1,
        intervalSeconds,
        ...(holder !== undefined && { holder }),
      });
  }
  return { heard: [...heard.values()], calls: others };
}
