import { spawnSync } from "node:child_process";
import type { Rig } from "../rig.ts";
import { FLOOR_FLEET } from "./floor.ts";
import { workOf } from "./redis-work.ts";

/** A scrape, and what Prometheus's own tool says of it. */
export interface Metrics {
  fleet: number;
  bytes: number;
  /** Round trips are fewer. */
  commands: number;
  ms: number;
  /** What `promtool check metrics` prints; "": the text is sound. */
  complaints: string;
}

export const METRICS_FLEET = FLOOR_FLEET;

/** @throws if promtool cannot read the text */
export async function measureMetrics(rig: Rig): Promise<Metrics> {
  const fleet = rig.fleet(METRICS_FLEET);
  const http = rig.rollcall.http(fleet);
  let text = "";
  let ms = 0;
  await http.expect(200, "GET", "/metrics");
  const { commands } = await workOf(rig.redis, async () => {
    const began = performance.now();
    text = await http.expect(200, "GET", "/metrics");
    ms = performance.now() - began;
  });
  const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  // 3: it is sound, but the tool would name something otherwise.
  if (checked.status !== 0 && checked.status !== 3) throw new Error(`promtool: ${checked.stderr}`);
  const complaints = `${checked.stdout}${checked.stderr}`.trim();
  return { fleet: fleet.size, bytes: Buffer.byteLength(text), commands, ms, complaints };
}
