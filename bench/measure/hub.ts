import { setTimeout as sleep } from "node:timers/promises";
import { CLOSED } from "../../src/hub/hub.ts";
import { apiKeysOf, type Fleet, fleetOf, idOf, registrationOf } from "../fleet/agents.ts";
import { heartbeat, PAGE } from "../fleet/operations.ts";
import { populateRedis, PREFIX } from "../fleet/populate-redis.ts";
import { HANDSHAKES_AT_ONCE, PresentFleet } from "../fleet/present-fleet.ts";
import { registerOverHttp } from "../fleet/register.ts";
import { Http } from "../load/http.ts";
import { interleave, type Timing } from "../load/load.ts";
import { cpuMs, openFilesMax, residentBytes } from "../load/usage.ts";
import { CALLERS } from "../plan.ts";
import type { Rig } from "../rig.ts";
import { varsOf } from "../servers/redis.ts";
import { type RunningWorkerd, startWorkerd } from "../servers/workerd.ts";
import { workOf } from "./redis-work.ts";

/** Agents that hold their leases by sockets, all in one hub's object. */
export interface HubResult {
  /** Fewer than the plan's where descriptors do not allow more. */
  sockets: number;
  /** How many files one process may have open here. */
  descriptors: number;
  intervalSeconds: number;
  openedPerSecond: number;
  /** What it takes to open one socket and attach its lease: workerd's CPU, and of Redis as Upstash bills. */
  opening: { cpuMs: number; commands: number; bytes: number };
  /** Of workerd, by socket. */
  bytesEach: number;
  /** In turns, in one process. */
  pings: Timing[];
  heartbeats: Timing[];
  /** What was sent to Redis while nothing happened but pings. */
  quiet: { seconds: number; commands: number; pings: number };
  /** What the hub writes to say that it lives, once. */
  refresh: { commands: number; bytes: number };
  /** From an agent's goodbye until the API calls it unreachable, ms. */
  closedMs: number[];
  /** From an agent's last ping until the hub let it go, in intervals. */
  silentIntervals: number[];
  restart: Restart;
  /** Agents that were taken for silent though they had pinged: the machine was too busy for some of what was due. */
  cutOff: number;
}

/** What became of the fleet when the process with the hub's object was killed and started anew. */
export interface Restart {
  /** Until all sockets were open again, s. */
  backSeconds: number;
  /** By the API: how many times an agent was listed, how many agents those were, and how many of them available. */
  listed: number;
  distinct: number;
  available: number;
  /** Told by the sweeps that ran meanwhile and after the last life's end. */
  unreachable: number;
  lapsed: number;
  reaped: number;
}

/** Files that workerd has open for each socket, for what a handshake sends to Redis, and beside them. */
const DESCRIPTORS_EACH = 2;
const SPARE_DESCRIPTORS = 4 * HANDSHAKES_AT_ONCE + 500;
/** Agents that were registered before the others have their sockets must not have lapsed. */
const TTL_SECONDS = 300;
const HTTP_FLEET = 1_000;
/** How many agents close their sockets, and how many fall silent. */
const WATCHED = 20;
const SWEEP_EVERY_MS = 5_000;
const NOTICE_TIMEOUT_MS = 30_000;
const BACK_TIMEOUT_MS = 300_000;
const POLL_MS = 5;

/** Measures a hub with as many sockets as it takes: what they cost, and how soon it notices which of them end. */
export async function measureHub(rig: Rig): Promise<HubResult> {
  const { intervalSeconds, ...plan } = rig.plan.hub;
  const descriptors = openFilesMax(process.pid);
  const sockets = Math.floor((descriptors - SPARE_DESCRIPTORS) / DESCRIPTORS_EACH);
  const fleet = fleetOf(Math.min(plan.sockets, sockets), "hub");
  const overHttp = fleetOf(HTTP_FLEET, "beside-hub");
  await populateRedis(rig.redis.redis, overHttp);
  const worker = await startWorkerd({
    bundle: rig.bundles.rollcall,
    vars: { ...varsOf(rig.redis, PREFIX), API_KEYS: apiKeysOf([fleet, overHttp]) },
  });
  const clients = [fleet, overHttp].map(
    ({ apiKey }) => new Http(worker.url, { authorization: `Bearer ${apiKey}` }),
  );
  const [http, httpBeside] = clients as [Http, Http];
  const tokens = await registerOverHttp(http, fleet, (index) => ({
    ...registrationOf(index),
    ttl_seconds: TTL_SECONDS,
    heartbeat_interval_seconds: intervalSeconds,
  }));
  const bytesBefore = residentBytes(worker.pid);
  const present = new PresentFleet(worker.url, fleet, tokens, intervalSeconds * 1000);
  try {
    const startedAt = performance.now();
    const cpuBefore = cpuMs(worker.pid);
    const opened = await workOf(rig.redis, () => present.openAll());
    const openedPerSecond = (fleet.size / (performance.now() - startedAt)) * 1000;
    const opening = {
      cpuMs: (cpuMs(worker.pid) - cpuBefore) / fleet.size,
      commands: opened.billed / fleet.size,
      bytes: opened.bytes / fleet.size,
    };
    const bytesEach = (residentBytes(worker.pid) - bytesBefore) / fleet.size;
    const [pings, heartbeats] = await interleave(
      [
        { operation: (nth) => present.pingOne(nth), pid: worker.pid },
        { operation: heartbeat(httpBeside, overHttp), pid: worker.pid },
      ],
      { callers: CALLERS, warmUpMs: rig.plan.warmUpMs, ...rig.plan.pair },
    );
    const quiet = await workOf(rig.redis, () => sleep(plan.quietSeconds * 1000));
    const result = {
      sockets: fleet.size,
      descriptors,
      intervalSeconds,
      openedPerSecond,
      opening,
      bytesEach,
      pings: pings!,
      heartbeats: heartbeats!,
      quiet: {
        seconds: plan.quietSeconds,
        commands: quiet.commands,
        pings: Math.round((plan.quietSeconds / intervalSeconds) * fleet.size),
      },
      refresh: { commands: quiet.billed / quiet.trips, bytes: quiet.bytes / quiet.trips },
      closedMs: await closeSome(http, present),
      silentIntervals: await silenceSome(present, intervalSeconds),
      restart: await restart(worker, http, fleet, present, plan.settleSeconds),
    };
    return { ...result, cutOff: present.cutOff };
  } finally {
    present.close();
    for (const client of clients) await client.close();
    await worker.stop();
  }
}

/** Agents from all over the fleet. */
const someOf = ({ size }: PresentFleet): number[] =>
  Array.from({ length: WATCHED }, (_, i) => Math.floor((i * size) / WATCHED));

async function closeSome(http: Http, present: PresentFleet): Promise<number[]> {
  const noticed: number[] = [];
  for (const index of someOf(present)) {
    present.leaveAlone(index);
    const closedAt = performance.now();
    const socket = present.socket(index);
    socket.close();
    while ((await statusOf(http, index)) !== "unreachable") {
      if (performance.now() - closedAt > NOTICE_TIMEOUT_MS) throw new Error(`${idOf(index)} is not missed`);
      await sleep(POLL_MS);
    }
    noticed.push(performance.now() - closedAt);
    await socket.closed;
    await present.resume(index);
  }
  return noticed;
}

async function statusOf(http: Http, index: number): Promise<string> {
  const agent = await http.expect(200, "GET", `/v1/agents/${idOf(index)}`);
  return (JSON.parse(agent) as { effective_status: string }).effective_status;
}

/** All at once, because each takes more than an interval. @throws if one ends for another reason */
const silenceSome = (present: PresentFleet, intervalSeconds: number): Promise<number[]> =>
  Promise.all(
    someOf(present).map(async (index) => {
      const socket = present.socket(index);
      const pingedAt = performance.now();
      present.leaveAlone(index);
      await socket.ping();
      const code = await socket.closed;
      if (code !== CLOSED.silent[0]) throw new Error(`${idOf(index)}'s socket was closed with ${code}`);
      const noticedAfterMs = performance.now() - pingedAt;
      await present.resume(index);
      return noticedAfterMs / 1000 / intervalSeconds;
    }),
  );

async function restart(
  worker: RunningWorkerd,
  http: Http,
  fleet: Fleet,
  present: PresentFleet,
  settleSeconds: number,
): Promise<Restart> {
  const told = { unreachable: 0, lapsed: 0, reaped: 0 };
  const sweep = async () => {
    const summary = JSON.parse(await http.expect(200, "POST", "/v1/sweep")) as Record<
      keyof typeof told,
      string[]
    >;
    told.unreachable += summary.unreachable.length;
    told.lapsed += summary.lapsed.length;
    told.reaped += summary.reaped.length;
  };
  // What the earlier parts of this row did is not told again.
  await sweep();
  told.unreachable = 0;
  const killedAt = performance.now();
  await worker.restart();
  let sweptAt = performance.now();
  while (present.open < fleet.size) {
    await sleep(POLL_MS);
    if (performance.now() - killedAt > BACK_TIMEOUT_MS)
      throw new Error(`${present.open} of ${fleet.size} are back`);
    if (performance.now() - sweptAt < SWEEP_EVERY_MS) continue;
    await sweep();
    sweptAt = performance.now();
  }
  const backSeconds = (performance.now() - killedAt) / 1000;
  // The last life is kept for a while after it; whoever it still held is cut off then.
  await sleep(settleSeconds * 1000);
  await sweep();
  return { backSeconds, ...(await roll(http)), ...told };
}

/** Counts the agents page by page. */
async function roll(http: Http): Promise<Pick<Restart, "listed" | "distinct" | "available">> {
  const ids: string[] = [];
  let available = 0;
  for (let cursor: string | null = ""; cursor !== null;) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = JSON.parse(await http.expect(200, "GET", `/v1/agents?limit=${PAGE}${from}`)) as {
      agents: { id: string; effective_status: string }[];
      next_cursor: string | null;
    };
    ids.push(...page.agents.map(({ id }) => id));
    available += page.agents.filter(({ effective_status }) => effective_status === "available").length;
    cursor = page.next_cursor;
  }
  return { listed: ids.length, distinct: new Set(ids).size, available };
}
