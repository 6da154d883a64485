import type { Spread } from "../load/statistics.ts";

/** A limit on a measured number, and whether it was met. */
export interface Bar {
  name: string;
  yardstick: string;
  bar: string;
  measured: string;
  /** null: this run did not measure it, or there is no limit. */
  met: boolean | null;
}

export const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
export const times = ({ median, low, high }: Spread): string =>
  `${round(median)} × (${round(low)} … ${round(high)})`;

export const missing = (name: string, yardstick: string, bar: string): Bar => ({
  name,
  yardstick,
  bar,
  measured: "not in this run",
  met: null,
});

export const atLeast = (name: string, yardstick: string, wanted: number, ratio: Spread): Bar => ({
  name,
  yardstick,
  bar: `≥ ${wanted} ×`,
  measured: times(ratio),
  met: ratio.median >= wanted,
});
export const atMost = (name: string, yardstick: string, wanted: number, ratio: Spread): Bar => ({
  name,
  yardstick,
  bar: `≤ ${wanted} ×`,
  measured: times(ratio),
  met: ratio.median <= wanted,
});
