import { apiKeysOf, type Fleet, fleetOf, idOf } from "./fleet/agents.ts";
import { populateRedis } from "./fleet/populate-redis.ts";
import { Http } from "./load/http.ts";
import type { Plan } from "./plan.ts";
import { type Bundle, buildBundle } from "./servers/bundle.ts";
import { startMiniflare } from "./servers/miniflare.ts";
import { BRIDGE_TOKEN, type RedisRig, startRedis } from "./servers/redis.ts";
import { OBJECTS, type RunningWorker } from "./servers/worker.ts";
import { startWorkerd } from "./servers/workerd.ts";

export interface Bundles {
  rollcall: Bundle;
  floor: Bundle;
  counted: Bundle;
}

export const buildAll = async (): Promise<Bundles> => ({
  rollcall: await buildBundle("rollcall", "src/worker.ts"),
  floor: await buildBundle("floor", "bench/yardsticks/floor.worker.ts", {
    config: "bench/yardsticks/wrangler.toml",
  }),
  counted: await buildBundle("counted", "bench/counted.worker.ts"),
});

/** A Worker that serves fleets, and a caller for each of them. */
export interface Served {
  worker: RunningWorker;
  http(fleet: Fleet): Http;
  stop(): Promise<void>;
}

/** Redis behind the bridge with its fleets, Rollcall and the floor in front of it, each a process of its own. */
export interface Rig {
  plan: Plan;
  bundles: Bundles;
  redis: RedisRig;
  fleets: Fleet[];
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

export async function openRig(plan: Plan, tell: (text: string) => void): Promise<Rig> {
  tell("building");
  const bundles = await buildAll();
  const redis = await startRedis();
  const redisVars = {
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: BRIDGE_TOKEN,
    // The bench shares its machine; an answer that is late is measured, not refused.
    REDIS_TIMEOUT_MS: "30000",
  };
  const start: Rig["start"] = async (bundle, runtime, fleets, onRedis = true) => {
    const spec = {
      bundle,
      vars: { ...(onRedis && redisVars), API_KEYS: apiKeysOf(fleets) },
      objects: bundle === bundles.floor ? {} : OBJECTS,
    };
    const worker = await (runtime === "workerd" ? startWorkerd(spec) : startMiniflare(spec));
    const callers = new Map<string, Http>();
    return {
      worker,
      http({ apiKey }) {
        const known = callers.get(apiKey) ?? new Http(worker.url, { authorization: `Bearer ${apiKey}` });
        callers.set(apiKey, known);
        return known;
      },
      async stop() {
        for (const http of callers.values()) await http.close();
        await worker.stop();
      },
    };
  };

  const fleets = plan.fleets.map((size) => fleetOf(size));
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
    rollcall,
    start,
    async stop() {
      await rollcall.stop();
      await redis.stop();
    },
  };
}

/** What was written past the Worker has to be what the Worker would have written. */
export async function readBack(http: Http, { size }: Fleet): Promise<void> {
  for (const index of [0, Math.floor(size / 2), size - 1]) {
    await http.expect(200, "GET", `/v1/agents/${idOf(index)}`);
  }
  const found = JSON.parse(await http.expect(200, "GET", "/v1/discover?capability=work&limit=1")) as {
    total_matches: number;
  };
  if (found.total_matches !== size) throw new Error(`${found.total_matches} of ${size} agents are found`);
}
