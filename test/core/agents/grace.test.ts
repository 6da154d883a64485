import { describe, expect, it } from "vitest";
import {
  clockAfter,
  LAPSED_KEPT_MIN,
  minuteOf,
  type Peak,
  peakAfter,
  type Surplus,
  surplusOf,
  takeFrom,
} from "../../../src/core/agents/grace.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the sweep's clock", () => {
  it("begins with the wall's, and goes with it while runs are at most 90 s apart", () => {
    expect(clockAfter(undefined, 5000)).toBe(5000);
    expect(clockAfter({ at: 10_000, clockMs: 4000 }, 70_000)).toBe(64_000);
    expect(clockAfter({ at: 10_000, clockMs: 4000 }, 100_000)).toBe(94_000);
  });

  it("does not count an outage beyond that, and never goes back", () => {
    expect(clockAfter({ at: 10_000, clockMs: 4000 }, 100_001)).toBe(94_000);
    expect(clockAfter({ at: 10_000, clockMs: 4000 }, 10_000 + 2 * HOUR)).toBe(94_000);
    expect(clockAfter({ at: 10_000, clockMs: 4000 }, 0)).toBe(4000);
  });
});

describe("the most that were alive at once", () => {
  it("is remembered for an hour at least, and forgotten after two", () => {
    const most = ({ alive, aliveBefore }: Peak) => Math.max(alive, aliveBefore);
    let peak = peakAfter(null, 10, 0);
    peak = peakAfter(peak, 5000, HOUR);
    for (let minute = 61; minute <= 120; minute += 1) {
      peak = peakAfter(peak, 0, minute * MINUTE);
      expect(most(peak)).toBe(5000);
    }
    for (let minute = 121; minute <= 182; minute += 1) peak = peakAfter(peak, 7, minute * MINUTE);
    expect(most(peak)).toBe(7);
  });
});

describe("what has lapsed beyond what is kept", () => {
  const peak = (alive: number): Peak => ({ sinceMs: 0, alive, aliveBefore: 0 });
  const byMinute = new Map([
    [2 * MINUTE, 600],
    [0, 300],
    [MINUTE, 400],
  ]);

  it("is nothing up to as many as were alive, or to the least that is always kept", () => {
    expect(surplusOf(byMinute, peak(1300))).toBeNull();
    expect(surplusOf(byMinute, { sinceMs: 0, alive: 0, aliveBefore: 1300 })).toBeNull();
    expect(surplusOf(new Map([[0, LAPSED_KEPT_MIN]]), peak(0))).toBeNull();
  });

  it("is the oldest", () => {
    expect(surplusOf(byMinute, peak(1299))).toEqual({ minuteMs: 0, count: 1 });
    expect(surplusOf(byMinute, peak(0))).toEqual({ minuteMs: 0, count: 300 });
    const more = new Map([...byMinute, [3 * MINUTE, 450]]);
    expect(surplusOf(more, peak(0))).toEqual({ minuteMs: 2 * MINUTE, count: 50 });
  });

  it("is taken minute by minute, and no further than it goes", () => {
    const surplus: Surplus = { minuteMs: MINUTE, count: 1 };
    expect(takeFrom(null, 0)).toBeUndefined();
    expect(takeFrom(surplus, MINUTE - 1)).toEqual(surplus);
    const left = takeFrom(surplus, 2 * MINUTE - 1);
    expect(left).toEqual({ minuteMs: MINUTE, count: 0 });
    expect(takeFrom(left!, MINUTE)).toBeUndefined();
    expect(takeFrom(left!, MINUTE - 1)).toBeDefined();
    expect(takeFrom(surplus, 2 * MINUTE)).toBeUndefined();
    expect(minuteOf(2 * MINUTE - 1)).toBe(MINUTE);
  });
});
