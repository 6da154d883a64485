import { describe, expect, it } from "vitest";
import { PRICES } from "../../bench/prices.ts";
import {
  monthlySocketBill,
  type SocketDemands,
  SOCKETS,
  type SocketWorkload,
} from "../../bench/socket-cost.ts";

const demands: SocketDemands = {
  opening: { cpuMs: 1, commands: 6, bytes: 2_000 },
  refresh: { commands: 1, bytes: 250 },
  sweptAgent: { cpuMs: 0, commands: 0, bytes: 0, rowsRead: 0, rowsWritten: 0 },
  storedBytes: 2_000,
};
const billOf = (changed: Partial<SocketWorkload>) =>
  monthlySocketBill({ agents: 10_000, ...SOCKETS, ...changed }, demands, PRICES);

describe("the bill of a month of sockets", () => {
  it("is the base price for a deployment that nobody uses", () => {
    const { hubs, workers, payAsYouGo, fixed } = billOf({ agents: 0 });
    expect({ hubs, workers, payAsYouGo, fixed }).toEqual({
      hubs: 0,
      workers: 5,
      payAsYouGo: 0,
      fixed: { name: "250 MB", price: 10 },
    });
  });

  it("charges 10,000 agents for a twentieth of 864 million pings, and for the reconnects and alarms of their hub", () => {
    const { hubs, workers } = billOf({});
    // 600,000 reconnects; an alarm each 7.5 s to look for silence and each 20 s to say that the hub lives.
    const alarms = 2_592_000 / 7.5 + 2_592_000 / 20;
    expect(hubs).toBe(1);
    expect(workers).toBeCloseTo(5 + ((864e6 / 20 + 600_000 + alarms - 1e6) * 0.15) / 1e6);
  });

  it("charges nothing for pings where the platform gives them away", () => {
    const billed = [60, 120].map((pingSeconds) => billOf({ billedPings: 0, pingSeconds }).workers);
    expect(billed).toEqual([5, 5]);
  });

  it("has a command every 20 s for each hub, and none for pings", () => {
    const { commandsPerSecond, hubs } = billOf({ agents: 100_000, reconnectsADay: 0 });
    expect(hubs).toBe(10);
    expect(commandsPerSecond).toBeCloseTo(10 / 20);
  });

  it("charges for hubs that run beyond the duration that is included", () => {
    const [awake, asleep] = [1, 0].map((share) => billOf({ agents: 100_000, awake: share }).workers);
    expect(awake! - asleep!).toBeCloseTo(((10 * 2_592_000 * 0.125 - 400_000) * 12.5) / 1e6);
  });
});
