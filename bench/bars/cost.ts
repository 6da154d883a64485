import { type DatabaseBill, monthlyBill, USUAL } from "../cost.ts";
import { BULK } from "../fleet/operations.ts";
import { PRICES } from "../prices.ts";
import { demandsOf, type Results, socketDemandsOf } from "../results.ts";
import { monthlySocketBill, SOCKETS } from "../socket-cost.ts";
import type { Bar } from "./bar.ts";

export function costBars(results: Results): Bar[] {
  const overHttp = { agents: 10_000, ...USUAL };
  const frugal = { heartbeatSeconds: 120, heartbeatsPerRequest: BULK, sweepMinutes: 5 };
  const bill = (changed = {}) => monthlyBill({ ...overHttp, ...changed }, demandsOf(results), PRICES);
  const bySocket = (agents: number) =>
    monthlySocketBill({ agents, ...SOCKETS }, socketDemandsOf(results), PRICES);
  return [
    bar("10,000 agents, each by itself every 30 s", bill(), 400),
    bar(`10,000 agents, ${BULK} a request every 120 s, swept every 5 minutes`, bill(frugal), 100),
    bar("10,000 agents, by socket", bySocket(10_000), 25),
    bar("100,000 agents, by socket", bySocket(100_000), 250),
  ];
}

function bar(name: string, { workers, fixed }: DatabaseBill & { workers: number }, dollars: number): Bar {
  const total = workers + (fixed?.price ?? Number.POSITIVE_INFINITY);
  return {
    name,
    yardstick: "dollars a month, fixed plan",
    bar: `≤ $${dollars}`,
    measured: `$${total.toFixed(0)} (Workers $${workers.toFixed(0)}, Upstash ${fixed?.name} $${fixed?.price})`,
    met: total <= dollars,
  };
}
