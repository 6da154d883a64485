import type { Demand, Demands } from "./cost.ts";
import type { Dashboard } from "./measure/dashboard.ts";
import type { EmbeddedResult } from "./measure/embedded.ts";
import type { PeerResult } from "./measure/etcd.ts";
import type { FetchEachResult } from "./measure/fetch-each.ts";
import { type MeasuredOnRedis, middle } from "./measure/fleets.ts";
import type { Floor } from "./measure/floor.ts";
import type { HubResult } from "./measure/hub.ts";
import type { MaxStale } from "./measure/max-stale.ts";
import type { Meanwhile } from "./measure/meanwhile.ts";
import type { McpCalls } from "./measure/mcp.ts";
import type { Metrics } from "./measure/metrics.ts";
import type { Memory } from "./measure/memory.ts";
import type { Pages } from "./measure/pages.ts";
import type { StartUp } from "./measure/start-up.ts";
import type { SweepResult } from "./measure/sweep.ts";
import type { Watch } from "./measure/watch.ts";
import { BULK } from "./fleet/operations.ts";
import type { SocketDemands } from "./socket-cost.ts";

/** What is measured, by the name of its row in `rows.ts`. */
export interface Measurements {
  "start-up": StartUp;
  floor: Floor;
  fleets: MeasuredOnRedis[];
  "fetch-each": FetchEachResult[];
  etcd: PeerResult;
  nats: PeerResult;
  "max-stale": MaxStale;
  hub: HubResult;
  watch: Watch;
  dashboard: Dashboard;
  pages: Pages;
  metrics: Metrics;
  sweep: SweepResult[];
  meanwhile: Meanwhile[];
  mcp: McpCalls[];
  memory: Memory;
  embedded: EmbeddedResult;
}

/** Everything that one full run measured. */
export interface Results extends Measurements {
  mode: "full" | "quick";
  at: string;
  tookSeconds: number;
  /** How many processes wanted to run in the minute before it began: what others did on the machine. */
  loadBefore: number;
  machine: Record<string, string>;
}

// The cost model uses the figures of this fleet size: it is large enough that discovery samples.
const TYPICAL = 1_000;

/** The measured costs that the cost model needs. */
export function demandsOf({ fleets, embedded, sweep, memory }: Results): Demands {
  const demand = (operation: string, share: number) => {
    const row = fleets.find((r) => r.operation === operation && r.fleet === TYPICAL)!;
    const rows =
      embedded.rows.find((r) => r.operation === operation && r.fleet === TYPICAL) ??
      embedded.rows.find((r) => r.operation === operation)!;
    return {
      cpuMs: middle(row.together, "cpuMs") / share,
      commands: row.redis.billed / share,
      bytes: row.redis.bytes / share,
      rowsRead: rows.rowsRead / share,
      rowsWritten: rows.rowsWritten / share,
    };
  };
  return {
    heartbeat: demand("heartbeat", 1),
    heartbeatInBulk: demand(`${BULK} heartbeats`, BULK),
    discovery: demand("discover", 1),
    sweptAgent: sweptAgentOf(sweep),
    storedBytes: memory.redisBytesPerAgent,
  };
}

function sweptAgentOf(sweeps: readonly SweepResult[]): Demand {
  const quiet = sweeps.find(({ changed }) => changed === 0)!;
  return {
    cpuMs: quiet.cpuMs / quiet.agents,
    commands: quiet.billed / quiet.agents,
    bytes: quiet.bytes / quiet.agents,
    // The embedded sweep reads an entry and a lease each, and writes its report.
    rowsRead: 2,
    rowsWritten: 0,
  };
}

/** The same for agents that hold their leases by sockets. */
export const socketDemandsOf = ({ hub, sweep, memory }: Results): SocketDemands => ({
  opening: hub.opening,
  refresh: hub.refresh,
  sweptAgent: sweptAgentOf(sweep),
  storedBytes: memory.redisBytesPerAgent,
});
