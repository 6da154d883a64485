import type { Bar } from "../bars.ts";
import { LIMIT } from "../fleet/operations.ts";
import { ratioOf, type Spread, spreadOf } from "../load/statistics.ts";
import { type Measured, middle } from "../measure/fleets.ts";
import { CALLERS } from "../plan.ts";
import type { Results } from "../results.ts";
import { costTables } from "./cost-tables.ts";
import { figure, type Table } from "./table.ts";

const spread = ({ median, low, high }: Spread): string =>
  `${figure(median)} (${figure(low)} … ${figure(high)})`;
const count = (n: number): string => n.toLocaleString("en");

export function barTable(bars: readonly Bar[]): Table {
  const word = (met: boolean | null) => (met === null ? "–" : met ? "met" : "MISSED");
  return {
    title: "Bars",
    note: "Ratios are medians over rounds in which both sides took turns, with the lowest and the highest.",
    columns: ["what", "yardstick", "bar", "measured", ""],
    rows: bars.map(({ name, yardstick, bar, measured, met }) => [name, yardstick, bar, measured, word(met)]),
  };
}

export function tablesOf(results: Results): Table[] {
  return [
    floorTable(results),
    steadyTable(results),
    fleetTable(results),
    fetchEachTable(results),
    ...etcdTables(results),
    sweepTable(results),
    embeddedTable(results),
    memoryTable(results),
    ...costTables(results),
  ];
}

const TIMING_COLUMNS = ["p50 ms", "p95 ms", "p99 ms", "per second", "CPU µs"];
const timingCells = ({ alone, together }: Pick<Measured, "alone" | "together">): string[] => [
  ...(["p50", "p95", "p99"] as const).map((field) => figure(middle(alone, field))),
  figure(middle(together, "perSecond")),
  figure(middle(together, "cpuMs") * 1000),
];

function floorTable({ floor }: Results): Table {
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
    rows: floor.pairs.map(({ name, runtime, yardstick, ours, theirs }) => [
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

function steadyTable({ floor }: Results): Table {
  return {
    title: "At a steady rate",
    note: "Requests are due at a fixed rate, half of what the Worker can take, whatever the answers do (open loop); plain workerd.",
    columns: ["operation", "asked/s", "answered/s", "p50 ms", "p95 ms", "p99 ms"],
    rows: floor.steady.map(({ name, askedPerSecond, timing }) => [
      name,
      figure(askedPerSecond),
      figure(timing.perSecond),
      figure(timing.p50),
      figure(timing.p95),
      figure(timing.p99),
    ]),
  };
}

function fleetTable({ fleets }: Results): Table {
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

function fetchEachTable({ fetchEach }: Results): Table {
  const ms = (values: readonly number[]) => spread(spreadOf(values));
  return {
    title: "Against a GET per agent",
    note: `Discovery of ${LIMIT}, in ms: over HTTP through Worker and bridge, against ids from an index and then a GET each, in Node straight over TCP.`,
    columns: ["agents", "discover", "one by one", "pipelined", "times faster", "than pipelined"],
    rows: fetchEach.map(({ fleet, discover, oneByOne, pipelined }) => [
      count(fleet),
      ms(discover),
      ms(oneByOne),
      ms(pipelined),
      spread(ratioOf(oneByOne, discover)),
      spread(ratioOf(pipelined, discover)),
    ]),
  };
}

function etcdTables({ etcd }: Results): Table[] {
  if (!etcd) return [];
  return [
    {
      title: "Against etcd",
      note: `etcd ${etcd.version} and its JSON gateway, with ${count(etcd.agents)} agents, ${CALLERS} callers; ours is plain workerd, bridge and Redis, on the same cores. CPU is the Worker's and etcd's. A bulk request's rate counts leases.`,
      columns: ["operation", "yardstick", "ours/s", "etcd/s", "ratio", "our CPU µs", "etcd CPU µs"],
      rows: etcd.pairs.map(({ name, yardstick, each, ours, theirs }) => [
        name,
        yardstick,
        figure(middle(ours, "perSecond") * each),
        figure(middle(theirs, "perSecond")),
        spread(
          ratioOf(
            ours.map((t) => t.perSecond * each),
            theirs.map((t) => t.perSecond),
          ),
        ),
        figure(middle(ours, "cpuMs") * 1000),
        figure(middle(theirs, "cpuMs") * 1000),
      ]),
    },
  ];
}

function sweepTable({ sweeps }: Results): Table {
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

function embeddedTable({ embedded }: Results): Table {
  return {
    title: "Fleets in the embedded store",
    note: "Plain workerd, no Redis: one SQLite Durable Object per fleet, on disk. Rows are what Cloudflare bills, per operation.",
    columns: ["operation", "agents", ...TIMING_COLUMNS, "rows written", "rows read"],
    rows: embedded.rows.map((row) => [
      row.operation,
      count(row.fleet),
      ...timingCells(row),
      figure(row.rowsWritten),
      figure(row.rowsRead),
    ]),
  };
}

function memoryTable({ memory, embedded, bundleBytes, startUp }: Results): Table {
  return {
    title: "Size",
    columns: ["what", "measured"],
    rows: [
      ["bundle, gzip", `${figure(bundleBytes / 1024)} KiB`],
      ["CPU to start, beyond an empty Worker", `${spread(spreadOf(startUp.cpuMs))} ms`],
      [`one agent in Redis, of ${count(memory.agents)}`, `${figure(memory.redisBytesPerAgent)} bytes`],
      ["one agent in the embedded database", `${figure(embedded.databaseBytesPerAgent)} bytes`],
      ["workerd with Rollcall on Redis, resident", `${figure(memory.workerBytes / 2 ** 20)} MiB`],
      ["workerd with Rollcall embedded, resident", `${figure(embedded.residentBytes / 2 ** 20)} MiB`],
    ],
  };
}
