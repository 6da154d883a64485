import { DASHBOARD_FLEET, measureDashboard } from "./measure/dashboard.ts";
import { measureEmbedded } from "./measure/embedded.ts";
import { measureEtcd } from "./measure/etcd.ts";
import { measureFetchEach } from "./measure/fetch-each.ts";
import { measureRedisFleets } from "./measure/fleets.ts";
import { FLOOR_FLEET, measureFloor } from "./measure/floor.ts";
import { measureHub } from "./measure/hub.ts";
import { maxStaleFleet, measureMaxStale } from "./measure/max-stale.ts";
import { measureMeanwhile } from "./measure/meanwhile.ts";
import { measureMcp } from "./measure/mcp.ts";
import { measureMetrics, METRICS_FLEET } from "./measure/metrics.ts";
import { measureMemory } from "./measure/memory.ts";
import { measureNats } from "./measure/nats.ts";
import { measureStartUp } from "./measure/start-up.ts";
import { measureSweep } from "./measure/sweep.ts";
import { measureWatch, WATCH_FLEET } from "./measure/watch.ts";
import { measurePages, pagesFleet } from "./measure/pages.ts";
import type { Plan } from "./plan.ts";
import { dashboardTable } from "./report/dashboard-table.ts";
import { hubTable } from "./report/hub-table.ts";
import { metricsTable } from "./report/metrics-table.ts";
import { pagesTable } from "./report/pages-table.ts";
import { peerTable } from "./report/peer-table.ts";
import type { Table } from "./report/table.ts";
import * as tables from "./report/tables.ts";
import type { Measurements } from "./results.ts";
import type { Rig } from "./rig.ts";
import type { Program } from "./servers/program.ts";

interface Row<T> {
  /** Sizes of the fleets that it needs in Redis; none by default. */
  fleets?(plan: Plan): readonly number[];
  /** What has to be installed for it. */
  programs?: readonly Program[];
  measure(rig: Rig): Promise<T>;
  tables(measured: T): Table[];
}

export type RowName = keyof Measurements;

/** What the bench measures, in this order; `npm run bench -- floor sweep` measures these two alone. */
const ROWS: { [Name in RowName]: Row<Measurements[Name]> } = {
  "start-up": { measure: measureStartUp, tables: (measured) => [tables.startUpTable(measured)] },
  floor: { fleets: () => [FLOOR_FLEET], measure: measureFloor, tables: tables.floorTables },
  fleets: {
    fleets: (plan) => plan.fleets,
    measure: measureRedisFleets,
    tables: (measured) => [tables.fleetsTable(measured)],
  },
  "fetch-each": {
    fleets: (plan) => plan.fetchEach,
    measure: measureFetchEach,
    tables: (measured) => [tables.fetchEachTable(measured)],
  },
  "max-stale": {
    fleets: (plan) => [maxStaleFleet(plan.fleets)],
    measure: measureMaxStale,
    tables: (measured) => [tables.maxStaleTable(measured)],
  },
  etcd: {
    programs: ["etcd"],
    measure: measureEtcd,
    tables: (measured) => [
      peerTable("etcd", measured, "By its JSON gateway. A bulk request's rate counts leases."),
    ],
  },
  nats: {
    programs: ["nats-server"],
    measure: measureNats,
    tables: (measured) => [
      peerTable(
        "NATS",
        measured,
        "Its key-value store, in memory. Each agent has a connection, on both sides.",
      ),
    ],
  },
  hub: { measure: measureHub, tables: (measured) => [hubTable(measured)] },
  watch: {
    fleets: () => [WATCH_FLEET],
    measure: measureWatch,
    tables: (measured) => [tables.watchTable(measured)],
  },
  dashboard: {
    fleets: () => [DASHBOARD_FLEET],
    measure: measureDashboard,
    tables: (measured) => [dashboardTable(measured)],
  },
  pages: {
    fleets: (plan) => [pagesFleet(plan)],
    measure: measurePages,
    tables: (measured) => [pagesTable(measured)],
  },
  metrics: {
    fleets: () => [METRICS_FLEET],
    programs: ["promtool"],
    measure: measureMetrics,
    tables: (measured) => [metricsTable(measured)],
  },
  sweep: { measure: measureSweep, tables: (measured) => [tables.sweepTable(measured)] },
  meanwhile: { measure: measureMeanwhile, tables: (measured) => [tables.meanwhileTable(measured)] },
  mcp: { measure: measureMcp, tables: (measured) => [tables.mcpTable(measured)] },
  memory: { measure: measureMemory, tables: (measured) => [tables.memoryTable(measured)] },
  embedded: { measure: measureEmbedded, tables: tables.embeddedTables },
};

export const ROW_NAMES = Object.keys(ROWS) as RowName[];

export const isRowName = (name: string): name is RowName => Object.hasOwn(ROWS, name);

/** Sizes of all fleets that these rows need, ascending. */
export const fleetsFor = (names: readonly RowName[], plan: Plan): number[] =>
  [...new Set(names.flatMap((name) => ROWS[name].fleets?.(plan) ?? []))].toSorted((a, b) => a - b);

/** What has to be installed for these rows. */
export const programsFor = (names: readonly RowName[]): Program[] =>
  names.flatMap((name) => ROWS[name].programs ?? []);

/** Measures one row, and puts it into `measured`. */
export async function measureRow<Name extends RowName>(
  name: Name,
  rig: Rig,
  measured: { [N in Name]?: Measurements[N] },
): Promise<void> {
  measured[name] = await ROWS[name].measure(rig);
}

/** The tables of what was measured, in the order of the rows. */
export const tablesOf = (measured: Partial<Measurements>): Table[] =>
  ROW_NAMES.flatMap((name) => tablesOfRow(name, measured));

function tablesOfRow<Name extends RowName>(name: Name, measured: { [N in Name]?: Measurements[N] }): Table[] {
  return name in measured ? ROWS[name].tables(measured[name]!) : [];
}
