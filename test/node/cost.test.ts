import { describe, expect, it } from "vitest";
import { type Demands, monthlyBill, USUAL, type Workload } from "../../bench/cost.ts";
import { PRICES } from "../../bench/prices.ts";

const heartbeat = { cpuMs: 0.25, commands: 1, bytes: 250, rowsRead: 1, rowsWritten: 1 };
const demands: Demands = {
  heartbeat,
  heartbeatInBulk: { ...heartbeat, cpuMs: 0.02 },
  discovery: { cpuMs: 1, commands: 6, bytes: 50_000, rowsRead: 200, rowsWritten: 0 },
  sweptAgent: { cpuMs: 0, commands: 0, bytes: 0, rowsRead: 0, rowsWritten: 0 },
  storedBytes: 2_000,
};
const workload: Workload = { agents: 10_000, ...USUAL };
const billOf = (changed: Partial<Workload>) => monthlyBill({ ...workload, ...changed }, demands, PRICES);

describe("the bill of a month", () => {
  it("is the base price for a deployment that nobody uses", () => {
    const { workers, payAsYouGo, fixed, embedded } = billOf({ agents: 0 });
    expect({ workers, payAsYouGo, fixed, embedded }).toEqual({
      workers: 5,
      payAsYouGo: 0,
      fixed: { name: "250 MB", price: 10 },
      embedded: 0,
    });
  });

  it("charges 10,000 agents at 30 s for 864 million requests, commands and rows, beyond what is included", () => {
    const { workers, payAsYouGo, fixed, embedded, bandwidthGb } = billOf({});
    expect(workers).toBeCloseTo(5 + 854 * 0.3 + (216 - 30) * 0.02);
    expect(bandwidthGb).toBeCloseTo(216);
    expect(payAsYouGo).toBeCloseTo(8640 * 0.2 + 16 * 0.03);
    expect(fixed).toEqual({ name: "5 GB", price: 100 });
    expect(embedded).toBeCloseTo((864 + 0.0432 - 1) * 0.15 + (864 - 50) * 1);
  });

  it("saves requests and CPU when heartbeats travel together, and no command or byte", () => {
    const [alone, together] = [billOf({}), billOf({ heartbeatsPerRequest: 100 })];
    expect(together.workers).toBe(5);
    expect(together.commandsPerSecond).toBe(alone.commandsPerSecond);
    expect(together.bandwidthGb).toBe(alone.bandwidthGb);
  });

  it("takes the smallest fixed plan that has both room and traffic enough", () => {
    expect(billOf({ heartbeatSeconds: 300 }).fixed?.name).toBe("250 MB");
    expect(billOf({ agents: 200_000, heartbeatSeconds: 3600 }).fixed?.name).toBe("1 GB");
    expect(billOf({ agents: 10_000_000 }).fixed).toBeNull();
  });

  it("has the sweep's traffic in it, as often as it runs", () => {
    const swept = { ...demands, sweptAgent: { ...demands.sweptAgent, bytes: 300 } };
    const trafficOf = (sweepMinutes: number) =>
      monthlyBill({ ...workload, sweepMinutes }, swept, PRICES).bandwidthGb;
    expect(trafficOf(1)).toBeCloseTo(216 + 129.6);
    expect(trafficOf(5)).toBeCloseTo(216 + 129.6 / 5);
  });

  it("says how many commands a second a database has to bear", () => {
    expect(billOf({ agents: 1_000_000 }).commandsPerSecond).toBeCloseTo(33_333.3, 0);
  });
});
