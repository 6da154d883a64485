/** The monthly bill of a fleet whose agents hold their leases by sockets (docs/lease.md). */
import { REFRESH_MS, SOCKETS_MAX } from "../src/hub/agent-hub.ts";
import {
  beyond,
  databaseBill,
  type DatabaseBill,
  type Demand,
  durationGbSeconds,
  MINUTES_A_MONTH,
  SECONDS_A_MONTH,
} from "./cost.ts";
import type { Prices } from "./prices.ts";

/** What is asked of a deployment, and taken for granted where it cannot be measured here. */
export interface SocketWorkload {
  agents: number;
  pingSeconds: number;
  /** Of each agent: deployments of the registry, and its own. */
  reconnectsADay: number;
  /** Of each agent: what it says of its status and load. */
  reportsPerHour: number;
  /** Minutes from one run of the cron to the next. */
  sweepMinutes: number;
  /** Of the pings that the platform answers by itself, the share that it bills as messages. */
  billedPings: number;
  /** The share of a month for which it bills a hub as running. */
  awake: number;
  /** How often a hub wakes up to look for silence, in intervals of pings. */
  looksEvery: number;
  /** Rows that a hub writes when a socket has closed and another is opened, and with each alarm. */
  rowsPerReconnect: number;
  rowsPerAlarm: number;
}

/** The dearest reading of the platform's prices: it answers pings itself and bills them all, and a hub never sleeps. */
export const SOCKETS: Omit<SocketWorkload, "agents"> = {
  pingSeconds: 30,
  reconnectsADay: 2,
  reportsPerHour: 0,
  sweepMinutes: 5,
  billedPings: 1,
  awake: 1,
  looksEvery: 0.25,
  rowsPerReconnect: 4,
  rowsPerAlarm: 2,
};

export interface SocketDemands {
  /** Of one socket: the handshake, and attaching the lease. */
  opening: Pick<Demand, "cpuMs" | "commands" | "bytes">;
  /** What one hub writes to say that it lives. */
  refresh: Pick<Demand, "commands" | "bytes">;
  /** The share of one agent in a sweep. */
  sweptAgent: Demand;
  /** Of one agent, in Redis. */
  storedBytes: number;
}

export interface SocketBill extends DatabaseBill {
  hubs: number;
  /** Requests, CPU, and the hubs' objects. */
  workers: number;
}

const DAYS_A_MONTH = SECONDS_A_MONTH / 86_400;
const HOURS_A_MONTH = SECONDS_A_MONTH / 3600;

export function monthlySocketBill(
  workload: SocketWorkload,
  { opening, refresh, sweptAgent, storedBytes }: SocketDemands,
  prices: Prices,
): SocketBill {
  const { agents, pingSeconds, looksEvery, rowsPerReconnect, rowsPerAlarm } = workload;
  const hubs = Math.ceil(agents / SOCKETS_MAX);
  const opened = agents * workload.reconnectsADay * DAYS_A_MONTH;
  const reports = agents * workload.reportsPerHour * HOURS_A_MONTH;
  const pings = (agents * SECONDS_A_MONTH) / pingSeconds;
  const refreshes = (hubs * SECONDS_A_MONTH * 1000) / REFRESH_MS;
  const alarms = (hubs * SECONDS_A_MONTH) / (looksEvery * pingSeconds) + refreshes;
  const swept = (agents * MINUTES_A_MONTH) / workload.sweepMinutes;

  const { workers, objects } = prices;
  const messages = (pings * workload.billedPings + reports) / objects.messagesPerRequest;
  const database = databaseBill(
    {
      // A report is one command, as attaching is.
      commands:
        (opened + reports) * opening.commands + refreshes * refresh.commands + swept * sweptAgent.commands,
      bytes: (opened + reports) * opening.bytes + refreshes * refresh.bytes + swept * sweptAgent.bytes,
      storedBytes: agents * storedBytes,
    },
    prices,
  );
  return {
    ...database,
    hubs,
    workers:
      workers.base +
      beyond(opened, workers.requestsIncluded, workers.perMillionRequests / 1e6) +
      beyond(
        opened * opening.cpuMs + swept * sweptAgent.cpuMs,
        workers.cpuMsIncluded,
        workers.perMillionCpuMs / 1e6,
      ) +
      beyond(messages + opened + alarms, objects.requestsIncluded, objects.perMillionRequests / 1e6) +
      beyond(
        hubs * durationGbSeconds(workload.awake),
        objects.gbSecondsIncluded,
        objects.perMillionGbSeconds / 1e6,
      ) +
      beyond(
        opened * rowsPerReconnect + alarms * rowsPerAlarm,
        objects.rowsWrittenIncluded,
        objects.perMillionRowsWritten / 1e6,
      ),
  };
}
