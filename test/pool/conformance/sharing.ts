import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { circuitState } from "../../../src/core/services/breaker.ts";
import type { Offer } from "../../../src/core/services/offers.ts";
import type { Sql } from "../../../src/durable/storage.ts";
import { NOW, offer, offers } from "../../support/offers.ts";
import type { OpenedPool, OpenPool } from "../../support/pools.ts";
import { runs } from "../../support/seed.ts";

export function shares(open: OpenPool): void {
  const ring = (...ids: string[]) => ids.map((id) => offer(id, { strategy: "round_robin" }));
  const stages = (rejected: readonly { id: string; stage: string }[]) =>
    rejected.map(({ id, stage }) => `${id}: ${stage}`);
  const many = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => work(n)));
  const ref = ({ provider, fence }: Offer) => ({ provider, fence });
  const failures = (count: number, { report }: OpenedPool, of: Offer) => many(count, () => report(of));

  describe("a service's pool, asked by many at once,", () => {
    it("gives 1,000 of them 7 round-robin providers, with at most one call more to any than to any other", async () => {
      const { served } = open();
      const offered = ring("a", "b", "c", "d", "e", "f", "g");
      const counts = Map.groupBy(await many(1000, () => served(offered)), (id) => id);
      const sizes = [...counts.values()].map((calls) => calls.length);
      expect(sizes.toSorted((a, b) => a - b)).toEqual([142, 143, 143, 143, 143, 143, 143]);
    });

    it("never has more probes out than the budget, given back by a report or by their lapse, and by nothing else [1-34]", async () => {
      const opened = open();
      const only = offer("a");
      await failures(5, opened, only);
      const at = NOW + 60_000;
      const admitted = async (now: number) => {
        const selections = await many(20, (n) =>
          opened.resolve([only], { now, id: `${now}-${n}` }).then(({ chosen, rejected }) => {
            expect(stages(rejected)).toEqual(chosen ? [] : ["a: probes"]);
            return chosen ? [`${now}-${n}`] : [];
          }),
        );
        return selections.flat();
      };
      expect(await opened.served([only], { now: at - 1 })).toBeUndefined();
      const [first] = await admitted(at).then((ids) => (expect(ids).toHaveLength(3), ids));
      expect(await admitted(at + 29_999)).toEqual([]);
      await opened.report(only, { success: true, selectionId: first!, now: at + 29_999 });
      await opened.report(only, { success: true, selectionId: first!, now: at + 29_999 });
      expect(await admitted(at + 29_999)).toHaveLength(1);
      expect(await admitted(at + 30_000)).toHaveLength(2);
    });

    it("never has more probes out than the budget, whatever is reported meanwhile", async () => {
      const round = fc.record({
        asked: fc.nat(6),
        answered: fc.nat(4),
        ms: fc.constantFrom(0, 0, 1, 29_999, 30_000),
      });
      const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 8 }), async (rounds) => {
        const opened = open();
        const only = offer("a", { circuit_breaker: { success_threshold: 3, failure_threshold: 1 } });
        await opened.report(only);
        let now = NOW + 60_000;
        let successes = 0;
        let out: { id: string; sentAt: number }[] = [];
        for (const { asked, answered, ms } of rounds) {
          now += ms;
          out = out.filter(({ sentAt }) => now - sentAt < 30_000);
          const sent = many(asked, async (n) => {
            const id = `${now}-${n}-${crypto.randomUUID()}`;
            return (await opened.served([only], { now, id })) ? [{ id, sentAt: now }] : [];
          });
          // One success fewer than would close it, so that it stays half open.
          const reported = out.splice(0, Math.min(answered, 2 - successes));
          successes += reported.length;
          const taken = many(reported.length, (n) =>
            opened.report(only, { success: true, selectionId: reported[n]!.id, now }),
          );
          const [selections] = await Promise.all([sent, taken]);
          out.push(...selections.flat());
          expect(out.length).toBeLessThanOrEqual(3);
          const [state] = await opened.pool.describe([only], NOW);
          expect(state!.breaker.probes.filter(({ sentAt }) => now - sentAt < 30_000)).toHaveLength(
            out.length,
          );
        }
      });
      await fc.assert(property, { numRuns: runs(40) });
    });

    it("opens a breaker for all by five failures from five callers, the fourth of which does not [1-35]", async () => {
      const opened = open();
      const offered = [offer("a", { priority: "HIGH" }), offer("b")];
      await failures(4, opened, offered[0]!);
      expect(await many(5, () => opened.served(offered))).toEqual(Array(5).fill("a"));
      await failures(1, opened, offered[0]!);
      expect(await many(5, () => opened.served(offered))).toEqual(Array(5).fill("b"));
    });

    it("never serves one twice in a row who was not alone, nor one who is not there, while they come and go", async () => {
      const ids = ["a", "b", "c", "d", "e"];
      const offerings = new Map(ring(...ids).map((one) => [one.provider, one]));
      // Callers read the store before they ask: each round, some still see what the others no longer do.
      const round = fc.record({
        now: fc.subarray(ids, { minLength: 1 }),
        before: fc.subarray(ids, { minLength: 1 }),
      });
      const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 8 }), async (rounds) => {
        const { served, pool } = open();
        const seen = new Map<string, string[]>();
        for (const [r, views] of rounds.entries()) {
          await many(12, async (n) => {
            const view = n % 2 === 0 ? views.now : views.before;
            seen.set(`${r}-${n}`, view);
            const offered = view.map((id) => offerings.get(id)!);
            expect(view).toContain(await served(offered, { id: `${r}-${n}` }));
          });
        }
        const kept = (await pool.selections(100, NOW)).toReversed();
        const again = kept.filter(({ provider }, i) => provider === kept[i - 1]?.provider);
        expect(again.filter(({ selectionId }) => seen.get(selectionId)!.length > 1)).toEqual([]);
      });
      await fc.assert(property, { numRuns: runs(40) });
    });
  });

  describe("a service's pool", () => {
    it("counts a report that names its selection once, and every one that names none", async () => {
      const { report, pool } = open();
      const a = offer("a");
      const named = await many(4, () => report(a, { selectionId: "s" }));
      expect(named.filter(({ counted }) => counted)).toHaveLength(1);
      expect((await report(a, { selectionId: "s", success: true })).state.breaker.failures).toBe(1);
      expect((await report(a, { selectionId: "t" })).state.breaker.failures).toBe(2);
      expect((await many(2, () => report(a))).map(({ counted }) => counted)).toEqual([true, true]);
      const [state] = await pool.describe([a], NOW);
      expect(state).toMatchObject({ breaker: { failures: 4 }, totals: { failures: 4, successes: 0 } });
    });

    it("remembers for an hour longer than a day that a selection was reported, whatever comes in between", async () => {
      const { report } = open();
      const a = offer("a");
      const day = 86_400_000;
      const at = async (now: number) => (await report(a, { selectionId: "s", success: true, now })).counted;
      const later = NOW + day + 3_600_000;
      expect([await at(NOW), await at(later), await at(later + 1)]).toEqual([true, false, true]);
    });

    it("keeps a mean of the latencies that were reported, the newest weighing a fifth", async () => {
      const { report } = open();
      const a = offer("a");
      const mean = async (latencyMs: number | undefined) =>
        (await report(a, { success: true, latencyMs })).state.totals.latencyMs;
      expect([await mean(undefined), await mean(100), await mean(undefined), await mean(200)]).toEqual([
        null,
        100,
        100,
        120,
      ]);
    });

    it("bars a provider that fails a health check until one passes, and counts the failure only [1-24]", async () => {
      const { check, resolve, served, pool, report } = open();
      const a = offer("a");
      await check(a, "it fell");
      expect((await resolve([a])).rejected).toEqual([
        { id: "a", stage: "health_check", reason: "health_check_failed", detail: "it fell" },
      ]);
      await check(a, null);
      expect(await served([a])).toBe("a");
      expect((await pool.describe([a], NOW))[0]).toMatchObject({
        failedCheck: null,
        breaker: { failures: 1 },
      });
      for (let n = 0; n < 4; n += 1) await check(a, "it fell");
      await check(a, null);
      expect(stages((await resolve([a])).rejected)).toEqual(["a: breaker"]);
      expect((await report(a, { success: true })).state.breaker.openedAt).toBe(NOW);
    });

    it("starts a new registration clean: no breaker, failed check or priority of the one before", async () => {
      const opened = open();
      const { pool, check, served } = opened;
      const before = offer("b", {}, { fence: "old" });
      const after = offer("b", {}, { fence: "new" });
      await failures(5, opened, before);
      await check(before, "it fell");
      const registered = { priority: 2, priority_group: 0, strategy: "fallback" } as const;
      await pool.override(before, "*", registered, { priority: 0 }, NOW);
      expect(await served([before])).toBeUndefined();
      expect(await served([after])).toBe("b");
      expect(await served([offer("a", { priority: 1 }), after])).toBe("a");
      const [old, fresh] = await pool.describe([before, after], NOW);
      expect(fresh).toEqual((await open().pool.describe([after], NOW))[0]);
      expect(old).toMatchObject({ failedCheck: "it fell", overrides: { "*": { priority: 0 } } });
    });

    it("holds what was set last for each binding of a registration, and the other's with it [1-46]", async () => {
      const { pool, served } = open();
      const both = offers("b", [{ handler: "h" }, {}]);
      const offered = [...offers("a", [{ handler: "h", priority: "HIGH" }, { priority: "HIGH" }]), ...both];
      const first = { priority: 0, priority_group: 0, strategy: "fallback" } as const;
      const set = (handler: string, priority: number) =>
        pool.override(both[0]!, handler, first, { priority }, NOW);
      const forAnyAndH = async () => [
        await served(offered),
        await served(offered, { query: { handler: "h" } }),
      ];
      expect(await forAnyAndH()).toEqual(["a", "a"]);
      await set("*", 0);
      expect(await forAnyAndH()).toEqual(["b", "a"]);
      await set("h", 0);
      expect(await forAnyAndH()).toEqual(["b", "b"]);
      await set("*", 9);
      expect(await forAnyAndH()).toEqual(["a", "b"]);
    });

    it("loses nothing of two overrides of one binding at once, and tells each what it changed [1-46]", async () => {
      const { pool } = open();
      const a = offer("a");
      const registered = { priority: 2, priority_group: 0, strategy: "fallback" } as const;
      const [one, other] = await Promise.all([
        pool.override(a, "*", registered, { priority_group: 3 }, NOW),
        pool.override(a, "*", registered, { strategy: "round_robin" }, NOW),
      ]);
      const both = { ...registered, priority_group: 3, strategy: "round_robin" };
      expect([one.after, other.after]).toContainEqual(both);
      expect((await pool.describe([a], NOW))[0]!.overrides).toEqual({ "*": both });
    });

    it("takes back what was set before, but not over what was set since", async () => {
      const { pool } = open();
      const [a, b] = [offer("a"), offer("b")];
      const [first, second] = [0, 9].map((priority) => ({
        priority,
        priority_group: 0,
        strategy: "fallback" as const,
      }));
      await pool.override(a, "*", second!, {}, NOW);
      const kept = [
        { ...ref(a), handler: "*", override: first! },
        { ...ref(a), handler: "h", override: first! },
        { ...ref(b), handler: "*", override: first! },
      ];
      expect(await pool.restore(kept, NOW)).toEqual([false, true, true]);
      expect(await pool.restore(kept, NOW)).toEqual([false, false, false]);
      const states = await pool.describe([a, b], NOW);
      expect(states.map(({ overrides }) => overrides)).toEqual([{ "*": second, h: first }, { "*": first }]);
    });

    it("closes the breakers it is told to, and leaves checks and priorities alone [1-40]", async () => {
      const opened = open();
      const { pool, check } = opened;
      const [a, b] = [offer("a"), offer("b")];
      for (const one of [a, b]) await failures(5, opened, one);
      await check(a, "it fell");
      await pool.reset([a], NOW);
      const states = await pool.describe([a, b], NOW);
      expect(
        states.map(({ breaker, failedCheck }) => [circuitState(breaker, a.config, NOW), failedCheck]),
      ).toEqual([
        ["closed", "it fell"],
        ["open", null],
      ]);
      expect(states[0]!.totals.failures, "a check counts nothing while the breaker is open").toBe(5);
    });

    it("has a cursor for each scope and group, which nothing moves but a turn in it [1-18]", async () => {
      const { served } = open();
      const turning = { strategy: "round_robin" };
      const both = ["a", "b"].flatMap((id) => offers(id, [turning, { ...turning, handler: "h" }]));
      const later = ["a", "b"].map((id) => offer(id, { ...turning, priority_group: 1 }));
      const h = { query: { handler: "h" } };
      expect([await served(both), await served(both, h), await served(later)]).toEqual(["a", "a", "a"]);
      expect(await served(both, { dryRun: true })).toBe("b");
      expect(await served(both, { query: { capabilities: ["song"] } })).toBeUndefined();
      expect([await served(both), await served(both, h), await served(later)]).toEqual(["b", "b", "b"]);
    });

    it("says of a dry run what it then does, and moves nothing by it", async () => {
      const opened = open();
      const offered = [...ring("a", "b", "c"), offer("d", { priority_group: 1 })];
      await failures(5, opened, offered[1]!);
      const now = NOW + 60_000;
      for (let n = 0; n < 8; n += 1) {
        const dry = await opened.resolve(offered, { dryRun: true, now });
        expect(await opened.resolve(offered, { dryRun: true, now })).toEqual(dry);
        expect(await opened.resolve(offered, { now })).toEqual(dry);
      }
      expect(await opened.pool.selections(100, NOW)).toHaveLength(8);
    });

    it("keeps the last 100 selections, newest first, with their reasons, and no more than that", async () => {
      const { resolve, pool, inside } = open();
      const busy = offer("busy", { priority: "HIGH" }, { fields: { status: "busy" } });
      for (let n = 0; n < 103; n += 1) await resolve([busy, offer("a")], { id: `n${n}`, now: NOW + n });
      await resolve([busy], { id: "last", now: NOW + 103, query: { handler: "h", capabilities: ["x"] } });
      const kept = await pool.selections(1000, NOW);
      expect(kept.map(({ selectionId }) => selectionId)).toEqual([
        "last",
        ...Array.from({ length: 99 }, (_, n) => `n${102 - n}`),
      ]);
      expect(kept[0]).toEqual({
        selectionId: "last",
        at: NOW + 103,
        handler: "h",
        capabilities: ["x"],
        provider: null,
        scope: null,
        group: null,
        circuitState: null,
        rejected: [
          { id: "busy", stage: "capability", reason: "capability_missing", detail: "it does not offer x" },
        ],
      });
      expect(kept[1]).toEqual({
        selectionId: "n102",
        at: NOW + 102,
        handler: null,
        capabilities: [],
        provider: "a",
        scope: "*",
        group: 0,
        circuitState: "closed",
        rejected: [{ id: "busy", stage: "status", reason: "busy", detail: "status is busy" }],
      });
      expect(await pool.selections(2, NOW)).toEqual(kept.slice(0, 2));
      const rows = (sql: Sql) => sql.exec("SELECT count(*) AS n FROM selection").one();
      expect(await inside(rows)).toEqual({ n: 100 });
    });
  });

  describe("the states of registrations that ended", () => {
    const held = async ({ pool }: OpenedPool, ...of: Offer[]) => {
      const states = await pool.describe(of, NOW);
      return states.filter(({ totals }) => totals.failures > 0).length;
    };
    const past = (count: number) =>
      Array.from({ length: count }, (_, n) => offer("a", {}, { fence: `past-${n}` }));

    it("are forgotten by the next selection once there are 100 more than living ones, those of the living never", async () => {
      const opened = open();
      const { served, report, evict } = opened;
      const living = [offer("a"), offer("b")];
      const ended = past(101);
      for (const one of [...living, ...ended.slice(1)]) await report(one);
      expect(await served(living)).toBe("a");
      expect(await held(opened, ...living, ...ended)).toBe(102);
      await report(ended[0]!);
      expect(await served(living, { dryRun: true })).toBe("a");
      expect(await held(opened, ...living, ...ended)).toBe(103);
      expect(await served(living)).toBe("a");
      expect([await held(opened, ...living), await held(opened, ...ended)]).toEqual([2, 0]);
      await evict();
      expect([await held(opened, ...living), await held(opened, ...ended)]).toEqual([2, 0]);
    });

    it("are not those of providers that lapsed and may come back", async () => {
      const opened = open();
      const [living, lapsed] = [offer("a"), offer("b", {}, { lapsed: true })];
      for (const one of [living, lapsed, ...past(102)]) await opened.report(one);
      expect(await opened.served([living, lapsed])).toBe("a");
      expect(await held(opened, living, lapsed, ...past(102))).toBe(2);
    });
  });
}
