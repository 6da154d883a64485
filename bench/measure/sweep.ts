import type { Redis } from "ioredis";
import type { Document } from "../../src/core/entry.ts";
import { termsOf } from "../../src/core/kinds.ts";
import { writeMark } from "../../src/store/mark.ts";
import { fieldOf, keysOf, memberOf } from "../../src/store/redis/keys.ts";
import { fleetOf, type Fleet, idOf } from "../fleet/agents.ts";
import { populateRedis, PREFIX } from "../fleet/populate-redis.ts";
import { cpuMs } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import { workOf } from "./redis-work.ts";

/** A sweep writes its report, and, where agents are to call in less often, how much. */
const OWN_SETS_MAX = 2;

export interface SweepResult {
  agents: number;
  change: string;
  changed: number;
  commands: number;
  billed: number;
  trips: number;
  bytes: number;
  cpuMs: number;
  durationMs: number;
  runs: number;
  /** Commands that write, by name, without the one for the sweep's own report. */
  writes: Map<string, number>;
  /** Whether every index holds exactly the agents that are left. */
  indexesExact: boolean;
}

interface Summary {
  scanned: number;
  unreachable: string[];
  reaped: string[];
  complete: boolean;
}

const WRITING = /^(set|del|zadd|zrem|hset|hdel|incr|xadd|expire|pexpire)$/;
const LONG_AGO_MS = 80_000_000;

/** Sweeps a whole fleet: without changes, then with silent agents, then with agents that lapsed long ago. */
export async function measureSweep(rig: Rig): Promise<SweepResult[]> {
  const { size, changes } = rig.plan.sweep;
  const fleet = fleetOf(size, "sweep");
  await populateRedis(rig.redis.redis, fleet);
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet]);
  const http = served.http(fleet);
  const call = async () => JSON.parse(await http.expect(200, "POST", "/v1/sweep")) as Summary;
  // The first sweep in this isolate, and of this fleet, does more than the later ones.
  await call();

  const results: SweepResult[] = [];
  const gone = new Set<string>();
  for (const [nth, changed] of changes.entries()) {
    const last = nth === changes.length - 1;
    const ids = Array.from({ length: changed }, (_, i) => idOf((i * 7) % size));
    if (last) await outliveGrace(rig.redis.redis, fleet, ids);
    else await silence(rig.redis.redis, fleet, ids);
    if (last) for (const id of ids) gone.add(id);

    const told: string[] = [];
    let runs = 0;
    const cpuBefore = cpuMs(served.worker.pid);
    const startedAt = performance.now();
    const work = await workOf(rig.redis, async () => {
      for (let complete = false; !complete; runs += 1) {
        const summary = await call();
        told.push(...(last ? summary.reaped : summary.unreachable));
        complete = summary.complete;
      }
    });
    const durationMs = performance.now() - startedAt;
    if (new Set(told).size !== changed || told.length !== changed) {
      throw new Error(`the sweep told of ${told.length} changes, and there were ${changed}`);
    }
    const writes = new Map([...work.calls].filter(([name]) => WRITING.test(name)));
    const reports = (writes.get("set") ?? 0) - OWN_SETS_MAX * runs;
    if (reports > 0) writes.set("set", reports);
    else writes.delete("set");
    results.push({
      agents: size,
      change: last && changed > 0 ? "gone" : "silent",
      changed,
      commands: work.commands,
      billed: work.billed,
      trips: work.trips,
      bytes: work.bytes,
      cpuMs: cpuMs(served.worker.pid) - cpuBefore,
      durationMs,
      runs,
      writes,
      indexesExact: await areIndexesExact(rig.redis.redis, fleet, gone),
    });
  }
  await served.stop();
  return results;
}

async function leasesOf(redis: Redis, fleet: Fleet, ids: readonly string[]): Promise<string[]> {
  const keys = keysOf(PREFIX, fleet.namespace);
  if (ids.length === 0) return [];
  const documents = await redis.mget(ids.map((id) => keys.document({ kind: "agent", id })));
  return documents.map((json, i) => {
    const { fence } = JSON.parse(json!) as Document;
    return keys.lease({ kind: "agent", id: ids[i]! }, fence);
  });
}

/** Sets the last heartbeats of these agents back by most of a day. */
async function silence(redis: Redis, fleet: Fleet, ids: readonly string[]): Promise<void> {
  for (const lease of await leasesOf(redis, fleet, ids)) {
    const state = JSON.parse((await redis.get(lease))!) as { lastSeenAt: number };
    await redis.set(
      lease,
      JSON.stringify({ ...state, lastSeenAt: state.lastSeenAt - LONG_AGO_MS }),
      "KEEPTTL",
    );
  }
}

/** Deletes the leases of these agents, and marks them as if a sweep had found them lapsed long ago. */
async function outliveGrace(redis: Redis, fleet: Fleet, ids: readonly string[]): Promise<void> {
  const leases = await leasesOf(redis, fleet, ids);
  if (leases.length === 0) return;
  await redis.del(leases);
  const mark = writeMark({ state: "lapsed", sinceMs: 0, untilMs: 0 });
  const ledger = new Map(
    ids.map((id, i) => [fieldOf({ kind: "agent", id }), `${leases[i]!.split(":").at(-1)!} ${mark}`]),
  );
  await redis.hset(keysOf(PREFIX, fleet.namespace).ledger, ledger);
}

async function areIndexesExact(redis: Redis, fleet: Fleet, gone: ReadonlySet<string>): Promise<boolean> {
  const keys = keysOf(PREFIX, fleet.namespace);
  const expected = new Map<string, Set<string>>();
  const ids = Array.from({ length: fleet.size }, (_, index) => idOf(index)).filter((id) => !gone.has(id));
  for (let i = 0; i < ids.length; i += 5000) {
    const some = ids.slice(i, i + 5000);
    const documents = await redis.mget(some.map((id) => keys.document({ kind: "agent", id })));
    for (const [at, json] of documents.entries()) {
      if (json === null) return false;
      const document = JSON.parse(json) as Document;
      for (const term of termsOf("agent", document)) {
        const members = expected.get(term) ?? new Set<string>();
        expected.set(term, members.add(memberOf(some[at]!, document.fence)));
      }
    }
  }
  if ((await redis.zcard(keys.termNames)) !== expected.size) return false;
  for (const [term, members] of expected) {
    const stored = await redis.zrange(keys.index(term), "0", "-1");
    if (stored.length !== members.size) return false;
    if (!stored.every((member) => members.has(member))) return false;
  }
  return true;
}
