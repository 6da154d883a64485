import { setTimeout as sleep } from "node:timers/promises";
import { idOf, tokenOf } from "../fleet/agents.ts";
import { Http } from "../load/http.ts";
import type { Rig } from "../rig.ts";
import { FLOOR_FLEET } from "./floor.ts";
import { workOf } from "./redis-work.ts";

/** Long polls that wait in one isolate for a change. */
export interface Watch {
  fleet: number;
  watchers: number;
  /** What they cost Redis while nothing changed. */
  seconds: number;
  commands: number;
  bytes: number;
  /** From the answer to a change until each of them was answered, ms. */
  toldMs: number[];
}

/** One isolate's. */
export const WATCH_FLEET = FLOOR_FLEET;
const WATCHERS = 200;
/** As long as one may wait, s. */
const WAIT_SECONDS = 30;
/** Until the last of them waits, ms: each has first looked for what it missed. */
const SETTLE_MS = 3_000;

interface Answer {
  cursor: string;
  changes: unknown[];
}

/** Measures what it costs that many wait for a change, and how soon they are told of one. */
export async function measureWatch(rig: Rig): Promise<Watch> {
  const { redis, rollcall, plan } = rig;
  const fleet = rig.fleet(WATCH_FLEET);
  const http = rollcall.http(fleet);
  const { url } = rollcall.worker;
  const watchers = new Http(url, { authorization: `Bearer ${fleet.apiKey}` }, WATCHERS);
  const { cursor } = JSON.parse(await http.expect(200, "GET", "/v1/watch")) as Answer;
  const path = `/v1/watch?since=${encodeURIComponent(cursor)}&wait=${WAIT_SECONDS}`;
  let changedAt = Number.NaN;
  const waiting = Array.from({ length: WATCHERS }, async () => {
    const { changes } = JSON.parse(await watchers.expect(200, "GET", path)) as Answer;
    if (changes.length === 0 || Number.isNaN(changedAt)) throw new Error("a watcher was told of nothing");
    return performance.now() - changedAt;
  });
  await sleep(SETTLE_MS);
  const { commands, bytes } = await workOf(redis, () => sleep(plan.watchSeconds * 1000));
  const report = (status: string) =>
    http.expect(200, "POST", `/v1/agents/${idOf(0)}/heartbeat`, JSON.stringify({ status }), {
      "lease-token": tokenOf(fleet, 0),
    });
  await report("busy");
  changedAt = performance.now();
  const toldMs = await Promise.all(waiting).finally(() => watchers.close());
  await report("available");
  return { fleet: fleet.size, watchers: WATCHERS, seconds: plan.watchSeconds, commands, bytes, toldMs };
}
