import { LIMIT, PAGE } from "./fleet/operations.ts";
import { type Bar, atLeast, atMost, missing, round, times } from "./bars/bar.ts";
import { costBars } from "./bars/cost.ts";
import { etcdBars } from "./bars/etcd.ts";
import { hubBars } from "./bars/hub.ts";
import { natsBars } from "./bars/nats.ts";
import { ratioOf, spreadOf } from "./load/statistics.ts";
import type { Timing } from "./load/load.ts";
import { LEGACY_HEARTBEAT } from "./measure/fleets.ts";
import { BY_HAND } from "./measure/floor.ts";
import type { Results } from "./results.ts";
import { BUNDLE_KIB_MAX } from "./servers/bundle.ts";

const perSecond = (timings: readonly Timing[]) => timings.map((timing) => timing.perSecond);
const p50 = (timings: readonly Timing[]) => timings.map((timing) => timing.p50);

export function barsOf(results: Results): Bar[] {
  return [
    ...floorBars(results),
    ...growthBars(results),
    ...fetchEachBars(results),
    ...maxStaleBars(results),
    ...sweepBars(results),
    ...meanwhileBars(results),
    ...mcpBars(results),
    ...etcdBars(results),
    ...natsBars(results),
    ...watchBars(results),
    ...hubBars(results),
    ...embeddedBars(results),
    ...costBars(results),
    ...bundleBars(results),
  ];
}

function floorBars({ floor, fleets }: Results): Bar[] {
  const bars = floor.pairs
    .filter(({ name, runtime }) => runtime === "workerd" && name !== "health")
    .map(({ name, yardstick, ours, theirs }) =>
      atLeast(
        `${name} throughput`,
        yardstick,
        yardstick === BY_HAND ? 0.85 : name === "heartbeat" ? 0.8 : 0.7,
        ratioOf(perSecond(ours), perSecond(theirs)),
      ),
    );
  const redisWork = (name: string) => fleets.find(({ operation }) => operation === name)!.redis;
  const redis = redisWork("heartbeat");
  const legacy = redisWork(LEGACY_HEARTBEAT);
  return [
    ...bars,
    {
      name: "heartbeat, status and load",
      yardstick: "Redis trips and commands",
      bar: "1 and 1",
      measured: `${redis.trips} and ${redis.commands}`,
      met: redis.trips === 1 && redis.commands === 1,
    },
    {
      name: LEGACY_HEARTBEAT,
      yardstick: "billed commands",
      bar: "≤ 5",
      measured: legacy.billed.toFixed(1),
      met: legacy.billed <= 5,
    },
  ];
}

function maxStaleBars({ "max-stale": { fleet, fresh, stale, trips, seconds } }: Results): Bar[] {
  const name = `discover with max_stale=1 at ${fleet.toLocaleString("en")}`;
  const { median } = spreadOf(p50(stale.alone));
  return [
    atLeast(
      `${name}, throughput`,
      "without",
      8,
      ratioOf(perSecond(stale.together), perSecond(fresh.together)),
    ),
    {
      name: `${name}, p50 of one caller`,
      yardstick: "ms",
      bar: "≤ 0.5",
      measured: round(median),
      met: median <= 0.5,
    },
    {
      name: `${name}, trips to Redis`,
      yardstick: `in ${seconds} s`,
      // One a second, of which the first comes at once.
      bar: `≤ ${Math.ceil(seconds)}`,
      measured: `${trips}`,
      met: trips <= Math.ceil(seconds),
    },
  ];
}

function growthBars({ fleets }: Results): Bar[] {
  const alone = (operation: string, fleet: number) =>
    fleets.find((row) => row.operation === operation && row.fleet === fleet)?.alone;
  const page = `list page of ${PAGE}`;
  const compared = [
    ["discover", `discover (limit ${LIMIT}), p50 at 10,000 matching`, 100, 10_000, 2],
    [page, `${page}, p50 at 100,000`, 1_000, 100_000, 1.5],
  ] as const;
  return compared.map(([operation, name, small, large, wanted]) => {
    const a = alone(operation, large);
    const b = alone(operation, small);
    const yardstick = `itself at ${small.toLocaleString("en")}`;
    return a && b
      ? atMost(name, yardstick, wanted, ratioOf(p50(a), p50(b)))
      : missing(name, yardstick, `≤ ${wanted} ×`);
  });
}

function fetchEachBars({ "fetch-each": fetchEach }: Results): Bar[] {
  return [
    [1_000, 30],
    [10_000, 250],
  ].flatMap(([fleet, wanted]): Bar[] => {
    const name = `discover at ${fleet!.toLocaleString("en")}, times faster`;
    const found = fetchEach.find((result) => result.fleet === fleet);
    if (!found) return [missing(name, "a GET per agent", `≥ ${wanted} ×`)];
    const pipelined = ratioOf(found.pipelined, found.discover);
    return [
      atLeast(name, "a GET per agent, one by one", wanted!, ratioOf(found.oneByOne, found.discover)),
      { name, yardstick: "the same GETs, pipelined", bar: "no bar", measured: times(pipelined), met: null },
    ];
  });
}

function watchBars({ watch: { watchers, seconds, commands } }: Results): Bar[] {
  return [
    {
      name: `${watchers} long polls that wait`,
      yardstick: "commands to Redis a second and isolate",
      bar: "≤ 1",
      measured: round(commands / seconds),
      // In a second more than a whole number of them there may be one more.
      met: commands <= seconds + 1,
    },
  ];
}

function sweepBars({ sweep: sweeps }: Results): Bar[] {
  return sweeps.flatMap((sweep): Bar[] => {
    const agents = sweep.agents.toLocaleString("en");
    const full = sweep.agents === 100_000;
    const met = (value: boolean) => (full ? value : null);
    if (sweep.changed === 0) {
      const perCommand = sweep.agents / sweep.commands;
      const writes = [...sweep.writes].map(([name, n]) => `${n} ${name.toUpperCase()}`).join(", ");
      return [
        {
          name: `sweep of ${agents}, agents per command`,
          yardstick: "commands sent",
          bar: "≥ 400",
          measured: `${perCommand.toFixed(0)} (${sweep.commands} commands, ${sweep.trips} trips)`,
          met: met(perCommand >= 400),
        },
        {
          name: `sweep of ${agents}, writes when nothing changed`,
          yardstick: "beside its own report",
          bar: "0",
          measured: writes || "0",
          met: sweep.writes.size === 0,
        },
        {
          name: `sweep of ${agents}, CPU under workerd`,
          yardstick: "seconds",
          bar: "≤ 5 s",
          measured: `${(sweep.cpuMs / 1000).toFixed(2)} s`,
          met: met(sweep.cpuMs <= 5_000),
        },
      ];
    }
    if (sweep.change !== "gone") return [];
    return [
      {
        name: `sweep of ${agents}, ${sweep.changed.toLocaleString("en")} gone`,
        yardstick: "all reaped, indexes exact",
        bar: "yes",
        measured: `${sweep.indexesExact ? "yes" : "no"}, in ${sweep.runs} ${sweep.runs === 1 ? "run" : "runs"}, ${(sweep.cpuMs / 1000).toFixed(1)} s of CPU`,
        met: met(sweep.indexesExact),
      },
    ];
  });
}

function meanwhileBars({ meanwhile }: Results): Bar[] {
  return meanwhile.flatMap(
    ({ disturbance, store, alone, disturbed, answerBytes, longestCommandMs }): Bar[] => {
      const during = `during ${disturbance}, ${store}`;
      const p99 = (timings: readonly Timing[]) => timings.map((timing) => timing.p99);
      return [
        atMost(`heartbeats' p99 ${during}`, "itself, alone", 3, ratioOf(p99(disturbed), p99(alone))),
        {
          name: `largest answer ${during}`,
          yardstick: "bytes",
          bar: "≤ 1 MiB",
          measured: `${round(answerBytes / 1024)} KiB`,
          met: answerBytes <= 2 ** 20,
        },
        ...(longestCommandMs === null
          ? []
          : [
              {
                name: `longest command ${during}`,
                yardstick: "ms in Redis, scripts included",
                bar: "≤ 20 ms",
                measured: `${round(longestCommandMs)} ms`,
                met: longestCommandMs <= 20,
              },
            ]),
      ];
    },
  );
}

const mcpBars = ({ mcp }: Results): Bar[] =>
  mcp.map(({ callers, direct, throughMcp }) =>
    atMost(
      `p50 of a tool call through /mcp and a bridge, ${callers} at once`,
      "the same server called directly",
      3,
      ratioOf(p50(throughMcp), p50(direct)),
    ),
  );

/** Rows read are billed; a draw must not read more of a larger fleet. */
const DISCOVER_ROWS_MAX = 300;

function embeddedBars({ embedded }: Results): Bar[] {
  const largest = Math.max(...embedded.rows.map(({ fleet }) => fleet));
  return embedded.rows
    .filter(({ operation, fleet }) => operation.startsWith("discover") && fleet === largest)
    .map(({ operation, rowsRead }) => ({
      name: `${operation}, embedded, ${largest.toLocaleString("en")} agents`,
      yardstick: "rows read",
      bar: `≤ ${DISCOVER_ROWS_MAX}`,
      measured: round(rowsRead),
      met: rowsRead <= DISCOVER_ROWS_MAX,
    }));
}

function bundleBars({ "start-up": startUp }: Results): Bar[] {
  const cpu = spreadOf(startUp.cpuMs);
  return [
    {
      name: "bundle, compressed",
      yardstick: "KiB gzip",
      bar: `≤ ${BUNDLE_KIB_MAX} KiB`,
      measured: `${(startUp.gzipBytes / 1024).toFixed(1)} KiB`,
      met: startUp.gzipBytes <= BUNDLE_KIB_MAX * 1024,
    },
    {
      name: "start-up CPU",
      yardstick: "beyond an empty Worker",
      bar: "≤ 50 ms",
      measured: `${cpu.median.toFixed(0)} ms (${cpu.low.toFixed(0)} … ${cpu.high.toFixed(0)})`,
      met: cpu.median <= 50,
    },
  ];
}
