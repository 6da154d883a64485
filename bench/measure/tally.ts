import type { RedisRig, Work } from "../servers/redis.ts";
import type { Operation } from "../load/load.ts";

/** What one operation makes Redis do. */
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

/** What reading the counters itself moves is measured first, and taken off. */
export async function workOf(redis: RedisRig, run: () => Promise<unknown>): Promise<Work> {
  const first = await redis.work();
  const before = await redis.work();
  await run();
  const work = difference(await redis.work(), before);
  return { ...work, bytes: Math.max(0, work.bytes - (before.bytes - first.bytes)) };
}

export async function perOperation(redis: RedisRig, operation: Operation): Promise<PerOperation> {
  // The first one may look at the directives, which is due every five seconds only.
  await operation(0);
  const work = await workOf(redis, async () => {
    for (let nth = 1; nth <= TIMES; nth += 1) await operation(nth);
  });
  const { trips, commands, billed, bytes } = work;
  return { trips: trips / TIMES, commands: commands / TIMES, billed: billed / TIMES, bytes: bytes / TIMES };
}
