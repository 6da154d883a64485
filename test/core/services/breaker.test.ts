import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Breaker,
  type BreakerConfig,
  circuitState,
  closedBreaker,
  probesOut,
  sendProbe,
  permits,
  recordCall,
} from "../../../src/core/services/breaker.ts";
import { frozen } from "../../support/frozen.ts";

const CONFIG: BreakerConfig = {
  failureThreshold: 3,
  recoveryTimeoutMs: 60_000,
  successThreshold: 2,
  timeoutMs: 30_000,
};

const probe = (selectionId: string, sentAt: number) => ({ selectionId, sentAt });
const broken = (rest: Partial<Breaker> = {}): Breaker => ({ ...closedBreaker(), openedAt: 0, ...rest });

/** Every kind of breaker there is, all of whose instants are counted from when it opened. */
const BEFORE = {
  fresh: closedBreaker(),
  "one failure short": { ...closedBreaker(), failures: 2 },
  "opened at 0": broken(),
  "probed by a": broken({ probes: [probe("a", 60_000)] }),
  "probed by a and b": broken({ probes: [probe("a", 60_000), probe("b", 70_000)] }),
  "one success short": broken({ successes: 1, probes: [probe("a", 60_000), probe("b", 70_000)] }),
} as const satisfies Record<string, Breaker>;
type Before = keyof typeof BEFORE;

/** All that a breaker is at `now`, in a word or three. */
function told(breaker: Breaker, now: number): string {
  const state = circuitState(breaker, CONFIG, now);
  if (state === "closed") return `closed ${breaker.failures}`;
  if (state === "open") return `open @${breaker.openedAt}`;
  const out = probesOut(breaker, CONFIG, now).map(({ selectionId }) => selectionId);
  return `half ${breaker.successes}+${out.join("") || "-"}`;
}

const report = (success: boolean, selectionId?: string) => (breaker: Breaker, now: number) =>
  recordCall(breaker, CONFIG, { success, selectionId }, now);
const EVENTS = {
  nothing: (breaker: Breaker) => breaker,
  "a success": report(true),
  "success of a": report(true, "a"),
  "success of z": report(true, "z"),
  "a failure": report(false),
  "failure of a": report(false, "a"),
  "failure of z": report(false, "z"),
} as const;

// z: a call that was let through before it opened, or whose probe was forgotten.
// prettier-ignore
const CELLS: [Before, number, ...string[]][] = [
  //                           nothing       a success     success of a  success of z  a failure     failure of a  failure of z
  ["fresh",                 0, "closed 0",   "closed 0",   "closed 0",   "closed 0",   "closed 1",   "closed 1",   "closed 1"],
  ["fresh",            60_000, "closed 0",   "closed 0",   "closed 0",   "closed 0",   "closed 1",   "closed 1",   "closed 1"],
  ["one failure short",     0, "closed 2",   "closed 0",   "closed 0",   "closed 0",   "open @0",    "open @0",    "open @0"],
  ["one failure short", 9_999, "closed 2",   "closed 0",   "closed 0",   "closed 0",   "open @9999", "open @9999", "open @9999"],
  ["opened at 0",          -1, "open @0",    "open @0",    "open @0",    "open @0",    "open @0",    "open @0",    "open @0"],
  ["opened at 0",           0, "open @0",    "open @0",    "open @0",    "open @0",    "open @0",    "open @0",    "open @0"],
  ["opened at 0",      59_999, "open @0",    "open @0",    "open @0",    "open @0",    "open @0",    "open @0",    "open @0"],
  ["opened at 0",      60_000, "half 0+-",   "half 1+-",   "half 1+-",   "half 1+-",   "open @60000", "open @60000", "open @60000"],
  ["opened at 0",      60_001, "half 0+-",   "half 1+-",   "half 1+-",   "half 1+-",   "open @60001", "open @60001", "open @60001"],
  ["probed by a",      89_999, "half 0+a",   "half 1+-",   "half 1+-",   "half 1+a",   "open @89999", "open @89999", "open @89999"],
  ["probed by a",      90_000, "half 0+-",   "half 1+-",   "half 1+-",   "half 1+-",   "open @90000", "open @90000", "open @90000"],
  ["probed by a",      90_001, "half 0+-",   "half 1+-",   "half 1+-",   "half 1+-",   "open @90001", "open @90001", "open @90001"],
  ["probed by a and b", 89_999, "half 0+ab", "half 1+b",   "half 1+b",   "half 1+ab",  "open @89999", "open @89999", "open @89999"],
  ["probed by a and b", 90_000, "half 0+b",  "half 1+-",   "half 1+b",   "half 1+b",   "open @90000", "open @90000", "open @90000"],
  ["probed by a and b", 100_000, "half 0+-", "half 1+-",   "half 1+-",   "half 1+-",   "open @100000", "open @100000", "open @100000"],
  ["one success short", 89_999, "half 1+ab", "closed 0",   "closed 0",   "closed 0",   "open @89999", "open @89999", "open @89999"],
  ["one success short", 90_000, "half 1+b",  "closed 0",   "closed 0",   "closed 0",   "open @90000", "open @90000", "open @90000"],
  ["one success short", 90_001, "half 1+b",  "closed 0",   "closed 0",   "closed 0",   "open @90001", "open @90001", "open @90001"],
];

describe("a circuit breaker", () => {
  it.each(CELLS)("%s, at %i ms, goes where the table says [1-33, 1-35…1-38]", (before, now, ...expected) => {
    const after = Object.entries(EVENTS).map(([event, happens]) => [
      event,
      told(happens(frozen<Breaker>(BEFORE[before]), now), now),
    ]);
    expect(after).toEqual(Object.keys(EVENTS).map((event, column) => [event, expected[column]]));
  });

  it.each<[Before, number, string, string]>([
    ["fresh", 0, "permitted", "closed 0"],
    ["one failure short", 0, "permitted", "closed 2"],
    ["opened at 0", 59_999, "open", "open @0"],
    ["opened at 0", 60_000, "permitted", "half 0+n"],
    ["probed by a", 89_999, "permitted", "half 0+an"],
    ["probed by a", 90_000, "permitted", "half 0+n"],
    ["probed by a and b", 89_999, "probing", "half 0+abn"],
    ["probed by a and b", 90_000, "permitted", "half 0+bn"],
    ["probed by a and b", 99_999, "permitted", "half 0+bn"],
    ["probed by a and b", 100_000, "permitted", "half 0+n"],
    ["one success short", 89_999, "probing", "half 1+abn"],
    ["one success short", 90_000, "permitted", "half 1+bn"],
  ])(
    "%s, at %i ms, answers a new call: %s; one that is made all the same is on its books [1-32, 1-34]",
    (before, now, admission, after) => {
      const breaker = frozen<Breaker>(BEFORE[before]);
      expect(permits(breaker, CONFIG, now)).toBe(admission);
      expect(told(sendProbe(breaker, CONFIG, "n", now), now)).toBe(after);
    },
  );

  it("keeps no lapsed probe once another is sent", () => {
    const { probes } = sendProbe(BEFORE["probed by a and b"], CONFIG, "n", 100_000);
    expect(probes).toEqual([probe("n", 100_000)]);
  });

  it("closes with nothing left of the time when it was open", () => {
    expect(report(true)(BEFORE["one success short"], 90_000)).toEqual(closedBreaker());
  });

  it("that needs no recovery time is half open at once, and one failure is enough where one is the threshold", () => {
    const hasty = { ...CONFIG, failureThreshold: 1, recoveryTimeoutMs: 0, successThreshold: 1 };
    const opened = recordCall(closedBreaker(), hasty, { success: false, selectionId: undefined }, 7);
    expect([opened.openedAt, circuitState(opened, hasty, 7)]).toEqual([7, "half_open"]);
    const closed = recordCall(opened, hasty, { success: true, selectionId: undefined }, 7);
    expect(closed).toEqual({ ...closedBreaker(), openings: 1 });
  });
});

interface Step {
  afterMs: number;
  event: "call" | "success" | "failure";
  /** Which of the calls so far it is about; undefined: the report names none. */
  call: number | undefined;
}
const aConfig = (): fc.Arbitrary<BreakerConfig> =>
  fc.record({
    failureThreshold: fc.integer({ min: 1, max: 4 }),
    recoveryTimeoutMs: fc.constantFrom(1, 10, 20),
    successThreshold: fc.integer({ min: 1, max: 3 }),
    timeoutMs: fc.constantFrom(1, 10),
  });
const aHistory = (): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 1, 9, 10),
      event: fc.constantFrom("call", "call", "success", "failure"),
      call: fc.option(fc.nat(5), { nil: undefined }),
    }),
    { maxLength: 40, size: "max" },
  );

interface Moment {
  step: Step;
  now: number;
  before: Breaker;
  after: Breaker;
}

/** What becomes of a breaker whose calls are only made when it permits them; each moment with what was before. */
function lived(history: readonly Step[], config: BreakerConfig, start = closedBreaker(), from = 0): Moment[] {
  let [breaker, now] = [start, from];
  return history.map((step) => {
    const before = frozen(breaker);
    now += step.afterMs;
    if (step.event !== "call") {
      const selectionId = step.call === undefined ? undefined : `call-${step.call}`;
      breaker = recordCall(before, config, { success: step.event === "success", selectionId }, now);
    } else if (permits(before, config, now) === "permitted") {
      breaker = sendProbe(before, config, `call-${step.call ?? 0}`, now);
    }
    return { step, now, before, after: breaker };
  });
}

const always = (holds: (moments: Moment[], config: BreakerConfig, history: Step[]) => void) =>
  fc.assert(
    fc.property(aHistory(), aConfig(), (history, config) => holds(lived(history, config), config, history)),
    { numRuns: 2000 },
  );

describe("a circuit breaker, whatever happens to it,", () => {
  it("never has more than its budget of probes out, and none unless it is half open [1-34]", () => {
    always((moments, config) => {
      const out = moments.map(({ after, now }) => probesOut(after, config, now).length);
      expect(Math.max(0, ...out)).toBeLessThanOrEqual(config.successThreshold);
      const others = moments.filter(({ after, now }) => circuitState(after, config, now) !== "half_open");
      expect(others.flatMap(({ after }) => after.probes)).toEqual([]);
    });
  });

  it("closes only by as many successes in a row as it takes, all while half open [1-36]", () => {
    always((moments, config) => {
      let successes = 0;
      for (const { step, now, before, after } of moments) {
        const state = circuitState(before, config, now);
        if (state === "closed" || step.event === "failure") successes = 0;
        else if (state === "half_open" && step.event === "success") successes += 1;
        const closes = state !== "closed" && circuitState(after, config, now) === "closed";
        expect(closes).toBe(successes === config.successThreshold);
      }
    });
  });

  it("opens by the last of so many failures in a row while closed, or any while half open, and by nothing else [1-35, 1-37]", () => {
    always((moments, config) => {
      let inARow = 0;
      for (const { step, now, before, after } of moments) {
        const state = circuitState(before, config, now);
        if (state !== "closed" || step.event === "success") inARow = 0;
        else if (step.event === "failure") inARow += 1;
        const due = step.event === "failure" && (state === "half_open" || inARow === config.failureThreshold);
        expect(after.openedAt !== null && after.openedAt !== before.openedAt).toBe(due);
      }
    });
  });

  it("is not changed by anything that is reported while it is open [1-38]", () => {
    always((moments, config) => {
      const open = moments.filter(({ before, now }) => circuitState(before, config, now) === "open");
      expect(open.map(({ after }) => after)).toEqual(open.map(({ before }) => before));
    });
  });

  it("is a function of its history and the time: looked at, written down and read again, it goes on the same", () => {
    fc.assert(
      fc.property(aHistory(), aHistory(), aConfig(), (first, rest, config) => {
        const [half, whole] = [lived(first, config), lived([...first, ...rest], config)];
        const { after, now } = half.at(-1) ?? { after: closedBreaker(), now: 0 };
        for (const at of [now, now + 10, now + 1000]) circuitState(after, config, at);
        const read = JSON.parse(JSON.stringify(after)) as Breaker;
        expect([...half, ...lived(rest, config, read, now)]).toEqual(whole);
      }),
    );
  });
});
