/**
 * Yardstick (b), discovery as the systems before Rollcall did it: the index's ids, then each agent's record, then filter.
 * It runs in the caller's process, over TCP to a Redis on the same machine, which is to its advantage.
 */
import type { Redis } from "ioredis";
import { registrationOf } from "../fleet/agents.ts";

interface Agent {
  id: string;
  status: string;
  health_score: number;
  current_load: number;
  last_seen: number;
}

const UNREACHABLE_MS = 45_000;
const keysOf = (size: number) => ({
  index: `each:${size}:capability:work`,
  agent: (id: string) => `each:${size}:agent:${id}`,
});

export async function populateFetchEach(redis: Redis, size: number): Promise<void> {
  const keys = keysOf(size);
  const pipeline = redis.pipeline();
  for (let index = 0; index < size; index += 1) {
    const agent = { ...registrationOf(index), last_seen: Date.now() + 86_400_000 };
    pipeline.set(keys.agent(agent.id), JSON.stringify(agent));
    pipeline.sadd(keys.index, agent.id);
  }
  await pipeline.exec();
}

/** One GET after the other, as those systems do. */
export async function fetchEach(redis: Redis, size: number, limit: number): Promise<Agent[]> {
  const keys = keysOf(size);
  const found: (string | null)[] = [];
  for (const id of await redis.smembers(keys.index)) found.push(await redis.get(keys.agent(id)));
  return best(found, limit);
}

/** The same GETs, all sent at once. */
export async function fetchEachPipelined(redis: Redis, size: number, limit: number): Promise<Agent[]> {
  const keys = keysOf(size);
  const pipeline = redis.pipeline();
  for (const id of await redis.smembers(keys.index)) pipeline.get(keys.agent(id));
  const replies = (await pipeline.exec())!;
  return best(
    replies.map(([, json]) => json as string | null),
    limit,
  );
}

function best(found: readonly (string | null)[], limit: number): Agent[] {
  const now = Date.now();
  const agents = found
    .filter((json) => json !== null)
    .map((json) => JSON.parse(json) as Agent)
    .filter(({ status, health_score, last_seen }) => {
      return status === "available" && health_score >= 0.7 && now - last_seen <= UNREACHABLE_MS;
    });
  return agents.toSorted((a, b) => a.current_load - b.current_load).slice(0, limit);
}
