/**
 * Where the Worker's CPU goes: `npm run bench:profile -- discover 1000` drives one operation against a fleet of that size,
 * and prints what V8's profiler saw inside workerd.
 */
import { apiKeysOf, fleetOf } from "./fleet/agents.ts";
import * as operations from "./fleet/operations.ts";
import { populateRedis, PREFIX } from "./fleet/populate-redis.ts";
import { Http } from "./load/http.ts";
import { closedLoop, type Operation } from "./load/load.ts";
import { MAX_STALE } from "./measure/max-stale.ts";
import { throughMcp, TOOLSET } from "./measure/mcp.ts";
import { buildBundle } from "./servers/bundle.ts";
import { startBridge, startEverything } from "./servers/everything.ts";
import { startRedis, varsOf } from "./servers/redis.ts";
import { startWorkerd } from "./servers/workerd.ts";
import { frameName, type Profile, selfTimes, totalTimes } from "./load/cpu-profile.ts";
import { freePort } from "./servers/free-port.ts";
import { Inspector } from "./servers/inspector.ts";

const WARM_UP_MS = 3000;
const PROFILED_MS = 5000;
const SHOWN = 25;

const [name = "heartbeat", size = "1000"] = process.argv.slice(2);
const fleet = fleetOf(Number(size));

const redis = await startRedis();
await populateRedis(redis.redis, fleet);
const inspectorPort = await freePort();
const worker = await startWorkerd(
  {
    bundle: await buildBundle("profiled", "src/worker.ts", { minify: false }),
    vars: { ...varsOf(redis, PREFIX), API_KEYS: apiKeysOf([fleet]) },
  },
  [`--inspector-addr=127.0.0.1:${inspectorPort}`],
);
const http = new Http(worker.url, { authorization: `Bearer ${fleet.apiKey}` });
const known: Record<string, Operation> = {
  heartbeat: operations.heartbeat(http, fleet),
  bulk: operations.bulkHeartbeat(http, fleet),
  get: operations.get(http, fleet),
  discover: operations.discover(http, fleet),
  "discover-stale": operations.discover(http, fleet, { filters: MAX_STALE }),
  list: operations.listPage(http, fleet),
  register: operations.register(http),
  resolve: operations.resolve(http),
  health: () => http.expect(200, "GET", "/health"),
  "mcp-call": throughMcp(http),
};
const operation = known[name];
if (!operation) throw new Error(`no operation "${name}"; there are ${Object.keys(known).join(", ")}`);

const server = name === "mcp-call" ? await startEverything() : undefined;
const registry = { url: worker.url, key: fleet.apiKey, http };
const bridge = server && (await startBridge(registry, TOOLSET, `${server.url}/mcp`));

await closedLoop(operation, { callers: 8, ms: WARM_UP_MS, pid: worker.pid });
const inspector = await Inspector.open(`ws://127.0.0.1:${inspectorPort}/main`);
await inspector.send("Profiler.enable");
await inspector.send("Profiler.setSamplingInterval", { interval: 200 });
await inspector.send("Profiler.start");
const timing = await closedLoop(operation, { callers: 8, ms: PROFILED_MS, pid: worker.pid });
const { profile } = await inspector.send<{ profile: Profile }>("Profiler.stop");
inspector.close();

console.log(`${name}, fleet of ${fleet.size}: ${(timing.cpuMs * 1000).toFixed(0)} µs of CPU per operation`);
print(
  "by itself",
  selfTimes(profile, ({ callFrame }) => frameName(callFrame)),
  timing.operations,
);
print("with all it calls", totalTimes(profile), timing.operations);

await bridge?.stop();
await server?.stop();
await http.close();
await worker.stop();
await redis.stop();

function print(title: string, times: ReadonlyMap<string, number>, count: number): void {
  console.log(`\nµs per operation, ${title}`);
  const rows = [...times].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
  for (const [frame, us] of rows) console.log(`${(us / count).toFixed(1).padStart(9)}  ${frame}`);
}
