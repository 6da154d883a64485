import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import { FLOOR_FLEET } from "./floor.ts";
import { workOf } from "./redis-work.ts";

/** What one look of an open dashboard costs: it asks for the marker again and again, and for its views where that has moved. */
export interface Look {
  commands: number;
  /** As Upstash bills. */
  billed: number;
  /** To and from Redis. */
  bytes: number;
  /** Of the answers' bodies. */
  answerBytes: number;
  cpuMs: number;
}

export interface Dashboard {
  fleet: number;
  unchanged: Look;
  changed: Look;
}

export const DASHBOARD_FLEET = FLOOR_FLEET;
/** As often as a browser does it (src/dashboard/app/looks.ts), however many tabs it has open, ms. */
export const LOOK_EVERY_MS = 2000;
const MARKER = "/v1/marker";
/** What the overview shows anew once something was told; test/node/dashboard.test.ts holds it to what a browser asks for. */
export const OVERVIEW_VIEWS = [
  "/v1/stats",
  "/v1/alerts",
  "/v1/services?limit=12",
  "/v1/toolsets",
  "/v1/events?order=desc&limit=15",
  "/v1/agents?limit=25",
];
/** And these every five minutes. */
export const OVERVIEW_GRAPHS = ["/v1/stats/history", "/v1/events?order=desc&type=breaker_opened&limit=200"];

/** Measures looks at the overview at a browser's pace: what an isolate keeps for a second is read anew for each. */
export async function measureDashboard(rig: Rig): Promise<Dashboard> {
  const { redis, rollcall, plan } = rig;
  const fleet = rig.fleet(DASHBOARD_FLEET);
  const http = rollcall.http(fleet);
  async function looks(paths: readonly string[]): Promise<Look> {
    let answerBytes = 0;
    const cpuBefore = cpuMs(rollcall.worker.pid);
    const { commands, billed, bytes } = await workOf(redis, async () => {
      for (let nth = 0; nth < plan.looks; nth += 1) {
        await sleep(LOOK_EVERY_MS);
        const answers = await Promise.all(paths.map((path) => http.expect(200, "GET", path)));
        for (const answer of answers) answerBytes += Buffer.byteLength(answer);
      }
    });
    return {
      commands: commands / plan.looks,
      billed: billed / plan.looks,
      bytes: bytes / plan.looks,
      answerBytes: answerBytes / plan.looks,
      cpuMs: (cpuMs(rollcall.worker.pid) - cpuBefore) / plan.looks,
    };
  }
  const unchanged = await looks([MARKER]);
  return { fleet: fleet.size, unchanged, changed: await looks([MARKER, ...OVERVIEW_VIEWS]) };
}
