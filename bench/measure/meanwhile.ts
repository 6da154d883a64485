import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { crowdedRegistrationOf, type Fleet, fleetOf, tokenOf } from "../fleet/agents.ts";
import { heartbeat, register } from "../fleet/operations.ts";
import { populateRedis } from "../fleet/populate-redis.ts";
import { registerOverHttp } from "../fleet/register.ts";
import type { Http } from "../load/http.ts";
import { openLoop, type Operation, type Timing } from "../load/load.ts";
import type { Rig } from "../rig.ts";
import { OVERVIEW_VIEWS } from "./dashboard.ts";
import type { Served } from "../servers/served.ts";

/** Heartbeats at a steady rate: alone, and while something else goes on in their namespace. */
export interface Meanwhile {
  disturbance: string;
  store: "redis" | "embedded";
  agents: number;
  /** What Redis's main thread works for one request of the disturbance, alone; null on the embedded store. */
  redisMsEach: number | null;
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
/** The answer's body, where its size matters. @param nth  how many there were before */
type Request = (http: Http, nth: number) => Promise<string>;

interface Disturbance {
  name: string;
  /** In turn, without a pause. */
  requests: readonly Request[];
  /** How many do so at once; one by default. */
  callers?: number;
}

/** Slow enough that the heartbeats alone leave most of the machine to the disturbance. */
const HEARTBEATS_PER_SECOND = 200;

/**
 * Measures what heartbeats notice of whatever else a large fleet brings with it, and of reads of a namespace that holds as many
 * terms as one key can make.
 */
export async function measureMeanwhile(rig: Rig): Promise<Meanwhile[]> {
  return [
    ...(await inLargeFleet(rig)),
    await duringLargeReads(rig, "redis"),
    await duringLargeReads(rig, "embedded"),
  ];
}

/** What somebody asks for who is not to be had: all have a health of 0.95. */
const PICKY = "/v1/discover?capability=work&limit=10&min_health_score=0.99";
const REGISTERED_AT_ONCE = 16;

async function inLargeFleet(rig: Rig): Promise<Meanwhile[]> {
  const fleet = fleetOf(rig.plan.sweep.size, "crowd");
  await populateRedis(rig.redis.redis, fleet, crowdedRegistrationOf);
  const read =
    (path: string): Request =>
    (http) =>
      http.expect(200, "GET", path);
  const disturbances: Disturbance[] = [
    { name: "sweeps", requests: [(http) => http.expect(200, "POST", "/v1/sweep")] },
    { name: "a dashboard", requests: OVERVIEW_VIEWS.map(read) },
    { name: "a picky discover", requests: [read(PICKY)] },
    {
      name: `registrations, ${REGISTERED_AT_ONCE} at once`,
      requests: [
        async (http, nth) => {
          await register(http)(nth);
          return "";
        },
      ],
      callers: REGISTERED_AT_ONCE,
    },
  ];
  const results: Meanwhile[] = [];
  for (const disturbance of disturbances) {
    const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet]);
    const token = (index: number) => tokenOf(fleet, index);
    results.push(await measure(rig, served, "redis", fleet, token, disturbance));
  }
  return results;
}

/** Entries that never end, made with one key, each with as many terms of its own as an entry may have. */
const STATIC_ENTRIES = 26_000;
const TERMS_EACH = 100;

async function duringLargeReads(rig: Rig, store: Meanwhile["store"]): Promise<Meanwhile> {
  const fleet = fleetOf(100, `many-terms-${store}`);
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet], store === "redis");
  const http = served.http(fleet);
  const tokens = await registerOverHttp(http, fleet);
  const entries = await registerUntilRefused(http);
  const requests = [...OVERVIEW_VIEWS, "/v1/capabilities"].map(
    (path): Request =>
      (from) =>
        from.expect(200, "GET", path),
  );
  const name = `reads of ${entries * TERMS_EACH} terms`;
  return measure(rig, served, store, fleet, (index) => tokens[index]!, { name, requests });
}

/** @returns how many were let in */
async function registerUntilRefused(http: Http): Promise<number> {
  for (let entry = 0; entry < STATIC_ENTRIES; entry += 1) {
    const registration = JSON.stringify({
      id: `static-${entry}`,
      name: "static",
      type: `type-${entry}`,
      capabilities: Array.from({ length: TERMS_EACH }, (_, i) => `capability-of-its-own-${entry}-${i}`),
      heartbeat_interval_seconds: null,
    });
    const { status, text } = await http.send("POST", "/v1/agents", registration);
    if (status === 403 && text.includes('"quota_exceeded"') && text.includes('"terms"')) return entry;
    if (status !== 201) throw new Error(`POST /v1/agents: ${status} ${text}`);
  }
  throw new Error("one key may have as many terms as it likes");
}

async function measure(
  { plan, redis }: Rig,
  served: Served,
  store: Meanwhile["store"],
  fleet: Fleet,
  token: (index: number) => string,
  { name, requests, callers = 1 }: Disturbance,
): Promise<Meanwhile> {
  const http = served.http(fleet);
  const operation: Operation = heartbeat(http, fleet, token);
  const steady = { perSecond: HEARTBEATS_PER_SECOND, ms: plan.openLoopMs, pid: served.worker.pid };
  const result: Meanwhile = {
    disturbance: name,
    store,
    agents: fleet.size,
    redisMsEach: null,
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
        result.times += 1;
        const answer = await request(http, result.times);
        result.answerBytes = Math.max(result.answerBytes, Buffer.byteLength(answer));
      }
    }
  }
  // Caches fill, code is compiled, and the first sweep of a fleet does more than the later ones.
  await openLoop(operation, { ...steady, ms: plan.warmUpMs });
  for (const request of requests) await request(http, 0);
  if (store === "redis") result.redisMsEach = await redisMsEach(redis.redis, http, requests);
  await redis.redis.config("SET", "slowlog-log-slower-than", "1000");
  await redis.redis.slowlog("RESET");
  for (let round = 0; round < ROUNDS; round += 1) {
    const turns = [
      async () => void result.alone.push(await openLoop(operation, steady)),
      async () => {
        isDisturbed = true;
        const disturbing = Promise.all(Array.from({ length: callers }, disturb));
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

const REQUESTS_ALONE = 20;

async function redisMsEach(redis: Redis, http: Http, requests: readonly Request[]): Promise<number> {
  const before = await mainThreadMs(redis);
  for (let nth = 0; nth < REQUESTS_ALONE; nth += 1) {
    for (const request of requests) await request(http, nth);
  }
  return ((await mainThreadMs(redis)) - before) / REQUESTS_ALONE / requests.length;
}

async function mainThreadMs(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = [...info.matchAll(/^used_cpu_(?:sys|user)_main_thread:([\d.]+)/gm)];
  return seconds.reduce((sum, [, value]) => sum + Number(value) * 1000, 0);
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
