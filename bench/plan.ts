/** How much is measured: all of it in under ten minutes, or a taste in under one. */
export interface Plan {
  name: "full" | "quick";
  /** Sizes of the fleets in Redis. */
  fleets: number[];
  /** Sizes of the fleets in the embedded store. */
  embedded: number[];
  /** Fleets that fetch-each-agent discovery is compared on, and how often it is run on each. */
  fetchEach: number[];
  fetchEachTimes: number;
  etcdAgents: number;
  sweep: { size: number; changes: number[] };
  /** Rounds of a pair, and how long each side has in one. */
  pair: { rounds: number; ms: number };
  /** One caller alone: what the answer takes. */
  alone: { rounds: number; ms: number };
  /** Many callers: what the Worker can take. */
  together: { rounds: number; ms: number };
  /** How long each side of a comparison is driven before it is measured. */
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
    etcdAgents: 1_000,
    sweep: { size: 100_000, changes: [0, 100, 10_000] },
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
    etcdAgents: 200,
    sweep: { size: 1_000, changes: [0, 10] },
    pair: { rounds: 2, ms: 150 },
    alone: { rounds: 1, ms: 100 },
    together: { rounds: 1, ms: 150 },
    warmUpMs: 100,
    openLoopMs: 500,
    startUps: 3,
  },
};
