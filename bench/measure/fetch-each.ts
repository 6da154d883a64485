import * as operations from "../fleet/operations.ts";
import { warmUp } from "../load/load.ts";
import { ascending } from "../load/statistics.ts";
import type { Rig } from "../rig.ts";
import { fetchEach, fetchEachPipelined, populateFetchEach } from "../yardsticks/fetch-each.ts";

export interface FetchEachResult {
  fleet: number;
  /** ms, by round, each the median of several answers. */
  discover: number[];
  oneByOne: number[];
  pipelined: number[];
}

const DISCOVERS_A_ROUND = 25;

export async function measureFetchEach(rig: Rig): Promise<FetchEachResult[]> {
  const { plan, redis, rollcall } = rig;
  const results: FetchEachResult[] = [];
  for (const size of plan.fetchEach) {
    const fleet = rig.fleet(size);
    await populateFetchEach(redis.redis, size);
    const discover = operations.discover(rollcall.http(fleet), fleet);
    await warmUp({ operation: discover, pid: rollcall.worker.pid }, plan.warmUpMs);
    const result: FetchEachResult = { fleet: size, discover: [], oneByOne: [], pipelined: [] };
    for (let round = 0; round < plan.fetchEachTimes; round += 1) {
      result.discover.push(await middleOf(DISCOVERS_A_ROUND, () => discover(round)));
      result.oneByOne.push(await middleOf(3, () => fetchEach(redis.redis, size, operations.LIMIT)));
      result.pipelined.push(await middleOf(3, () => fetchEachPipelined(redis.redis, size, operations.LIMIT)));
    }
    results.push(result);
  }
  return results;
}

async function middleOf(times: number, run: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const startedAt = performance.now();
    await run();
    took.push(performance.now() - startedAt);
  }
  return ascending(took)[Math.floor(times / 2)]!;
}
