import type { Bar } from "../bars/bar.ts";
import { LIMIT } from "../fleet/operations.ts";
import { ratioOf, type Spread, spreadOf } from "../load/statistics.ts";
import type { EmbeddedResult } from "../measure/embedded.ts";
import type { FetchEachResult } from "../measure/fetch-each.ts";
import { type Measured, type MeasuredOnRedis, middle } from "../measure/fleets.ts";
import type { Floor } from "../measure/floor.ts";
import type { MaxStale } from "../measure/max-stale.ts";
import type { Meanwhile } from "../measure/meanwhile.ts";
import type { McpCalls } from "../measure/mcp.ts";
import type { Memory } from "../measure/memory.ts";
import type { StartUp } from "../measure/start-up.ts";
import type { SweepResult } from "../measure/sweep.ts";
import type { Watch } from "../measure/watch.ts";
import { CALLERS } from "../plan.ts";
import { figure, type Table } from "./table.ts";

export const spread = ({ median, low, high }: Spread): string =>
  `${figure(median)} (${figure(low)} … ${figure(high)})`;
export const count = (n: number): string => n.toLocaleString("en");

export function barTable(bars: readonly Bar[]): Table {
  const word = (met: boolean | null) => (met === null ? "–" : met ? "met" : "MISSED");
  return {
    title: "Bars",
    note: "Ratios are medians over rounds in which both sides took turns, with the lowest and the highest.",
    columns: ["what", "yardstick", "bar", "measured", ""],
    rows: bars.map(({ name, yardstick, bar, measured, met }) => [name, yardstick, bar, measured, word(met)]),
  };
}

const TIMING_COLUMNS = ["p50 ms", "p95 ms", "p99 ms", "per second", "CPU µs"];
const timingCells = ({ alone, together }: Pick<Measured, "alone" | "together">): string[] => [
  ...(["p50", "p95", "p99"] as const).map((field) => figure(middle(alone, field))),
  figure(middle(together, "perSecond")),
  figure(middle(together, "cpuMs") * 1000),
];

export const floorTables = (floor: Floor): Table[] => [pairsTable(floor), steadyTable(floor)];

function pairsTable({ pairs }: Floor): Table {
  return {
    title: "Against the floor",
    note: `Requests a second with ${CALLERS} callers; CPU is that of the process that runs the Worker, per request.`,
    columns: [
      "operation",
      "runtime",
      "yardstick",
      "ours/s",
      "yardstick/s",
      "ratio",
      "our CPU µs",
      "its CPU µs",
    ],
    rows: pairs.map(({ name, runtime, yardstick, ours, theirs }) => [
      name,
      runtime,
      yardstick,
      figure(middle(ours, "perSecond")),
      figure(middle(theirs, "perSecond")),
      spread(
        ratioOf(
          ours.map((t) => t.perSecond),
          theirs.map((t) => t.perSecond),
        ),
      ),
      figure(middle(ours, "cpuMs") * 1000),
      figure(middle(theirs, "cpuMs") * 1000),
    ]),
  };
}

function steadyTable({ steady }: Floor): Table {
  return {
    title: "At a steady rate",
    note: "Requests are due at a fixed rate, half of what the Worker can take, whatever the answers do (open loop); plain workerd.",
    columns: ["operation", "asked/s", "answered/s", "p50 ms", "p95 ms", "p99 ms"],
    rows: steady.map(({ name, askedPerSecond, timing }) => [
      name,
      figure(askedPerSecond),
      figure(timing.perSecond),
      figure(timing.p50),
      figure(timing.p95),
      figure(timing.p99),
    ]),
  };
}

export function fleetsTable(fleets: readonly MeasuredOnRedis[]): Table {
  return {
    title: "Fleets in Redis",
    note: `Plain workerd. Latencies are those of one caller alone; throughput and Worker CPU per operation with ${CALLERS} callers. "billed" counts as Upstash does: each command, a script as one, and each command inside it. KB is what goes in and out of Redis. Discover: limit ${LIMIT}, all of the fleet matches (a fifth with 2 terms); resolve: 10 providers.`,
    columns: ["operation", "agents", ...TIMING_COLUMNS, "trips", "commands", "billed", "KB"],
    rows: fleets.map((row) => [
      row.operation,
      count(row.fleet),
      ...timingCells(row),
      figure(row.redis.trips),
      figure(row.redis.commands),
      figure(row.redis.billed),
      figure(row.redis.bytes / 1000),
    ]),
  };
}

export function fetchEachTable(results: readonly FetchEachResult[]): Table {
  const ms = (values: readonly number[]) => spread(spreadOf(values));
  return {
    title: "Against a GET per agent",
    note: `Discovery of ${LIMIT}, in ms: over HTTP through Worker and bridge, against ids from an index and then a GET each, in Node straight over TCP.`,
    columns: ["agents", "discover", "one by one", "pipelined", "times faster", "than pipelined"],
    rows: results.map(({ fleet, discover, oneByOne, pipelined }) => [
      count(fleet),
      ms(discover),
      ms(oneByOne),
      ms(pipelined),
      spread(ratioOf(oneByOne, discover)),
      spread(ratioOf(pipelined, discover)),
    ]),
  };
}

export function sweepTable(sweeps: readonly SweepResult[]): Table {
  return {
    title: "The sweep",
    note: "One POST /v1/sweep (more where its budget ran out), plain workerd; the last changes are lapsed leases, those before are silent agents.",
    columns: [
      "agents",
      "changes",
      "runs",
      "trips",
      "commands",
      "billed",
      "MB",
      "CPU s",
      "took s",
      "indexes exact",
    ],
    rows: sweeps.map((sweep) => [
      count(sweep.agents),
      `${count(sweep.changed)} ${sweep.changed === 0 ? "" : sweep.change}`.trim(),
      String(sweep.runs),
      count(sweep.trips),
      count(sweep.commands),
      count(sweep.billed),
      figure(sweep.bytes / 1e6),
      figure(sweep.cpuMs / 1000),
      figure(sweep.durationMs / 1000),
      sweep.indexesExact ? "yes" : "NO",
    ]),
  };
}

export function maxStaleTable({ fleet, fresh, stale, trips, seconds }: MaxStale): Table {
  return {
    title: "Discovery that may be a second old",
    note: `${count(fleet)} agents; the two take turns. With max_stale=1 and ${CALLERS} callers: ${trips} trips to Redis in ${seconds} s.`,
    columns: ["discover", ...TIMING_COLUMNS],
    rows: [
      ["of now", ...timingCells(fresh)],
      ["max_stale=1", ...timingCells(stale)],
    ],
  };
}

export function watchTable({ fleet, watchers, seconds, commands, bytes, toldMs }: Watch): Table {
  return sizes("Waiting for a change", [
    ["agents", count(fleet)],
    ["long polls that wait in one isolate", count(watchers)],
    [`commands to Redis a second, in ${seconds} s without a change`, figure(commands / seconds)],
    ["bytes to and from Redis a second", figure(bytes / seconds)],
    ["from a change until a poll is answered, ms", spread(spreadOf(toldMs))],
  ]);
}

export function meanwhileTable(rows: readonly Meanwhile[]): Table {
  return {
    title: "Heartbeats meanwhile",
    note: "Heartbeats at a steady rate (open loop), plain workerd, alone and while something else goes on without a pause in the same namespace.",
    columns: [
      "meanwhile",
      "store",
      "agents",
      "p99 ms alone",
      "p99 ms then",
      "times",
      "largest KB",
      "Redis ms each",
      "longest command ms",
    ],
    rows: rows.map((row) => [
      row.disturbance,
      row.store,
      count(row.agents),
      figure(middle(row.alone, "p99")),
      figure(middle(row.disturbed, "p99")),
      count(row.times),
      figure(row.answerBytes / 1000),
      row.redisMsEach === null ? "–" : figure(row.redisMsEach),
      row.longestCommandMs === null ? "–" : figure(row.longestCommandMs),
    ]),
  };
}

export function mcpTable(rows: readonly McpCalls[]): Table {
  return {
    title: "A tool call over MCP",
    note: "MCP's example server, called directly over HTTP, and behind a bridge: by POST /mcp and by the registry's own route. Plain workerd on Redis; server, bridge, Worker, Redis and callers share the machine. The parts: one call by MCP's client, which the bridge makes too, and two of the Worker's cheapest requests.",
    columns: [
      "calls at once",
      "p50 ms directly",
      "p50 ms by MCP's client",
      "p50 ms of the parts",
      "p50 ms by /mcp",
      "times",
      "p50 ms by REST",
      "/mcp calls/s",
    ],
    rows: rows.map(({ callers, direct, byLibrary, health, throughMcp, throughRest }) => [
      count(callers),
      figure(middle(direct, "p50")),
      figure(middle(byLibrary, "p50")),
      figure(middle(byLibrary, "p50") + 2 * middle(health, "p50")),
      figure(middle(throughMcp, "p50")),
      figure(middle(throughMcp, "p50") / middle(direct, "p50")),
      figure(middle(throughRest, "p50")),
      figure(middle(throughMcp, "perSecond")),
    ]),
  };
}

export function startUpTable({ gzipBytes, cpuMs }: StartUp): Table {
  return sizes("Start-up", [
    ["bundle, gzip", `${figure(gzipBytes / 1024)} KiB`],
    ["CPU to start, beyond an empty Worker", `${spread(spreadOf(cpuMs))} ms`],
  ]);
}

export function memoryTable({ agents, redisBytesPerAgent, workerBytes }: Memory): Table {
  return sizes("Memory", [
    [`one agent in Redis, of ${count(agents)}`, `${figure(redisBytesPerAgent)} bytes`],
    ["workerd with Rollcall on Redis, resident", `${figure(workerBytes / 2 ** 20)} MiB`],
  ]);
}

export function embeddedTables({ rows, databaseBytesPerAgent, residentBytes }: EmbeddedResult): Table[] {
  return [
    {
      title: "Fleets in the embedded store",
      note: "Plain workerd, no Redis: one SQLite Durable Object per fleet, on disk. Rows are what Cloudflare bills, per operation.",
      columns: ["operation", "agents", ...TIMING_COLUMNS, "rows written", "rows read"],
      rows: rows.map((row) => [
        row.operation,
        count(row.fleet),
        ...timingCells(row),
        figure(row.rowsWritten),
        figure(row.rowsRead),
      ]),
    },
    sizes("Memory of the embedded store", [
      ["one agent in the database", `${figure(databaseBytesPerAgent)} bytes`],
      ["workerd with Rollcall, resident", `${figure(residentBytes / 2 ** 20)} MiB`],
    ]),
  ];
}

const sizes = (title: string, rows: string[][]): Table => ({ title, columns: ["what", "measured"], rows });
