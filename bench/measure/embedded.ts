import { type Fleet, fleetOf } from "../fleet/agents.ts";
import { registerOverHttp } from "../fleet/register.ts";
import type { Operation } from "../load/load.ts";
import { residentBytes } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import type { CountedRows } from "../workers/counted-rows.ts";
import { type Measured, measureFleets, operationsOn } from "./fleets.ts";

export interface MeasuredEmbedded extends Measured {
  rowsRead: number;
  rowsWritten: number;
}

export interface EmbeddedResult {
  rows: MeasuredEmbedded[];
  databaseBytesPerAgent: number;
  residentBytes: number;
}

const TIMES = 20;

/** Measures Rollcall without Redis: one SQLite Durable Object per fleet. */
export async function measureEmbedded(rig: Rig): Promise<EmbeddedResult> {
  const { plan, bundles } = rig;
  const fleets = plan.embedded.map((size) => fleetOf(size, "embedded"));
  const served = await rig.start(bundles.counted, "workerd", fleets, false);
  const prepared: { size: number; fleet: Fleet; operations: Record<string, Operation> }[] = [];
  for (const fleet of fleets) {
    const http = served.http(fleet);
    const tokens = await registerOverHttp(http, fleet);
    const operations = operationsOn(http, fleet, (index) => tokens[index]!);
    prepared.push({ size: fleet.size, fleet, operations });
  }
  const tally = async (fleet: Fleet) =>
    JSON.parse(
      await served.http(fleet).expect(200, "GET", `/tally?namespace=${fleet.namespace}`),
    ) as CountedRows;
  const largest = fleets.at(-1)!;
  const { databaseBytes } = await tally(largest);

  const rows: MeasuredEmbedded[] = [];
  for (const row of await measureFleets(plan, served.worker.pid, prepared)) {
    const { fleet, operations } = prepared.find(({ size }) => size === row.fleet)!;
    await tally(fleet);
    for (let nth = 0; nth < TIMES; nth += 1) await operations[row.operation]!(nth);
    const { rowsRead, rowsWritten } = await tally(fleet);
    rows.push({ ...row, rowsRead: rowsRead / TIMES, rowsWritten: rowsWritten / TIMES });
  }
  const resident = residentBytes(served.worker.pid);
  await served.stop();
  return { rows, databaseBytesPerAgent: databaseBytes / largest.size, residentBytes: resident };
}
