import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ALERT_CODES,
  ALERTS_MAX,
  alertEvents,
  alertsAfter,
  alertsChanged,
  SEVERITIES,
  type Trouble,
} from "../../src/core/alert.ts";

const trouble = (id: string, more: Partial<Trouble> = {}): Trouble => ({
  code: "capability_unavailable",
  severity: "critical",
  kind: "capability",
  id,
  detail: "",
  ...more,
});

const troubles = fc.uniqueArray(
  fc.record({
    code: fc.constantFrom(...ALERT_CODES),
    severity: fc.constantFrom(...SEVERITIES),
    kind: fc.constant("service" as const),
    id: fc.constantFrom("a", "b", "c", "d"),
    detail: fc.string(),
  }),
  { selector: ({ code, id }) => `${code} ${id}` },
);

describe("alerts", () => {
  it("say of each trouble since when it has been there without a break, whatever else is said of it", () => {
    fc.assert(
      fc.property(fc.array(troubles, { minLength: 1 }), (runs) => {
        let alerts = alertsAfter([], [], 0);
        for (const [i, found] of runs.entries()) alerts = alertsAfter(alerts, found, i);
        for (const { code, id, since } of alerts) {
          const isThere = (run: number) =>
            runs[run]?.some((other) => other.code === code && other.id === id) === true;
          const run = runs.map((_, i) => i).slice(since);
          expect([run.every(isThere), isThere(since - 1)]).toEqual([true, false]);
        }
        expect(alerts).toHaveLength(runs.at(-1)!.length);
      }),
    );
  });

  it("come with the worst first, then those that were there before", () => {
    const before = alertsAfter([], [trouble("old")], 1);
    const found = [
      trouble("warned", { code: "agents_unreachable", severity: "warning" }),
      trouble("new"),
      trouble("old"),
      trouble("worse", { code: "service_unusable", kind: "service" }),
    ];
    expect(alertsAfter(before, found, 2).map(({ id }) => id)).toEqual(["worse", "old", "new", "warned"]);
  });

  it("are told once when they are raised and once when they are cleared", () => {
    const before = alertsAfter([], [trouble("over"), trouble("still")], 1);
    const found = [trouble("still", { detail: "more" }), trouble("new", { count: 2 })];
    const changed = alertsChanged(before, found, alertsAfter(before, found, 2));
    expect(alertEvents(changed, 2)).toEqual([
      { type: "capability_unavailable", kind: "capability", id: "new", at: 2, count: 2 },
      { type: "capability_available", kind: "capability", id: "over", at: 2 },
    ]);
  });

  it("that worse ones push out are not over", () => {
    const warning = trouble("pushed", { code: "toolset_unhealthy", severity: "warning", kind: "toolset" });
    const before = alertsAfter([], [warning], 1);
    const found = [warning, ...Array.from({ length: ALERTS_MAX }, (_, i) => trouble(`c-${i}`))];
    const after = alertsAfter(before, found, 2);
    expect(after).toHaveLength(ALERTS_MAX);
    const { raised, cleared } = alertsChanged(before, found, after);
    expect([raised.length, cleared]).toEqual([ALERTS_MAX, []]);
  });
});
