import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/core/problem.ts";
import { NOW, offer } from "../../support/offers.ts";
import type { OpenPool } from "../../support/pools.ts";

export function fails(open: OpenPool): void {
  describe("a pool that fails", () => {
    const broken = async (table: string) => {
      const opened = open();
      await opened.pool.describe([], NOW);
      const rename = (from: string, to: string) =>
        opened.inside((sql) => void sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`));
      return { ...opened, fail: () => rename(table, "mislaid"), recover: () => rename("mislaid", table) };
    };

    it("is an outage of the store, whatever it is asked", async () => {
      const { pool, fail, report, check } = await broken("provider");
      const a = offer("a");
      await fail();
      const override = { priority: 0, priority_group: 0, strategy: "fallback" } as const;
      const asked = [
        report(a),
        check(a, "it fell"),
        pool.reset([a], NOW),
        pool.override(a, "*", override, {}, NOW),
        pool.restore([{ provider: a.provider, fence: a.fence, handler: "*", override }], NOW),
      ];
      for (const answer of asked) {
        const problem = await answer.then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(problem).toBeInstanceOf(Problem);
        expect(problem).toMatchObject({ code: "store_unavailable", kind: { retryAfterSeconds: 2 } });
      }
      const other = await broken("selection");
      await other.fail();
      await expect(other.resolve([a])).rejects.toMatchObject({ code: "store_unavailable" });
      await expect(other.pool.selections(1, NOW)).rejects.toMatchObject({ code: "store_unavailable" });
    });

    it("has moved nothing, in memory or in storage: neither cursor nor probe", async () => {
      const opened = await broken("selection");
      const { served, fail, recover, pool } = opened;
      const offered = ["a", "b", "c"].map((id) => offer(id, { strategy: "round_robin" }));
      for (let n = 0; n < 5; n += 1) await opened.report(offered[1]!);
      const now = NOW + 60_000;
      expect(await served(offered, { now })).toBe("a");
      const before = await pool.describe(offered, NOW);
      await fail();
      await expect(served(offered, { now })).rejects.toMatchObject({ code: "store_unavailable" });
      await recover();
      expect(await pool.describe(offered, NOW)).toEqual(before);
      expect(await served(offered, { now })).toBe("b");
    });

    it("has not counted the report that it could not keep: another try of it counts", async () => {
      const { report, fail, recover, pool } = await broken("provider");
      const [a, b] = [offer("a"), offer("b")];
      await fail();
      await expect(report(a, { selectionId: "s" })).rejects.toMatchObject({ code: "store_unavailable" });
      await recover();
      expect(await pool.describe([a], NOW)).toEqual(await pool.describe([b], NOW));
      expect(await report(a, { selectionId: "s" })).toMatchObject({
        counted: true,
        state: { breaker: { failures: 1 } },
      });
    });
  });
}
