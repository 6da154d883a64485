import { type Fleet, tokenOf } from "../fleet/agents.ts";
import * as operations from "../fleet/operations.ts";
import type { Http } from "../load/http.ts";
import { interleave, type Operation, type Timing } from "../load/load.ts";
import { median } from "../load/statistics.ts";
import { CALLERS, type Plan } from "../plan.ts";
import type { Rig } from "../rig.ts";
import { type PerOperation, perOperation } from "./redis-work.ts";

/** One operation on one fleet. */
export interface Measured {
  operation: string;
  fleet: number;
  /** With one caller; by round. */
  alone: Timing[];
  /** With many callers; by round. */
  together: Timing[];
}

export interface MeasuredOnRedis extends Measured {
  redis: PerOperation;
}

export const LEGACY_HEARTBEAT = "heartbeat, older API";

export const operationsOn = (
  http: Http,
  fleet: Fleet,
  token: (index: number) => string = (index) => tokenOf(fleet, index),
): Record<string, Operation> => ({
  heartbeat: operations.heartbeat(http, fleet, token),
  [`${operations.BULK} heartbeats`]: operations.bulkHeartbeat(http, fleet, token),
  [LEGACY_HEARTBEAT]: operations.legacyHeartbeat(http, fleet),
  get: operations.get(http, fleet),
  discover: operations.discover(http, fleet),
  "discover, 2 terms": operations.discover(http, fleet, { filters: "&tag=zone-1" }),
  [`list page of ${operations.PAGE}`]: operations.listPage(http, fleet),
  resolve: operations.resolve(http),
  register: operations.register(http),
});

/** Measures every operation on every fleet. The fleets take turns, so that one round shows the growth. */
export async function measureFleets(
  plan: Plan,
  pid: number,
  fleets: readonly { size: number; operations: Record<string, Operation> }[],
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const operation of Object.keys(fleets[0]!.operations)) {
    const sides = fleets.map((fleet) => ({ operation: fleet.operations[operation]!, pid }));
    const alone = await interleave(sides, { callers: 1, warmUpMs: plan.warmUpMs, ...plan.alone });
    const together = await interleave(sides, { callers: CALLERS, warmUpMs: 0, ...plan.together });
    fleets.forEach(({ size }, i) =>
      measured.push({ operation, fleet: size, alone: alone[i]!, together: together[i]! }),
    );
  }
  return measured;
}

export async function measureRedisFleets(rig: Rig): Promise<MeasuredOnRedis[]> {
  const { plan, redis, rollcall } = rig;
  const prepared = plan.fleets.map((size) => {
    const fleet = rig.fleet(size);
    return { size, operations: operationsOn(rollcall.http(fleet), fleet) };
  });
  const measured = await measureFleets(plan, rollcall.worker.pid, prepared);
  const results: MeasuredOnRedis[] = [];
  for (const row of measured) {
    const operation = prepared.find(({ size }) => size === row.fleet)!.operations[row.operation]!;
    results.push({ ...row, redis: await perOperation(redis, operation) });
  }
  return results;
}

export const middle = (timings: readonly Timing[], field: keyof Timing): number =>
  median(timings.map((timing) => timing[field]));
