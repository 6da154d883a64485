import { fleetOf, type Fleet, idOf, registrationOf } from "../fleet/agents.ts";
import type { Http } from "../load/http.ts";
import type { Operation } from "../load/load.ts";
import { residentBytes } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import type { Tally } from "../rows.ts";
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

const REGISTERED_AT_ONCE = 16;
const TIMES = 20;

/** Rollcall with no Redis at all: one SQLite Durable Object per fleet. */
export async function measureEmbedded(rig: Rig): Promise<EmbeddedResult> {
  const { plan, bundles } = rig;
  const fleets = plan.embedded.map((size) => fleetOf(size, "embedded"));
  const served = await rig.start(bundles.counted, "workerd", fleets, false);
  const prepared: { size: number; fleet: Fleet; operations: Record<string, Operation> }[] = [];
  for (const fleet of fleets) {
    const http = served.http(fleet);
    const tokens = await registerAll(http, fleet);
    const operations = operationsOn(http, fleet, (index) => tokens[index]!);
    prepared.push({ size: fleet.size, fleet, operations });
  }
  const tally = async (fleet: Fleet) =>
    JSON.parse(await served.http(fleet).expect(200, "GET", `/tally?namespace=${fleet.namespace}`)) as Tally;
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

async function registerAll(http: Http, fleet: Fleet): Promise<string[]> {
  const tokens: string[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let index = next++; index < fleet.size; index = next++) {
      const text = await http.expect(201, "POST", "/v1/agents", JSON.stringify(registrationOf(index)));
      const { agent_id, lease_token } = JSON.parse(text) as { agent_id: string; lease_token: string };
      if (agent_id !== idOf(index)) throw new Error(`${agent_id} was registered as ${idOf(index)}`);
      tokens[index] = lease_token;
    }
  }
  await Promise.all(Array.from({ length: REGISTERED_AT_ONCE }, work));
  return tokens;
}
