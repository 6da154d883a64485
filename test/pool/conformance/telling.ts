import { expect, it } from "vitest";
import { TELLING_MS } from "../../../src/pool/pool.ts";
import { NOW, offer } from "../../support/offers.ts";
import type { OpenedPool, OpenPool } from "../../support/pools.ts";

const CAUSED = { actor: { type: "key", name: "operator" }, requestId: "request" };

export function tells(open: OpenPool): void {
  const circuit_breaker = { failure_threshold: 2, recovery_timeout: 10, success_threshold: 1 };
  const A = offer("a", { circuit_breaker });
  const B = offer("b", { circuit_breaker });
  const HALF_OPEN = NOW + 10_000;
  const typesOf = ({ told }: OpenedPool) => told.map(({ type, provider }) => `${type} ${provider}`);
  const fail = async (opened: OpenedPool, of: typeof A, now = NOW) => {
    for (let failures = 0; failures < 2; failures += 1) await opened.report(of, { now });
  };

  it("tells each move of a breaker once, with its counts, and who caused it", async () => {
    const opened = open();
    const { told, resolve, report } = opened;
    await resolve([A]);
    await report(A);
    expect(told).toEqual([]);
    await report(A);
    await resolve([A], { now: HALF_OPEN, id: "dry", dryRun: true });
    expect(told).toHaveLength(1);
    await resolve([A], { now: HALF_OPEN, id: "probe" });
    await report(A, { now: HALF_OPEN, selectionId: "probe" });
    await resolve([A], { now: HALF_OPEN + 10_000, id: "again" });
    await report(A, { now: HALF_OPEN + 10_001, selectionId: "again", success: true });
    const event = { kind: "service", id: "llm", provider: "a", ...CAUSED };
    const [once, twice] = [
      { failures: 2, successes: 0, openings: 1 },
      { failures: 3, successes: 0, openings: 2 },
    ];
    expect(told).toEqual([
      { ...event, type: "breaker_opened", at: NOW, breaker: { ...once, halfOpenAt: HALF_OPEN } },
      { ...event, type: "breaker_half_opened", at: HALF_OPEN, breaker: { ...once, halfOpenAt: HALF_OPEN } },
      {
        ...event,
        type: "breaker_opened",
        at: HALF_OPEN,
        breaker: { ...twice, halfOpenAt: HALF_OPEN + 10_000 },
      },
      {
        ...event,
        type: "breaker_half_opened",
        at: HALF_OPEN + 10_000,
        breaker: { ...twice, halfOpenAt: HALF_OPEN + 10_000 },
      },
      { ...event, type: "breaker_closed", at: HALF_OPEN + 10_001, breaker: { ...twice, successes: 1 } },
    ]);
  });

  it("tells what health checks, resets and overrides change, and nothing where they change nothing", async () => {
    const opened = open();
    const { told, pool, check } = opened;
    const registered = { priority: 2, priority_group: 0, strategy: "fallback" } as const;
    await check(A, null);
    await pool.reset([A, B], NOW);
    await pool.override(A, "*", registered, { priority: 2 }, NOW);
    expect(told).toEqual([]);
    await check(A, "it fell");
    await check(A, "it fell again");
    await pool.reset([A, B], NOW + 1);
    await pool.override(A, "h", registered, { priority: 0, strategy: "round_robin" }, NOW + 2);
    const kept = { provider: "a", fence: A.fence, handler: "g", override: registered };
    for (let nth = 0; nth < 2; nth += 1) await pool.restore([kept], NOW + 3);
    const event = { kind: "service", id: "llm", provider: "a", ...CAUSED };
    const set = Object.entries(registered).map(([field, to]) => ({ field, to }));
    expect(told).toEqual([
      expect.objectContaining({ ...event, type: "breaker_opened", at: NOW }),
      {
        ...event,
        type: "breaker_reset",
        at: NOW + 1,
        breaker: { failures: 2, successes: 0, openings: 1 },
      },
      {
        ...event,
        type: "override_set",
        at: NOW + 2,
        handler: "h",
        changes: [
          { field: "priority", from: 2, to: 0 },
          { field: "strategy", from: "fallback", to: "round_robin" },
        ],
      },
      { ...event, type: "override_set", at: NOW + 3, handler: "g", changes: set },
    ]);
  });

  it("fails no call where the history is out, and tells 30 s later, in order, what it kept meanwhile", async () => {
    const opened = open();
    opened.outage.isOut = true;
    await fail(opened, A);
    await opened.evict();
    await fail(opened, B, NOW + 1);
    expect(await opened.served([A, B], { now: NOW + 2 })).toBeUndefined();
    opened.outage.isOut = false;
    // Whoever was given the events may still be telling them.
    await opened.served([A, B], { now: NOW + TELLING_MS });
    expect(typesOf(opened)).toEqual([]);
    await opened.served([A, B], { now: NOW + 1 + TELLING_MS });
    expect(typesOf(opened)).toEqual([
      "breaker_opened a",
      "breaker_opened b",
      "breaker_half_opened a",
      "breaker_half_opened b",
    ]);
    await opened.evict();
    await opened.served([A, B], { now: NOW + 3 * TELLING_MS });
    expect(typesOf(opened)).toHaveLength(4);
  });

  it("gives events to one caller at a time, who is given next what came meanwhile", async () => {
    const { bare } = open();
    const caused = {};
    const failing = ({ provider, fence, config }: typeof A) =>
      bare.check(
        caused,
        [1, 2].map(() => ({ provider, fence, config, failure: "it fell" })),
        NOW,
      );
    const first = await failing(A);
    const second = await failing(B);
    expect(first.untold).toMatchObject({ events: [{ provider: "a" }] });
    expect(second.untold).toBeUndefined();
    const next = await bare.told(first.untold!.upTo, NOW);
    expect(next).toMatchObject({ events: [{ provider: "b" }] });
    expect(await bare.told(next!.upTo, NOW)).toBeUndefined();
  });

  it("keeps the newest 1,000 events that nobody could tell", async () => {
    const { bare } = open();
    const { fence, config } = offer("a", { circuit_breaker: { failure_threshold: 1 } });
    const checks = Array.from({ length: 1002 }, (_, i) => ({
      provider: `p${i}`,
      fence,
      config,
      failure: "it fell",
    }));
    await bare.check({}, checks, NOW);
    const { untold } = await bare.check({}, [], NOW + TELLING_MS);
    expect(untold!.events).toHaveLength(100);
    expect(untold!.events[0]).toMatchObject({ type: "breaker_opened", provider: "p2" });
  });
}
