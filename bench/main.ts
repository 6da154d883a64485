/** `npm run bench`: what Rollcall costs and how that grows, beside what people would use instead. */
import { cpus, totalmem } from "node:os";
import { barsOf } from "./bars.ts";
import { measureEmbedded } from "./measure/embedded.ts";
import { measureEtcd } from "./measure/etcd.ts";
import { measureFetchEach } from "./measure/fetch-each.ts";
import { measureRedisFleets } from "./measure/fleets.ts";
import { measureFloor } from "./measure/floor.ts";
import { measureMemory } from "./measure/memory.ts";
import { measureStartUp } from "./measure/start-up.ts";
import { measureSweep } from "./measure/sweep.ts";
import { PLANS } from "./plan.ts";
import { toText } from "./report/text.ts";
import { writeReport } from "./report/write.ts";
import type { Results } from "./results.ts";
import { openRig } from "./rig.ts";
import { versionsOf } from "./versions.ts";

const plan = PLANS[process.argv.includes("--quick") ? "quick" : "full"];
const startedAt = performance.now();
const tell = (text: string) =>
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const rig = await openRig(plan, tell);
try {
  tell("start-up");
  const startUp = await measureStartUp(plan, rig.bundles);
  tell("against the floor");
  const floor = await measureFloor(rig);
  tell("every operation on every fleet");
  const fleets = await measureRedisFleets(rig);
  tell("against a GET per agent");
  const fetchEach = await measureFetchEach(rig);
  tell("against etcd");
  const etcd = await measureEtcd(rig);
  tell("the sweep");
  const sweeps = await measureSweep(rig);
  tell("memory");
  const memory = await measureMemory(rig);
  tell("the embedded store");
  const embedded = await measureEmbedded(rig);

  const results: Results = {
    mode: plan.name,
    at: new Date().toISOString(),
    tookSeconds: (performance.now() - startedAt) / 1000,
    machine: {
      CPU: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
      memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
      ...versionsOf(rig.redis.version, etcd?.version),
    },
    bundleBytes: rig.bundles.rollcall.gzipBytes,
    startUp,
    floor,
    fleets,
    fetchEach,
    etcd,
    sweeps,
    embedded,
    memory,
  };
  console.log(toText(results, barsOf(results)));
  // A taste is not a result: only the full run goes into the docs.
  if (plan.name === "full") await writeReport(results);
} finally {
  await rig.stop();
}
tell("done");
