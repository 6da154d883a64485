import * as operations from "../fleet/operations.ts";
import { closedLoop, interleave, type Timing } from "../load/load.ts";
import { CALLERS } from "../plan.ts";
import type { Rig } from "../rig.ts";

/** Discovery with `max_stale=1` and without, in turns, on the same fleet. */
export interface MaxStale {
  fleet: number;
  fresh: { alone: Timing[]; together: Timing[] };
  stale: { alone: Timing[]; together: Timing[] };
  /** Trips to Redis in so many seconds, while many ask with `max_stale=1`. */
  trips: number;
  seconds: number;
}

const MAX_STALE_FLEET = 10_000;
/** The parameter, as an operation's `filters`. */
export const MAX_STALE = "&max_stale=1";

/** The fleet that discovery with `max_stale` is measured on: the quick run's largest is smaller. */
export const maxStaleFleet = (sizes: readonly number[]): number =>
  Math.max(...sizes.filter((size) => size <= MAX_STALE_FLEET));

export async function measureMaxStale(rig: Rig): Promise<MaxStale> {
  const { plan, redis, rollcall } = rig;
  const fleet = rig.fleet(maxStaleFleet(plan.fleets));
  const { pid } = rollcall.worker;
  const http = rollcall.http(fleet);
  const stale = operations.discover(http, fleet, { filters: MAX_STALE });
  const sides = [operations.discover(http, fleet), stale].map((operation) => ({ operation, pid }));
  const alone = await interleave(sides, { callers: 1, warmUpMs: plan.warmUpMs, ...plan.alone });
  const together = await interleave(sides, { callers: CALLERS, warmUpMs: 0, ...plan.together });
  const before = await redis.work();
  const ms = plan.openLoopMs;
  await closedLoop(stale, { callers: CALLERS, ms, pid });
  const { trips } = await redis.work();
  return {
    fleet: fleet.size,
    fresh: { alone: alone[0]!, together: together[0]! },
    stale: { alone: alone[1]!, together: together[1]! },
    trips: trips - before.trips,
    seconds: ms / 1000,
  };
}
