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
    prepared.push({
      size: fleet.size,
      fleet,
      operations: operationsOn(http, fleet, (index) => tokens[index]!),
    });
  }
  const largest = fleets.at(-1)!;
  const tally = async (fleet: Fleet) =>
    JSON.parse(await served.http(fleet).expect(200, "GET", `/tally?namespace=${fleet.namespace}`)) as Tally;
  const { databaseBytes } = await tally(largest);

  const rows: MeasuredEmbedded[] = [];
  // Counted before it is timed: cursors pile up while nobody asks for the tally.
  const counts = new Map<string, { rowsRead: number; rowsWritten: number }>();
  for (const { size, fleet, operations } of prepared) {
    for (const [name, operation] of Object.entries(operations)) {
      await operation(0);
      await tally(fleet);
      for (let nth = 1; nth <= TIMES; nth += 1) await operation(nth);
      const { rowsRead, rowsWritten } = await tally(fleet);
      counts.set(`${name}/${size}`, { rowsRead: rowsRead / TIMES, rowsWritten: rowsWritten / TIMES });
    }
  }
  await served.stop();

  const plain = await rig.start(bundles.rollcall, "workerd", fleets, false);
  const timed: typeof prepared = [];
  for (const fleet of fleets) {
    const http = plain.http(fleet);
    const tokens = await registerAll(http, fleet);
    timed.push({ size: fleet.size, fleet, operations: operationsOn(http, fleet, (index) => tokens[index]!) });
  }
  for (const row of await measureFleets(plan, plain.worker.pid, timed)) {
    rows.push({ ...row, ...counts.get(`${row.operation}/${row.fleet}`)! });
  }
  const resident = residentBytes(plain.worker.pid);
  await plain.stop();
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
