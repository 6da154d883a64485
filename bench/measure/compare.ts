import { fleetOf } from "../fleet/agents.ts";
import * as operations from "../fleet/operations.ts";
import { registerOverHttp } from "../fleet/register.ts";
import { interleave, type Operation, type Timing } from "../load/load.ts";
import { CALLERS } from "../plan.ts";
import { type Bundle, bundleOf } from "../servers/bundle.ts";
import { type RedisRig, startRedis, varsOf } from "../servers/redis.ts";
import { serve, type Served } from "../servers/served.ts";
import { measureStartUps } from "./start-up.ts";

/** One thing, measured on two bundles in turns; by round. */
export interface Turns {
  name: string;
  before: number[];
  after: number[];
}

export interface Comparison {
  /** ms of CPU of the Worker's process, per request. */
  requests: Turns[];
  /** ms of CPU to start, beyond an empty Worker. */
  startUp: Turns;
  gzipBytes: { before: number; after: number };
}

const FLEET = fleetOf(1_000, "compare");
/** In the embedded store: what a draw reads must not grow with the fleet, so it is a large one. */
const EMBEDDED_FLEET = fleetOf(10_000, "compare-embedded");
const DISCOVER_DEFAULT_LIMIT = 100;
// Other load on the machine comes in bursts of about a second: with many short turns it affects both sides alike.
const TURN_MS = 100;
const WARM_UP_MS = 800;
/**
 * Both Workers are started this often, in turns this one and that one first: a process can be slower than another of the same bundle
 * for all its life.
 */
const STARTS = 6;
const START_UPS = 24;

/** Runs both bundles under plain workerd on one Redis. Each registers a fleet of its own, with a key prefix of its own. */
export async function compare(
  folders: { before: string; after: string },
  rounds: number,
  tell: (text: string) => void,
): Promise<Comparison> {
  tell("building");
  const bundles = [await bundleOf("before", folders.before), await bundleOf("after", folders.after)] as const;
  tell("start-up");
  const [startUpBefore, startUpAfter] = await measureStartUps(bundles, START_UPS);
  const redis = await startRedis();
  try {
    const requests: Turns[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      tell(`requests, ${start + 1} of ${STARTS}`);
      const share = Math.floor((rounds * (start + 1)) / STARTS) - Math.floor((rounds * start) / STARTS);
      const afterFirst = start % 2 === 1;
      const order = afterFirst ? bundles.toReversed() : bundles;
      for (const { name, cpuMs } of await measureRequests(order, redis, start, share)) {
        const [before, after] = afterFirst ? cpuMs.toReversed() : cpuMs;
        const known = requests.find((turns) => turns.name === name);
        known?.before.push(...before!);
        known?.after.push(...after!);
        if (!known) requests.push({ name, before: before!, after: after! });
      }
    }
    tell("requests, embedded");
    requests.push(...(await measureEmbedded(bundles, rounds)));
    return {
      requests,
      startUp: { name: "start-up", before: startUpBefore!, after: startUpAfter! },
      gzipBytes: { before: bundles[0].gzipBytes, after: bundles[1].gzipBytes },
    };
  } finally {
    await redis.stop();
  }
}

interface Side {
  served: Served;
  operations: Record<string, Operation>;
}

/** @returns by operation, the ms of CPU per request of each bundle, by round */
async function measureRequests(
  bundles: readonly Bundle[],
  redis: RedisRig,
  start: number,
  rounds: number,
): Promise<{ name: string; cpuMs: number[][] }[]> {
  const sides: Side[] = [];
  for (const bundle of bundles) sides.push(await startSide(bundle, redis, `${start}-${sides.length}`));
  const measured: { name: string; cpuMs: number[][] }[] = [];
  for (const name of Object.keys(sides[0]!.operations)) {
    const timings = await interleave(
      sides.map(({ served, operations: of }) => ({ operation: of[name]!, pid: served.worker.pid })),
      { callers: CALLERS, rounds, ms: TURN_MS, warmUpMs: WARM_UP_MS },
    );
    measured.push({ name, cpuMs: timings.map((side) => side.map(({ cpuMs }) => cpuMs)) });
  }
  for (const { served } of sides) await served.stop();
  return measured;
}

/** Discovery in the embedded store, one start of each Worker: registering the fleet takes longer than measuring it. */
async function measureEmbedded(bundles: readonly Bundle[], rounds: number): Promise<Turns[]> {
  const sides = [];
  for (const bundle of bundles) {
    const served = await serve(bundle, "workerd", [EMBEDDED_FLEET], {});
    const http = served.http(EMBEDDED_FLEET);
    await registerOverHttp(http, EMBEDDED_FLEET);
    sides.push({ served, http });
  }
  const turns: Turns[] = [];
  for (const [terms, filters] of [
    ["1 term", ""],
    ["2 terms", "&tag=zone-1"],
  ] as const) {
    const [before, after] = await interleave(
      sides.map(({ served, http }) => ({
        operation: operations.discover(http, EMBEDDED_FLEET, { filters }),
        pid: served.worker.pid,
      })),
      { callers: CALLERS, rounds, ms: TURN_MS, warmUpMs: WARM_UP_MS },
    );
    const cpuOf = (timings: Timing[] = []) => timings.map(({ cpuMs }) => cpuMs);
    const name = `discover ${operations.LIMIT}, embedded, ${terms}`;
    turns.push({ name, before: cpuOf(before), after: cpuOf(after) });
  }
  for (const { served } of sides) await served.stop();
  return turns;
}

async function startSide(bundle: Bundle, redis: RedisRig, prefix: string): Promise<Side> {
  const served = await serve(bundle, "workerd", [FLEET], varsOf(redis, prefix));
  const http = served.http(FLEET);
  const tokens = await registerOverHttp(http, FLEET);
  return {
    served,
    operations: {
      heartbeat: operations.heartbeat(http, FLEET, (index) => tokens[index]!),
      get: operations.get(http, FLEET),
      [`discover ${operations.LIMIT}`]: operations.discover(http, FLEET),
      [`discover ${DISCOVER_DEFAULT_LIMIT}`]: operations.discover(http, FLEET, {
        limit: DISCOVER_DEFAULT_LIMIT,
      }),
      resolve: operations.resolve(http),
    },
  };
}
