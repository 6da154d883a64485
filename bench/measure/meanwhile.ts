import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { crowdedRegistrationOf, type Fleet, fleetOf, tokenOf } from "../fleet/agents.ts";
import { heartbeat } from "../fleet/operations.ts";
import { populateRedis } from "../fleet/populate-redis.ts";
import { registerOverHttp } from "../fleet/register.ts";
import type { Http } from "../load/http.ts";
import { openLoop, type Operation, type Timing } from "../load/load.ts";
import type { Rig } from "../rig.ts";
import type { Served } from "../servers/served.ts";

/** Heartbeats at a steady rate: alone, and while something else goes on in their namespace. */
export interface Meanwhile {
  disturbance: string;
  store: "redis" | "embedded";
  agents: number;
  /** By round; the two take turns. */
  alone: Timing[];
  disturbed: Timing[];
  /** How often the disturbance was answered. */
  times: number;
  /** Of its answers, the largest. */
  answerBytes: number;
  /** The longest that Redis was busy with one command; null on the embedded store. */
  longestCommandMs: number | null;
}

const ROUNDS = 3;
/** Between rounds: what the disturbance left behind is not counted against the heartbeats alone. */
const SETTLE_MS = 200;
/** Slow enough that the heartbeats alone leave most of the machine to the disturbance. */
const HEARTBEATS_PER_SECOND = 200;

/** Measures what heartbeats notice of a sweep of a large fleet, and of reads of a namespace that holds as many terms as one key can make. */
export async function measureMeanwhile(rig: Rig): Promise<Meanwhile[]> {
  return [
    await duringSweeps(rig),
    await duringLargeReads(rig, "redis"),
    await duringLargeReads(rig, "embedded"),
  ];
}

async function duringSweeps(rig: Rig): Promise<Meanwhile> {
  const fleet = fleetOf(rig.plan.sweep.size, "crowd");
  await populateRedis(rig.redis.redis, fleet, crowdedRegistrationOf);
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet]);
  const sweep = (http: Http) => http.expect(200, "POST", "/v1/sweep");
  return measure(rig, served, "redis", fleet, (index) => tokenOf(fleet, index), "sweeps", [sweep]);
}

/** Entries that never end, made with one key: each with as many terms as an entry may have. */
const STATIC_ENTRIES = 2_600;
const TERMS_EACH = 100;

async function duringLargeReads(rig: Rig, store: Meanwhile["store"]): Promise<Meanwhile> {
  const fleet = fleetOf(100, `many-terms-${store}`);
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet], store === "redis");
  const http = served.http(fleet);
  const tokens = await registerOverHttp(http, fleet);
  const entries = rig.plan.name === "full" ? STATIC_ENTRIES : STATIC_ENTRIES / 20;
  for (let entry = 0; entry < entries; entry += 1) await registerStatic(http, entry);
  const reads = ["/", "/v1/capabilities", "/v1/stats"].map(
    (path) => (from: Http) => from.expect(200, "GET", path),
  );
  return measure(
    rig,
    served,
    store,
    fleet,
    (index) => tokens[index]!,
    `reads of ${entries * TERMS_EACH} terms`,
    reads,
  );
}

const registerStatic = (http: Http, entry: number): Promise<string> =>
  http.expect(
    201,
    "POST",
    "/v1/agents",
    JSON.stringify({
      id: `static-${entry}`,
      name: "static",
      type: `type-${entry}`,
      capabilities: Array.from({ length: TERMS_EACH }, (_, i) => `capability-of-its-own-${entry}-${i}`),
      heartbeat_interval_seconds: null,
    }),
  );

async function measure(
  { plan, redis }: Rig,
  served: Served,
  store: Meanwhile["store"],
  fleet: Fleet,
  token: (index: number) => string,
  disturbance: string,
  requests: readonly ((http: Http) => Promise<string>)[],
): Promise<Meanwhile> {
  const http = served.http(fleet);
  const operation: Operation = heartbeat(http, fleet, token);
  const steady = { perSecond: HEARTBEATS_PER_SECOND, ms: plan.openLoopMs, pid: served.worker.pid };
  const result: Meanwhile = {
    disturbance,
    store,
    agents: fleet.size,
    alone: [],
    disturbed: [],
    times: 0,
    answerBytes: 0,
    longestCommandMs: null,
  };
  let isDisturbed = false;
  async function disturb(): Promise<void> {
    while (isDisturbed) {
      for (const request of requests) {
        const answer = await request(http);
        result.times += 1;
        result.answerBytes = Math.max(result.answerBytes, Buffer.byteLength(answer));
      }
    }
  }
  // Caches fill, code is compiled, and the first sweep of a fleet does more than the later ones.
  await openLoop(operation, { ...steady, ms: plan.warmUpMs });
  for (const request of requests) await request(http);
  await redis.redis.config("SET", "slowlog-log-slower-than", "1000");
  await redis.redis.slowlog("RESET");
  for (let round = 0; round < ROUNDS; round += 1) {
    const turns = [
      async () => void result.alone.push(await openLoop(operation, steady)),
      async () => {
        isDisturbed = true;
        const disturbing = disturb();
        result.disturbed.push(await openLoop(operation, steady));
        isDisturbed = false;
        await disturbing;
      },
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    await sleep(SETTLE_MS);
  }
  if (store === "redis") result.longestCommandMs = await longestCommandMs(redis.redis);
  await served.stop();
  return result;
}

/** The longest of the commands that took a millisecond or more since the log was reset; those that this bench sends are left out. */
async function longestCommandMs(redis: Redis): Promise<number> {
  const entries = (await redis.slowlog("GET", -1)) as [
    id: number,
    at: number,
    us: number,
    command: string[],
  ][];
  const scripts = entries.filter(([, , , [name]]) => name!.toUpperCase() !== "CONFIG");
  return Math.max(0, ...scripts.map(([, , us]) => us)) / 1000;
}
