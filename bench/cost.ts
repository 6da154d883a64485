/** The monthly bill of a fleet, from the measured cost of each operation and the vendors' prices. */
import type { Prices } from "./prices.ts";

/** What a deployment is asked to do. */
export interface Workload {
  agents: number;
  heartbeatSeconds: number;
  /** Heartbeats per request; 1: each agent calls in by itself. */
  heartbeatsPerRequest: number;
  /** Per agent. */
  discoveriesPerHour: number;
  /** Minutes from one run of the cron to the next. */
  sweepMinutes: number;
}

/** The workload to compare others with: each agent calls in by itself every 30 s, without discoveries, and the cron runs every minute. */
export const USUAL: Omit<Workload, "agents"> = {
  heartbeatSeconds: 30,
  heartbeatsPerRequest: 1,
  discoveriesPerHour: 0,
  sweepMinutes: 1,
};

/** What one operation takes. */
export interface Demand {
  cpuMs: number;
  /** As Upstash bills them. */
  commands: number;
  /** Sent to and by Redis. */
  bytes: number;
  rowsRead: number;
  rowsWritten: number;
}

export interface Demands {
  heartbeat: Demand;
  /** The share of one heartbeat in a request that carries many. */
  heartbeatInBulk: Demand;
  discovery: Demand;
  /** The share of one agent in a sweep. */
  sweptAgent: Demand;
  /** Of one agent, in Redis. */
  storedBytes: number;
}

/** What Upstash asks for. */
export interface DatabaseBill {
  payAsYouGo: number;
  /** The smallest fixed plan with enough memory and traffic; null where none has. */
  fixed: { name: string; price: number } | null;
  /** On average; one database can take only a limited number. */
  commandsPerSecond: number;
  /** GB a month, sent to and by Redis. */
  bandwidthGb: number;
}

export interface Bill extends DatabaseBill {
  workers: number;
  /** Durable Object requests, duration and rows of the embedded store. */
  embedded: number;
  requestsPerSecond: number;
}

export const SECONDS_A_MONTH = 30 * 86_400;
export const MINUTES_A_MONTH = SECONDS_A_MONTH / 60;
const HOURS_A_MONTH = SECONDS_A_MONTH / 3600;
const OBJECT_GB = 0.125;

/** GB-s of one object that runs for this share of a month. */
export const durationGbSeconds = (share: number): number => share * SECONDS_A_MONTH * OBJECT_GB;

export const beyond = (used: number, included: number, perUnit: number): number =>
  Math.max(0, used - included) * perUnit;

/** @param used  in a month; `storedBytes` all the time */
export function databaseBill(
  { commands, bytes, storedBytes }: { commands: number; bytes: number; storedBytes: number },
  { payAsYouGo, fixed }: Prices,
): DatabaseBill {
  const bandwidthGb = bytes / 1e9;
  const storedGb = storedBytes / 1e9;
  const plan = fixed.find(({ gb, bandwidthGb: traffic }) => storedGb <= gb && bandwidthGb <= traffic);
  return {
    payAsYouGo:
      (commands * payAsYouGo.perHundredThousandCommands) / 1e5 +
      beyond(storedGb, payAsYouGo.gbIncluded, payAsYouGo.perGb) +
      beyond(bandwidthGb, payAsYouGo.bandwidthGbIncluded, payAsYouGo.perBandwidthGb),
    fixed: plan ? { name: plan.name, price: plan.price } : null,
    commandsPerSecond: commands / SECONDS_A_MONTH,
    bandwidthGb,
  };
}

/** Computes the bill. The embedded store is taken as one object that is awake all month. */
export function monthlyBill(workload: Workload, demands: Demands, prices: Prices): Bill {
  const { agents, heartbeatSeconds, heartbeatsPerRequest, discoveriesPerHour, sweepMinutes } = workload;
  const sweeps = MINUTES_A_MONTH / sweepMinutes;
  const heartbeats = (agents * SECONDS_A_MONTH) / heartbeatSeconds;
  const discoveries = agents * discoveriesPerHour * HOURS_A_MONTH;
  const parts: [times: number, demand: Demand][] = [
    [heartbeats, heartbeatsPerRequest > 1 ? demands.heartbeatInBulk : demands.heartbeat],
    [discoveries, demands.discovery],
    [agents * sweeps, demands.sweptAgent],
  ];
  const total = (field: keyof Demand): number =>
    parts.reduce((sum, [times, demand]) => sum + times * demand[field], 0);

  const requests = heartbeats / heartbeatsPerRequest + discoveries;
  const { workers, objects } = prices;
  return {
    ...databaseBill(
      {
        commands: total("commands"),
        bytes: total("bytes"),
        storedBytes: agents * demands.storedBytes,
      },
      prices,
    ),
    workers:
      workers.base +
      beyond(requests, workers.requestsIncluded, workers.perMillionRequests / 1e6) +
      beyond(total("cpuMs"), workers.cpuMsIncluded, workers.perMillionCpuMs / 1e6),
    embedded:
      beyond(requests + sweeps, objects.requestsIncluded, objects.perMillionRequests / 1e6) +
      beyond(durationGbSeconds(1), objects.gbSecondsIncluded, objects.perMillionGbSeconds / 1e6) +
      beyond(total("rowsRead"), objects.rowsReadIncluded, objects.perMillionRowsRead / 1e6) +
      beyond(total("rowsWritten"), objects.rowsWrittenIncluded, objects.perMillionRowsWritten / 1e6),
    requestsPerSecond: requests / SECONDS_A_MONTH,
  };
}
