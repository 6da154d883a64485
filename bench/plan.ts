/** How much is measured: `full` takes under ten minutes, `quick` under one. */
export interface Plan {
  name: "full" | "quick";
  /** Sizes of the fleets in Redis. */
  fleets: number[];
  /** Sizes of the fleets in the embedded store. */
  embedded: number[];
  /** Fleet sizes on which discovery is compared with a GET per agent, and the number of rounds. */
  fetchEach: number[];
  fetchEachTimes: number;
  peerAgents: number;
  sweep: { size: number; changes: number[] };
  /** The sockets of one hub's object, and for how long it is left to pings, and to itself after a restart. */
  hub: { sockets: number; intervalSeconds: number; quietSeconds: number; settleSeconds: number };
  /** Of an open dashboard. */
  looks: number;
  /** For how long nothing changes while many wait for a change. */
  watchSeconds: number;
  /** When two sides take turns: the rounds, and ms per side and round. */
  pair: { rounds: number; ms: number };
  /** With one caller, for latencies. */
  alone: { rounds: number; ms: number };
  /** With many callers, for throughput. */
  together: { rounds: number; ms: number };
  /** How long each side gets requests before it is measured. */
  warmUpMs: number;
  openLoopMs: number;
  startUps: number;
}

export const CALLERS = 16;

export const PLANS: Record<Plan["name"], Plan> = {
  full: {
    name: "full",
    fleets: [100, 1_000, 10_000, 100_000],
    embedded: [100, 1_000, 10_000],
    fetchEach: [1_000, 10_000],
    fetchEachTimes: 9,
    peerAgents: 1_000,
    sweep: { size: 100_000, changes: [0, 100, 10_000] },
    looks: 10,
    watchSeconds: 20,
    hub: { sockets: 10_000, intervalSeconds: 30, quietSeconds: 60, settleSeconds: 90 },
    pair: { rounds: 7, ms: 800 },
    alone: { rounds: 5, ms: 400 },
    together: { rounds: 3, ms: 600 },
    warmUpMs: 1_500,
    openLoopMs: 4_000,
    startUps: 9,
  },
  quick: {
    name: "quick",
    fleets: [100, 1_000],
    embedded: [100],
    fetchEach: [1_000],
    fetchEachTimes: 3,
    peerAgents: 200,
    sweep: { size: 1_000, changes: [0, 10] },
    looks: 2,
    watchSeconds: 5,
    hub: { sockets: 300, intervalSeconds: 4, quietSeconds: 20, settleSeconds: 0 },
    pair: { rounds: 2, ms: 150 },
    alone: { rounds: 1, ms: 100 },
    together: { rounds: 1, ms: 150 },
    warmUpMs: 100,
    openLoopMs: 500,
    startUps: 3,
  },
};
