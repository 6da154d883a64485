/**
 * Builds the Worker as a deploy would, and the dashboard as browsers load it; prints what they weigh compressed, and fails past
 * a budget.
 */
import { gzipSync } from "node:zlib";
import { BUNDLE_KIB_MAX, buildBundle } from "../bench/servers/bundle.ts";
import { dashboardScript } from "./dashboard.ts";

const DASHBOARD_KIB_MAX = 60;

const { gzipBytes } = await buildBundle("worker", "src/worker.ts");
const parts = [
  ["bundle", gzipBytes, BUNDLE_KIB_MAX],
  ["dashboard", gzipSync(dashboardScript(), { level: 9 }).length, DASHBOARD_KIB_MAX],
] as const;
for (const [name, bytes, kibMax] of parts) {
  const kib = bytes / 1024;
  console.log(`${name}: ${kib.toFixed(1)} KiB gzip, of ${kibMax} KiB allowed`);
  if (kib > kibMax) process.exitCode = 1;
}
