import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REPORTED_STATUSES } from "../../../src/core/agents/agent.ts";
import { effectiveState, loadRatio } from "../../../src/core/agents/liveness.ts";
import { isUnreachable, leaseAt, nextIntervalOf } from "../../../src/core/lease.ts";
import { decideTransition, transitionOf } from "../../../src/core/agents/transition.ts";
import type { Entry, Mark } from "../../../src/core/entry.ts";
import { graceMs } from "../../../src/core/agents/grace.ts";
import { aLoad, anEntry, anId } from "../../support/arbitraries.ts";
import { entryOf, UNREACHABLE } from "../../support/entries.ts";

const THEN = Date.UTC(2026, 0, 1);
const at = (now: number, clockMs = now) => ({ now, clockMs });
const heardOf = (fields: Record<string, unknown> = {}) => entryOf({ id: "a", ...fields }, THEN);

describe("an agent's effective state", () => {
  it.each([
    [30, 0, "available"],
    [30, 44_999, "available"],
    [30, 45_000, "available"],
    [30, 45_001, "unreachable"],
    [30, 300_000, "unreachable"],
    [1, 1500, "available"],
    [1, 1501, "unreachable"],
    [7, 10_500, "available"],
    [7, 10_501, "unreachable"],
    [null, 0, "available"],
    [null, 10 ** 12, "available"],
    [30, -60_000, "available"],
  ])("calling in every %j s and silent for %i ms is %s [2-23]", (heartbeat_interval_seconds, ms, status) => {
    expect(effectiveState(heardOf({ heartbeat_interval_seconds }), THEN + ms).status).toBe(status);
  });

  it.each(REPORTED_STATUSES.filter((status) => status !== "offline"))(
    "is %s as reported, without a reason, and unreachable all the same [4-17]",
    (status) => {
      const entry = heardOf({ status });
      expect(effectiveState(entry, THEN + 45_000)).toEqual({ status, reason: null });
      expect(effectiveState(entry, THEN + 45_001)).toEqual({
        status: "unreachable",
        reason: "no heartbeat for more than 45 s",
      });
    },
  );

  it("stays offline where it was reported, however long the silence: no incident for the sweep [4-16]", () => {
    const entry = heardOf({ status: "offline" });
    expect(effectiveState(entry, THEN + 200_000)).toEqual({ status: "offline", reason: null });
    expect(transitionOf(entry, at(THEN + 200_000), false)).toBeUndefined();
  });

  it("is draining while an operator asks for it, heard of or not", () => {
    const entry = { ...heardOf({ status: "busy" }), draining: true };
    for (const ms of [0, 45_001, 10 ** 9]) {
      expect(effectiveState(entry, THEN + ms)).toEqual({
        status: "draining",
        reason: "an operator asked it to drain",
      });
    }
  });

  it("never comes back to life by the passing of time alone", () => {
    fc.assert(
      fc.property(anEntry(anId(), THEN), fc.nat(200_000), fc.nat(200_000), (entry, soon, later) => {
        fc.pre(isUnreachable(entry.lease, THEN + soon));
        expect(isUnreachable(entry.lease, THEN + soon + later)).toBe(true);
      }),
    );
  });

  it("is the reported one through exactly 1.5 intervals of silence", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 43_200 }), fc.integer({ min: -5, max: 5 }), (interval, off) => {
        const entry = heardOf({ heartbeat_interval_seconds: interval, ttl_seconds: 86_400 });
        const { status } = effectiveState(entry, THEN + interval * 1500 + off);
        expect(status).toBe(off <= 0 ? "available" : "unreachable");
      }),
    );
  });

  it("is the reported one through exactly 1.5 of the intervals that the agent was told to wait", () => {
    const terms = fc.record({
      ttlSeconds: fc.integer({ min: 60, max: 86_400 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      stretch: fc.double({ min: 1, max: 100, noNaN: true }),
      off: fc.integer({ min: -5, max: 5 }),
    });
    fc.assert(
      fc.property(terms, ({ ttlSeconds, share, stretch, off }) => {
        const intervalSeconds = Math.max(1, Math.floor((share * ttlSeconds) / 2));
        const lease = leaseAt(
          { ttlSeconds, intervalSeconds },
          { status: "available", currentLoad: 0 },
          THEN,
          stretch,
        );
        const told = nextIntervalOf(lease)!;
        expect(told).toBeGreaterThanOrEqual(intervalSeconds);
        expect(told).toBeLessThanOrEqual(ttlSeconds / 2);
        expect(told).toBeLessThanOrEqual(Math.ceil(intervalSeconds * stretch));
        const state = effectiveState({ ...heardOf(), lease }, THEN + told * 1500 + off);
        expect(state).toEqual(
          off <= 0
            ? { status: "available", reason: null }
            : { status: "unreachable", reason: `no heartbeat for more than ${told * 1.5} s` },
        );
      }),
    );
  });
});

describe("what a sweep tells", () => {
  const since = THEN + 300_001;
  const lapsed = (mark: Mark | null): Entry => ({ ...heardOf(), lease: null, mark });
  const marked = lapsed({ state: "lapsed", sinceMs: since, untilMs: since + 300_000 });

  it.each([
    [45_000, null, undefined],
    [45_001, null, "became_unreachable"],
    [45_001, UNREACHABLE, undefined],
    [45_000, UNREACHABLE, "recovered"],
  ])("of an agent silent for %i ms whom the ledger has as %j: %s [4-16]", (ms, mark, told) => {
    expect(transitionOf({ ...heardOf(), mark }, at(THEN + ms), false)).toBe(told);
  });

  it.each([null, UNREACHABLE])("of an agent without a lease, marked %j, is that it lapsed [4-03]", (mark) => {
    const { result, write } = decideTransition(lapsed(mark), "a", at(THEN + 400_000, since), false);
    expect(result).toBe("lapsed");
    expect(write?.entry).toEqual(marked);
    expect(write?.event).toEqual({ type: "lapsed", kind: "agent", id: "a", at: THEN + 400_000 });
  });

  it("is nothing while the grace lasts, its last instant included, and then that it is gone [4-03]", () => {
    const told = (clockMs: number) => decideTransition(marked, "a", at(10 ** 15, clockMs), false);
    expect(told(since + 300_000)).toEqual({ result: undefined });
    const { result, write } = told(since + 300_001);
    expect([result, write?.entry, write?.event?.type]).toEqual(["reaped", undefined, "reaped"]);
  });

  it("of one lapsed too many is that it is gone, but only where it was told as lapsed and is not back", () => {
    const told = (entry: Entry) => decideTransition(entry, "a", at(THEN, since), true).result;
    expect([told(marked), told(lapsed(null)), told(heardOf())]).toEqual(["reaped", "lapsed", undefined]);
  });

  it.each([
    [2, 300_000],
    [300, 300_000],
    [301, 301_000],
    [3600, 3_600_000],
    [3601, 3_600_000],
    [86_400, 3_600_000],
  ])("of an agent of ttl %i s allows %i ms to come back", (ttl, ms) => {
    expect(graceMs(ttl)).toBe(ms);
  });
});

describe("a load ratio", () => {
  it.each([
    [0, 10, 0],
    [8, 10, 0.8],
    [12, 10, 1.2],
    [0, 0, 1],
    [5, 0, 1],
    [0, null, 0],
    [10 ** 9, null, 0],
  ])("of %d in %j is %d [0-09, 4-01]", (load, maximum, ratio) => {
    expect(loadRatio(load, maximum)).toBe(ratio);
  });

  it("grows with the load where there is a limit to grow towards", () => {
    fc.assert(
      fc.property(aLoad(), fc.integer({ min: 1, max: 100 }), (load, maximum) => {
        expect(loadRatio(load + 1, maximum)).toBeGreaterThan(loadRatio(load, maximum));
      }),
    );
  });
});
