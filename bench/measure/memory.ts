import { fleetOf } from "../fleet/agents.ts";
import { populateRedis } from "../fleet/populate-redis.ts";
import type { Rig } from "../rig.ts";
import { residentBytes } from "../load/usage.ts";

export interface Memory {
  agents: number;
  redisBytesPerAgent: number;
  workerBytes: number;
}

const AGENTS = 10_000;

/** Measures the memory that one more agent takes in Redis, with all its keys and indexes. */
export async function measureMemory({ redis, rollcall, plan }: Rig): Promise<Memory> {
  const agents = Math.min(AGENTS, plan.sweep.size);
  const before = await redis.memoryBytes();
  await populateRedis(redis.redis, fleetOf(agents, "memory"));
  return {
    agents,
    redisBytesPerAgent: ((await redis.memoryBytes()) - before) / agents,
    workerBytes: residentBytes(rollcall.worker.pid),
  };
}
