import type { RedisRig, Work } from "../servers/redis.ts";
import type { Operation } from "../load/load.ts";

/** The work of Redis for one operation. */
export interface PerOperation {
  trips: number;
  commands: number;
  billed: number;
  bytes: number;
}

const TIMES = 20;

export const difference = (after: Work, before: Work): Work => ({
  trips: after.trips - before.trips,
  commands: after.commands - before.commands,
  billed: after.billed - before.billed,
  bytes: after.bytes - before.bytes,
  calls: new Map(
    [...after.calls]
      .map(([name, n]) => [name, n - (before.calls.get(name) ?? 0)] as const)
      .filter(([, n]) => n > 0),
  ),
});

/** The bytes that reading the counters itself costs are measured first, and subtracted. */
export async function workOf(redis: RedisRig, run: () => Promise<unknown>): Promise<Work> {
  const first = await redis.work();
  const before = await redis.work();
  await run();
  const work = difference(await redis.work(), before);
  return { ...work, bytes: Math.max(0, work.bytes - (before.bytes - first.bytes)) };
}

export async function perOperation(redis: RedisRig, operation: Operation): Promise<PerOperation> {
  // The first one may read the directives, which happens at most every five seconds.
  await operation(0);
  const work = await workOf(redis, async () => {
    for (let nth = 1; nth <= TIMES; nth += 1) await operation(nth);
  });
  const { trips, commands, billed, bytes } = work;
  return { trips: trips / TIMES, commands: commands / TIMES, billed: billed / TIMES, bytes: bytes / TIMES };
}
