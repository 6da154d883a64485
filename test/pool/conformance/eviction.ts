import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOW, offer, offers } from "../../support/offers.ts";
import type { OpenedPool, OpenPool } from "../../support/pools.ts";
import { runs } from "../../support/seed.ts";

export function outlivesEviction(open: OpenPool): void {
  const circuit_breaker = {
    failure_threshold: 2,
    recovery_timeout: 1,
    success_threshold: 2,
    timeout_duration: 2,
  };
  const turning = { strategy: "round_robin", circuit_breaker };

  /** Four registrations of three agents, with a handler's own and global offers, in two groups. */
  const A = offer("a", turning);
  const B = offer("b", turning);
  const AGAIN = offer("b", turning, { fence: "f2" });
  const C = offers("c", [
    { ...turning, handler: "h" },
    { circuit_breaker, priority_group: 1 },
  ]);
  const FLEETS = [
    [A, B, ...C],
    [A, AGAIN, ...C],
    [B, ...C],
    [A, B],
  ];
  const HOLDERS = [A, B, AGAIN, C[0]!];

  interface Step {
    say: string;
    /** What the pool answers; `now` is the time of the step. */
    run: (opened: OpenedPool, now: number) => Promise<unknown>;
    afterMs?: number;
  }

  const resolve = (n: number, handler?: string, dryRun = false): Step => ({
    say: `resolve ${n} for ${handler ?? "*"}${dryRun ? ", dry" : ""}`,
    run: (opened, now) => opened.resolve(FLEETS[n]!, { now, dryRun, query: { handler } }),
  });
  const report = (n: number, success: boolean, selectionId?: string): Step => ({
    say: `${success ? "success" : "failure"} of ${n}, ${selectionId}`,
    run: (opened, now) =>
      opened.report(HOLDERS[n]!, { now, success, selectionId, latencyMs: n, error: "it fell" }),
  });
  const check = (n: number, failure: string | null): Step => ({
    say: `check of ${n}: ${failure}`,
    run: (opened) => opened.check(HOLDERS[n]!, failure),
  });
  const reset = (n: number): Step => ({
    say: `reset ${n}`,
    run: ({ pool }) => pool.reset([HOLDERS[n]!], NOW),
  });
  const override = (n: number, handler: string, priority: number): Step => ({
    say: `${n} at ${priority} for ${handler}`,
    run: ({ pool }) =>
      pool.override(
        HOLDERS[n]!,
        handler,
        { priority: 2, priority_group: 0, strategy: "round_robin" },
        { priority },
        NOW,
      ),
  });
  const pass = (afterMs: number): Step => ({ say: `pass ${afterMs}`, run: async () => {}, afterMs });

  /** All that a pool would tell. */
  const everything = async ({ pool }: OpenedPool) => [
    await pool.describe(HOLDERS, NOW),
    await pool.selections(100, NOW),
  ];

  /** Takes the steps with one pool that is evicted before those it is told, and with one that never is. */
  async function twins(steps: readonly (Step & { evict: boolean })[]): Promise<void> {
    const [evicted, whole] = [open(), open()];
    let now = NOW;
    for (const { run, evict, afterMs = 0 } of steps) {
      now += afterMs;
      // Only what is awake can be evicted.
      if (evict) await evicted.pool.describe([], NOW).then(evicted.evict);
      expect(await run(evicted, now)).toEqual(await run(whole, now));
    }
    await evicted.pool.describe([], NOW).then(evicted.evict);
    expect(await everything(evicted)).toEqual(await everything(whole));
  }

  const aStep = (): fc.Arbitrary<Step> => {
    const holder = fc.nat(HOLDERS.length - 1);
    const handler = fc.constantFrom(undefined, "h");
    // Selections are numbered from 1: most of these name one that was, some one that never was.
    const selectionId = fc.option(
      fc.integer({ min: 1, max: 12 }).map((n) => `s${n}`),
      { nil: undefined },
    );
    return fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.nat(FLEETS.length - 1), handler, fc.boolean()).map((args) => resolve(...args)),
      },
      { weight: 5, arbitrary: fc.tuple(holder, fc.boolean(), selectionId).map((args) => report(...args)) },
      fc.tuple(holder, fc.constantFrom("it fell", null)).map((args) => check(...args)),
      holder.map(reset),
      fc.tuple(holder, fc.constantFrom("*", "h"), fc.constantFrom(0, 9)).map((args) => override(...args)),
      { weight: 2, arbitrary: fc.constantFrom(1, 999, 1000, 2000).map(pass) },
    );
  };

  describe("a pool that is evicted", () => {
    // a is opened, probed, closed and opened again; b loses its turn to its successor; c is moved, barred and freed.
    // prettier-ignore
    const script = [
    resolve(0), resolve(0), resolve(0, "h"),
    report(0, false, "s1"), report(0, false, "s1"), report(0, false),
    resolve(0), pass(999), resolve(0), pass(1), resolve(0, undefined, true),
    resolve(0), resolve(0), resolve(0), resolve(0), resolve(0),
    report(0, true, "s7"), report(0, true, "s7"), resolve(0), report(0, true), resolve(0),
    check(3, "it fell"), resolve(0, "h"), check(3, null), override(3, "*", 0), resolve(0), resolve(0),
    report(0, false), report(0, false), resolve(0), reset(0), resolve(0), resolve(1), resolve(1), resolve(2),
  ];

    it("before every step answers each as a pool that is not evicted", async () => {
      await twins(script.map((step) => ({ ...step, evict: true })));
    });

    it.each(script.map(({ say }, at) => ({ at, say })))(
      "once, before step $at, $say, answers all as a pool that is not evicted",
      async ({ at }) => {
        await twins(script.map((step, i) => ({ ...step, evict: i === at })));
      },
    );

    it("between any steps answers as a pool that is not evicted", async () => {
      const aTale = fc.array(
        fc.tuple(aStep(), fc.boolean()).map(([step, evict]) => ({ ...step, evict })),
        { minLength: 1, maxLength: 30, size: "max" },
      );
      await fc.assert(fc.asyncProperty(aTale, twins), { numRuns: runs(40) });
    });

    it("remembers which selections were reported, and keeps no more than the last 100", async () => {
      const { resolve: select, report: tell, evict, pool } = open();
      for (let n = 0; n < 101; n += 1) await select([A], { id: `n${n}` });
      await tell(A, { selectionId: "n0" });
      await evict();
      expect(await tell(A, { selectionId: "n0" })).toMatchObject({ counted: false });
      await select([A], { id: "after" });
      const kept = await pool.selections(1000, NOW);
      expect([kept.length, kept[0]!.selectionId, kept.at(-1)!.selectionId]).toEqual([100, "after", "n2"]);
    });
  });
}
