import { idOf } from "../fleet/agents.ts";
import * as operations from "../fleet/operations.ts";
import { interleave, openLoop, type Operation, type Timing } from "../load/load.ts";
import { CALLERS } from "../plan.ts";
import { PREFIX } from "../fleet/populate-redis.ts";
import type { Rig } from "../rig.ts";
import type { RunningWorker } from "../servers/worker.ts";

/** Two sides that were measured in turns. */
export interface Pair {
  name: string;
  yardstick: string;
  runtime: RunningWorker["runtime"];
  ours: Timing[];
  theirs: Timing[];
}

export interface Steady {
  name: string;
  askedPerSecond: number;
  timing: Timing;
}

export interface Floor {
  pairs: Pair[];
  steady: Steady[];
}

export const FLOOR_FLEET = 1_000;
export const BY_HAND = "by hand, the same promises";
// At half of the highest rate no request should have to wait for another.
const STEADY_SHARE = 0.5;

/** Measures heartbeat, get and the plainest answer, each against a bare route that does the same without a registry. */
export async function measureFloor(rig: Rig): Promise<Floor> {
  const pairs: Pair[] = [];
  const steady: Steady[] = [];
  const fleet = rig.fleet(FLOOR_FLEET);
  const state = JSON.stringify({
    status: "available",
    currentLoad: 3,
    lastSeenAt: Date.now(),
    expiresAt: Date.now() + 86_400_000,
    intervalSeconds: 30,
  });
  const document = encodeURIComponent(`${PREFIX}:${fleet.namespace}:doc:agent:${idOf(1)}`);

  for (const runtime of ["workerd", "miniflare"] as const) {
    const served =
      runtime === "workerd" ? rig.rollcall : await rig.start(rig.bundles.rollcall, runtime, rig.fleets);
    const floor = await rig.start(rig.bundles.floor, runtime, [fleet]);
    const http = served.http(fleet);
    const bare = floor.http({ ...fleet, apiKey: "none" });
    const compared: [name: string, yardstick: string, ours: Operation, theirs: Operation][] = [
      [
        "heartbeat",
        "bare Hono route, one SET",
        operations.heartbeat(http, fleet),
        () => bare.expect(200, "POST", "/set?key=bench:floor:lease", state),
      ],
      [
        "heartbeat",
        BY_HAND,
        operations.heartbeat(http, fleet),
        operations.heartbeat(floor.http(fleet), fleet),
      ],
      [
        "get",
        "bare Hono route, one GET",
        operations.get(http, fleet),
        () => bare.expect(200, "GET", `/get?key=${document}`),
      ],
      [
        "health",
        "bare Hono route, JSON",
        () => http.expect(200, "GET", "/health"),
        () => bare.expect(200, "GET", "/json"),
      ],
    ];
    for (const [name, yardstick, ours, theirs] of compared) {
      const sides = [
        { operation: ours, pid: served.worker.pid },
        { operation: theirs, pid: floor.worker.pid },
      ];
      const [a, b] = await interleave(sides, {
        callers: CALLERS,
        warmUpMs: rig.plan.warmUpMs,
        ...rig.plan.pair,
      });
      pairs.push({ name, yardstick, runtime, ours: a!, theirs: b! });
      if (runtime !== "workerd" || name === "health" || yardstick === BY_HAND) continue;
      const askedPerSecond = Math.max(20, Math.floor(STEADY_SHARE * Math.min(...a!.map((t) => t.perSecond))));
      const timing = await openLoop(ours, {
        perSecond: askedPerSecond,
        ms: rig.plan.openLoopMs,
        pid: served.worker.pid,
      });
      steady.push({ name, askedPerSecond, timing });
    }
    await floor.stop();
    if (served !== rig.rollcall) await served.stop();
  }
  return { pairs, steady };
}
