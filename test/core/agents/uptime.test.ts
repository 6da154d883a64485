import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uptimeOf } from "../../../src/core/agents/uptime.ts";
import { EVENT_TYPES, type EventType } from "../../../src/core/event.ts";

const WINDOW_MS = 40;
const NOW = 100;
const told = (...events: [EventType, number][]) => events.map(([type, at]) => ({ type, at })).toReversed();
const uptime = (...events: [EventType, number][]) => uptimeOf(told(...events), NOW, WINDOW_MS);

/** What stood at an instant, as someone would say who reads the events from the first to the last that was before it. */
function standingAt(events: readonly [EventType, number][], instant: number): string | undefined {
  let standing: string | undefined;
  for (const [type, at] of events) {
    if (at > instant) break;
    if (["registered", "replaced", "renewed", "restored", "recovered"].includes(type)) standing = "up";
    else if (["became_unreachable", "lapsed"].includes(type)) standing = "down";
    else if (["unregistered", "reaped"].includes(type)) standing = "gone";
    else if (["status_changed", "amended"].includes(type)) standing ??= "up";
  }
  return standing;
}

describe("the uptime of an agent", () => {
  it("is, ms by ms, what its events say, of the time that they tell of", () => {
    const event = fc.tuple(fc.constantFrom(...EVENT_TYPES), fc.nat(NOW + 10));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (drawn) => {
        const events = drawn.toSorted(([, a], [, b]) => a - b);
        const instants = Array.from({ length: WINDOW_MS }, (_, i) => NOW - WINDOW_MS + i);
        const standing = instants.map((instant) => standingAt(events, instant));
        const count = (...which: string[]) => standing.filter((one) => which.includes(one ?? "")).length;
        expect(uptime(...events)).toEqual({ reachableMs: count("up"), observedMs: count("up", "down") });
      }),
    );
  });

  it("never passes what was observed, or the window, however the clocks of events differ", () => {
    const event = fc.record({
      type: fc.constantFrom(...EVENT_TYPES),
      at: fc.integer({ min: -50, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (log) => {
        const { reachableMs, observedMs } = uptimeOf(log, NOW, WINDOW_MS);
        expect(reachableMs).toBeGreaterThanOrEqual(0);
        expect(reachableMs).toBeLessThanOrEqual(observedMs);
        expect(observedMs).toBeLessThanOrEqual(WINDOW_MS);
      }),
    );
  });

  it("counts silence and a lapse, not the time before anything is known nor after it was gone", () => {
    expect(uptime()).toEqual({ reachableMs: 0, observedMs: 0 });
    expect(uptime(["registered", 1])).toEqual({ reachableMs: 40, observedMs: 40 });
    expect(uptime(["registered", 70])).toEqual({ reachableMs: 30, observedMs: 30 });
    expect(uptime(["became_unreachable", 70], ["lapsed", 80], ["recovered", 90])).toEqual({
      reachableMs: 10,
      observedMs: 30,
    });
    expect(uptime(["registered", 70], ["lapsed", 80], ["reaped", 90])).toEqual({
      reachableMs: 10,
      observedMs: 20,
    });
    expect(uptime(["breaker_opened", 70], ["status_changed", 80])).toEqual({
      reachableMs: 20,
      observedMs: 20,
    });
  });
});
