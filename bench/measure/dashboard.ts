import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import { FLOOR_FLEET } from "./floor.ts";
import { workOf } from "./redis-work.ts";

/** What one look of an open tab costs: it fetches its page again and again, and is told 304 where nothing has changed. */
export interface Look {
  commands: number;
  /** As Upstash bills. */
  billed: number;
  /** To and from Redis. */
  bytes: number;
  /** Of the answer's body. */
  answerBytes: number;
  cpuMs: number;
}

export interface Dashboard {
  fleet: number;
  unchanged: Look;
  changed: Look;
}

export const DASHBOARD_FLEET = FLOOR_FLEET;
/** As often as the page's script does it (POLL_MS in src/dashboard/public/ui/live.js), ms. */
export const LOOK_EVERY_MS = 1200;

/** Measures looks at the overview at a tab's pace: what an isolate keeps for a second is read anew for each. */
export async function measureDashboard(rig: Rig): Promise<Dashboard> {
  const { redis, rollcall, plan } = rig;
  const fleet = rig.fleet(DASHBOARD_FLEET);
  const http = rollcall.http(fleet);
  const { headers } = await http.send("GET", "/");
  const { etag } = headers;
  if (typeof etag !== "string") throw new Error("the page has no ETag");
  async function looks(status: number, known: Record<string, string>): Promise<Look> {
    let answerBytes = 0;
    const cpuBefore = cpuMs(rollcall.worker.pid);
    const { commands, billed, bytes } = await workOf(redis, async () => {
      for (let nth = 0; nth < plan.looks; nth += 1) {
        await sleep(LOOK_EVERY_MS);
        answerBytes += Buffer.byteLength(await http.expect(status, "GET", "/", undefined, known));
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
  const unchanged = await looks(304, { "if-none-match": etag });
  return { fleet: fleet.size, unchanged, changed: await looks(200, {}) };
}
