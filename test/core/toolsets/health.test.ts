import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stalenessThresholdMs, toolsetHealth } from "../../../src/core/toolsets/health.ts";
import { NOW, ownedToolset as entry, PING, ponged } from "../../support/toolset-entries.ts";

describe("a toolset's health", () => {
  it.each([
    { age: 0, healthy: true },
    { age: 39_999, healthy: true },
    { age: 40_000, healthy: true },
    { age: 40_001, healthy: false },
  ])("$age ms after its last pong: healthy is $healthy", ({ age, healthy }) => {
    expect(toolsetHealth(ponged(NOW), PING, NOW + age)).toStrictEqual({
      healthy,
      last_pong: "2026-01-01T00:00:00.000Z",
      age_ms: age,
      staleness_threshold_ms: 40_000,
    });
  });

  it.each([
    ["has not answered yet", entry()],
    ["has lost its lease", { ...entry(), lease: null }],
  ])("is bad, at any time, where it %s", (_, silent) => {
    for (const now of [0, NOW, NOW + 1]) {
      expect(toolsetHealth(silent, PING, now)).toStrictEqual({
        healthy: false,
        last_pong: null,
        age_ms: null,
        staleness_threshold_ms: 40_000,
      });
    }
  });

  it("is good at a clock that is behind the one that heard the pong, which came no time ago then", () => {
    expect(toolsetHealth(ponged(NOW), PING, NOW - 60_000)).toMatchObject({ healthy: true, age_ms: 0 });
  });

  it("tolerates as many missed pings as it is told to, and one interval more", () => {
    const terms = fc.record({
      intervalMs: fc.integer({ min: 1, max: 3_600_000 }),
      missedMax: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(terms, (ping) => {
        const threshold = (ping.missedMax + 1) * ping.intervalMs;
        expect(stalenessThresholdMs(ping)).toBe(threshold);
        expect(toolsetHealth(ponged(NOW), ping, NOW + threshold).healthy).toBe(true);
        expect(toolsetHealth(ponged(NOW), ping, NOW + threshold + 1).healthy).toBe(false);
      }),
    );
  });
});
