import { type Fleet, fleetOf, idOf } from "./fleet/agents.ts";
import { populateRedis, PREFIX } from "./fleet/populate-redis.ts";
import type { Http } from "./load/http.ts";
import type { Plan } from "./plan.ts";
import { type Bundle, buildBundle } from "./servers/bundle.ts";
import { type RedisRig, startRedis, varsOf } from "./servers/redis.ts";
import { serve, type Served } from "./servers/served.ts";
import type { RunningWorker } from "./servers/worker.ts";

export interface Bundles {
  rollcall: Bundle;
  floor: Bundle;
  counted: Bundle;
}

export const buildAll = async (): Promise<Bundles> => ({
  rollcall: await buildBundle("rollcall", "src/worker.ts"),
  floor: await buildBundle("floor", "bench/workers/floor.ts", {
    config: "bench/workers/wrangler.toml",
  }),
  counted: await buildBundle("counted", "bench/workers/counted.ts"),
});

/** Redis with its fleets, the REST bridge, and Rollcall; each is a process of its own. */
export interface Rig {
  plan: Plan;
  bundles: Bundles;
  redis: RedisRig;
  fleets: Fleet[];
  /** @throws if there is no fleet of that size */
  fleet(size: number): Fleet;
  /** Rollcall under plain workerd. */
  rollcall: Served;
  start(
    bundle: Bundle,
    runtime: RunningWorker["runtime"],
    fleets: readonly Fleet[],
    onRedis?: boolean,
  ): Promise<Served>;
  stop(): Promise<void>;
}

/** @param sizes  of the fleets to put into Redis */
export async function openRig(
  plan: Plan,
  sizes: readonly number[],
  tell: (text: string) => void,
): Promise<Rig> {
  tell("building");
  const bundles = await buildAll();
  const redis = await startRedis();
  const start: Rig["start"] = (bundle, runtime, fleets, onRedis = true) =>
    serve(bundle, runtime, fleets, onRedis ? varsOf(redis, PREFIX) : {});

  const fleets = sizes.map((size) => fleetOf(size));
  for (const fleet of fleets) {
    tell(`a fleet of ${fleet.size}`);
    await populateRedis(redis.redis, fleet);
  }
  const rollcall = await start(bundles.rollcall, "workerd", fleets);
  for (const fleet of fleets) await readBack(rollcall.http(fleet), fleet);
  return {
    plan,
    bundles,
    redis,
    fleets,
    fleet(size) {
      const found = fleets.find((candidate) => candidate.size === size);
      if (!found) throw new Error(`there is no fleet of ${size}`);
      return found;
    },
    rollcall,
    start,
    async stop() {
      await rollcall.stop();
      await redis.stop();
    },
  };
}

/** Checks that the Worker can read what was written without it. */
export async function readBack(http: Http, { size }: Fleet): Promise<void> {
  for (const index of [0, Math.floor(size / 2), size - 1]) {
    await http.expect(200, "GET", `/v1/agents/${idOf(index)}`);
  }
  const found = JSON.parse(await http.expect(200, "GET", "/v1/discover?capability=work&limit=1")) as {
    total_matches: number;
  };
  if (found.total_matches !== size) throw new Error(`${found.total_matches} of ${size} agents are found`);
}
