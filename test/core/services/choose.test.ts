import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Breaker, closedBreaker } from "../../../src/core/services/breaker.ts";
import { type Offer, offersOf } from "../../../src/core/services/offers.ts";
import { type Rejection, selectProvider, type ProviderQuery } from "../../../src/core/services/choose.ts";
import { byCodeUnit } from "../../../src/core/order.ts";
import { entryOf } from "../../support/entries.ts";
import { frozen } from "../../support/frozen.ts";
import { ANY, emptyPool, setProviderState, NOW, offer, offers, serve, turns } from "../../support/offers.ts";

const OPEN: Breaker = { ...closedBreaker(), openedAt: NOW };
const HALF_OPEN: Breaker = { ...closedBreaker(), openedAt: NOW - 60_000 };

const select = (offered: readonly Offer[], query: Partial<ProviderQuery> = {}, pool = emptyPool()) =>
  selectProvider(offered, pool, { ...ANY, ...query }, NOW);
const chosenOf = (offered: readonly Offer[], query: Partial<ProviderQuery> = {}, pool = emptyPool()) => {
  const { chosen } = select(offered, query, pool);
  return chosen && `${chosen.offer.provider} of ${chosen.scope} ${chosen.group}`;
};
const stages = (rejected: readonly Rejection[]) => rejected.map(({ id, stage }) => [id, stage]);

describe("a service's provider", () => {
  it("is one for the caller's handler before any global one, whatever their groups [1-11]", () => {
    const offered = [
      offer("global", { priority: "CRITICAL" }),
      offer("own", { handler: "h", priority_group: 9 }),
    ];
    expect(chosenOf(offered, { handler: "h" })).toBe("own of h 9");
    expect(chosenOf(offered)).toBe("global of * 0");
    expect(chosenOf(offered, { handler: "*" })).toBe("global of * 0");
    expect(chosenOf(offered, { handler: "stranger" })).toBe("global of * 0");
  });

  it("leaves offers to other handlers unsaid where somebody can be used, however many are wanted", () => {
    const offered = [offer("own", { handler: "h" }), offer("other", { handler: "g" })];
    const { considered, rejected } = select(offered, { handler: "h", limit: 5 });
    expect({ considered, rejected }).toEqual({ considered: 1, rejected: [] });
  });

  it("is a global one only where fallback_to_global allows, and none of the handler's own can be used [1-11]", () => {
    const offered = [offer("own", { handler: "h" }, { fields: { status: "busy" } }), offer("global")];
    expect(chosenOf(offered, { handler: "h" })).toBe("global of * 0");
    const { chosen, rejected } = select(offered, { handler: "h", fallbackToGlobal: false });
    expect([chosen, rejected]).toEqual([
      null,
      [
        { id: "own", stage: "status", reason: "busy", detail: "status is busy" },
        {
          id: "global",
          stage: "handler",
          reason: "other_handler",
          detail: "it serves every handler, and fallback_to_global is false",
        },
      ],
    ]);
  });

  it("is of the lowest group in which a provider can be used [1-13, 1-21]", () => {
    const busy = { fields: { status: "busy" } };
    const offered = [
      offer("a", { priority_group: 10 }),
      offer("c", { priority_group: 2 }),
      offer("b", { priority_group: 1 }, busy),
      offer("d", { priority_group: 1 }, busy),
    ];
    expect(chosenOf(offered)).toBe("c of * 2");
    expect(stages(select(offered).rejected)).toEqual([
      ["b", "status"],
      ["d", "status"],
    ]);
  });

  it("is the first by priority and then by id, by code unit, in its group [1-14, 1-16]", () => {
    const ranked = [
      offer("z", { priority: "CRITICAL" }),
      offer("y", { priority: 1 }),
      offer("B"),
      offer("a"),
      offer("a10"),
      offer("a9"),
      offer("x", { priority: "low" }),
      offer("w", { priority: "Fallback" }),
    ];
    const pool = emptyPool();
    const order = ranked.map(({ provider }) => provider);
    const found = order.map(() => {
      const { chosen } = select(ranked.toReversed(), {}, pool);
      setProviderState(pool, chosen!.offer, { breaker: OPEN });
      return chosen!.offer.provider;
    });
    expect(found).toEqual(order);
  });

  it("is found by the strategy of its group's first, usable or not, and the answer warns of a mixed group [1-15]", () => {
    const turning = offer("a", { priority: "HIGH", strategy: "round_robin" }, { fields: { status: "busy" } });
    const mixed = [turning, offer("b"), offer("c")];
    expect(turns(4, mixed, emptyPool())).toEqual(["b", "c", "b", "c"]);
    expect(select(mixed).warnings).toEqual([
      "group 0 mixes strategies; its first provider's, round_robin, rules",
    ]);
    const steady = [offer("a"), offer("b", { strategy: "round_robin" })];
    expect(turns(3, steady, emptyPool())).toEqual(["a", "a", "a"]);
    expect(select(steady).warnings).toEqual([
      "group 0 mixes strategies; its first provider's, fallback, rules",
    ]);
    expect(select([turning, offer("b", { priority_group: 1 })]).warnings).toEqual([]);
    expect(select(steady, { handler: "*", capabilities: ["song"] }).warnings).toHaveLength(1);
  });

  it("has all the capabilities asked for: its binding's, or its agent's where that names none [1-22]", () => {
    const fields = { capabilities: ["chat", "vision"] };
    const offered = [offer("a", { capabilities: ["chat"] }, { fields }), offer("b", {}, { fields })];
    expect(chosenOf(offered, { capabilities: ["chat"] })).toBe("a of * 0");
    expect(chosenOf(offered, { capabilities: ["vision", "chat"] })).toBe("b of * 0");
    expect(chosenOf([offer("c", { capabilities: [] }, { fields })], { capabilities: ["chat"] })).toBeNull();
    expect(select(offered, { capabilities: ["vision", "song"] }).rejected).toEqual([
      {
        id: "a",
        stage: "capability",
        reason: "capability_missing",
        detail: "it does not offer vision, song",
      },
      { id: "b", stage: "capability", reason: "capability_missing", detail: "it does not offer song" },
    ]);
  });

  it("is none where there are no offers [1-26]", () => {
    expect(select([])).toEqual({
      chosen: null,
      others: [],
      considered: 0,
      rejected: [],
      warnings: [],
      failedOpen: false,
    });
  });

  it("is never an agent whose lease has lapsed, nor one that offers something else", () => {
    const entry = entryOf({ id: "a", services: [{ service: "llm" }] }, NOW);
    expect(offersOf([entry], "llm", NOW)).toHaveLength(1);
    expect(offersOf([{ ...entry, lease: null }], "llm", NOW)).toEqual([]);
    expect(offersOf([entry], "llm2", NOW)).toEqual([]);
  });

  it("is never a lapsed one, but is said to be one where there is no other", () => {
    const gone = offer("a", {}, { lapsed: true });
    const { chosen, rejected } = select([gone]);
    expect([chosen, rejected]).toEqual([
      null,
      [expect.objectContaining({ id: "a", stage: "liveness", reason: "lapsed" })],
    ]);
    expect(select([gone, offer("b")])).toMatchObject({ considered: 1, rejected: [] });
  });

  it("fails open, where it is told to, to who is unreachable, and then to who has lapsed", () => {
    const lapsed = offer("a", {}, { lapsed: true });
    const silent = offer("b", { priority: "LOW" }, { silentMs: 45_001 });
    const chosen = (offered: Offer[], query: Partial<ProviderQuery> = { failOpen: true }) => {
      const choice = select(offered, query);
      return [choice.chosen?.offer.provider, choice.failedOpen];
    };
    expect(chosen([lapsed, silent])).toEqual(["b", true]);
    expect(chosen([lapsed])).toEqual(["a", true]);
    expect(chosen([lapsed, silent], {})).toEqual([undefined, false]);
    expect(chosen([lapsed, silent, offer("c")])).toEqual(["c", false]);
    expect(chosen([lapsed], { failOpen: true, capabilities: ["other"] })).toEqual([undefined, false]);
  });

  it.each(["offline", "draining", "maintenance", "busy"])(
    "never fails open to who was last known as %s",
    (status) => {
      const options = { fields: { status }, silentMs: 45_001 };
      const choice = select([offer("a", {}, options), offer("b", {}, { ...options, lapsed: true })], {
        failOpen: true,
      });
      expect([choice.chosen, choice.failedOpen]).toEqual([null, false]);
    },
  );

  it("has one breaker, on its first binding's terms", () => {
    const [first, second] = offers("a", [
      { handler: "h", circuit_breaker: { failure_threshold: 2, timeout_duration: 7 } },
      { circuit_breaker: { failure_threshold: 9 } },
    ]);
    expect(first!.config).toEqual({
      failureThreshold: 2,
      recoveryTimeoutMs: 60_000,
      successThreshold: 3,
      timeoutMs: 7000,
    });
    expect(second!.config).toEqual(first!.config);
  });
});

describe("a provider passed over", () => {
  it("is told the first thing in its way, of all that are [1-22…1-24]", () => {
    // Each row takes away one obstacle more.
    const rows = [
      {
        query: { exclude: ["b", "a"], capabilities: ["song"] },
        silentMs: 45_001,
        status: "busy",
        failedCheck: "it fell",
        breaker: OPEN,
      },
      {
        query: { exclude: ["b"], capabilities: ["song"] },
        silentMs: 45_001,
        status: "busy",
        failedCheck: "it fell",
        breaker: OPEN,
      },
      { query: {}, silentMs: 45_001, status: "busy", failedCheck: "it fell", breaker: OPEN },
      { query: {}, silentMs: 45_000, status: "busy", failedCheck: "it fell", breaker: OPEN },
      { query: {}, silentMs: 0, status: "available", failedCheck: "it fell", breaker: OPEN },
      { query: {}, silentMs: 0, status: "available", failedCheck: null, breaker: OPEN },
      {
        query: {},
        silentMs: 0,
        status: "available",
        failedCheck: null,
        breaker: {
          ...HALF_OPEN,
          probes: ["a", "b", "c"].map((selectionId) => ({ selectionId, sentAt: NOW })),
        },
      },
      { query: {}, silentMs: 0, status: "available", failedCheck: null, breaker: HALF_OPEN },
    ];
    const told = rows.map(({ query, silentMs, status, failedCheck, breaker }) => {
      const pool = emptyPool();
      const only = offer("a", {}, { silentMs, fields: { status } });
      setProviderState(pool, only, { failedCheck, breaker });
      const { chosen, considered, rejected } = select([only], query, pool);
      expect(considered).toBe(1);
      return chosen
        ? chosen.circuitState
        : rejected.map(({ stage, reason, detail }) => ({ stage, reason, detail }));
    });
    expect(told).toEqual([
      [{ stage: "caller", reason: "excluded", detail: "the caller excludes it" }],
      [{ stage: "capability", reason: "capability_missing", detail: "it does not offer song" }],
      [
        {
          stage: "liveness",
          reason: "unreachable",
          detail: "status is unreachable (no heartbeat for more than 45 s)",
        },
      ],
      [{ stage: "status", reason: "busy", detail: "status is busy" }],
      [{ stage: "health_check", reason: "health_check_failed", detail: "it fell" }],
      [
        {
          stage: "breaker",
          reason: "circuit_open",
          detail: "Circuit breaker 'llm.a' is open, service unavailable",
        },
      ],
      [
        {
          stage: "probes",
          reason: "probe_budget_spent",
          detail: "it is half open, and 3 probes are out",
        },
      ],
      "half_open",
    ]);
  });

  it.each(["busy", "degraded", "unhealthy", "maintenance", "draining", "offline"])(
    "may be %s, and says so",
    (status) => {
      const { rejected } = select([offer("a", {}, { fields: { status } })]);
      expect(rejected).toEqual([{ id: "a", stage: "status", reason: status, detail: `status is ${status}` }]);
    },
  );

  it("is named once however many of its bindings were, and not at all if another of them is chosen", () => {
    const bindings = [{ handler: "h", capabilities: ["x"] }, { capabilities: ["chat"] }, { handler: "g" }];
    const twice = offers("a", bindings);
    const asked = { handler: "h", capabilities: ["chat"] };
    expect(chosenOf(twice, asked)).toBe("a of * 0");
    expect(select(twice, asked)).toMatchObject({ considered: 1, rejected: [] });
    expect(select(twice, { ...asked, capabilities: ["song"] })).toMatchObject({
      chosen: null,
      considered: 1,
      rejected: [{ id: "a", detail: "it does not offer song" }],
    });
  });
});

describe("what an operator sets", () => {
  const override = { priority: 0, priority_group: 0, strategy: "round_robin" as const };

  it("is what selection uses, for that binding of that registration only [1-49]", () => {
    const pool = emptyPool();
    const [own, global] = offers("b", [{ handler: "h", priority_group: 3 }, { priority_group: 3 }]);
    setProviderState(pool, own!, { overrides: { "*": override } });
    const offered = [offer("a"), own!, global!];
    expect(chosenOf(offered, {}, pool)).toBe("b of * 0");
    expect(select(offered, {}, pool).chosen).toMatchObject({
      strategy: "round_robin",
      offer: { binding: override },
    });
    expect(chosenOf(offered, { handler: "h" }, pool)).toBe("b of h 3");
    const again = offers("b", [{ priority_group: 3 }], { fence: "f2" });
    expect(chosenOf([offer("a"), ...again], {}, pool)).toBe("a of * 0");
  });

  it("does not give the one served last another turn by moving it to a later place in the ring", () => {
    const pool = emptyPool();
    const ring = ["a", "b", "c"].map((id) => offer(id, { strategy: "round_robin" }));
    expect(turns(3, ring, pool)).toEqual(["a", "b", "c"]);
    setProviderState(pool, ring[2]!, { overrides: { "*": { ...override, priority: 9 } } });
    expect(turns(4, ring, pool)).toEqual(["a", "b", "c", "a"]);
  });
});

const anId = () => fc.constantFrom("a", "b", "c", "d");
const aBinding = (handler: string) =>
  fc.record({
    handler: fc.constant(handler),
    priority: fc.constantFrom(0, 2, 9),
    priority_group: fc.nat(2),
    strategy: fc.constantFrom("fallback", "round_robin"),
    capabilities: fc.option(fc.subarray(["x", "y"]), { nil: undefined }),
  });
const BREAKERS = [closedBreaker(), OPEN, HALF_OPEN];

/** Several agents with up to three bindings each, and a pool that knows something of all of them. */
const aSituation = () =>
  fc
    .record({
      agents: fc.uniqueArray(
        fc.record({
          id: anId(),
          handlers: fc.subarray(["*", "g", "h"], { minLength: 1 }),
          bindings: fc.tuple(aBinding("*"), aBinding("g"), aBinding("h")),
          status: fc.constantFrom("available", "available", "busy"),
          silentMs: fc.constantFrom(0, 45_001),
          breaker: fc.constantFrom(...BREAKERS),
          failedCheck: fc.constantFrom(null, null, "it fell"),
        }),
        { selector: ({ id }) => id, minLength: 1 },
      ),
      cursor: fc.record({ provider: anId(), priority: fc.constantFrom(0, 2, 9) }),
      query: fc.record({
        handler: fc.constantFrom(undefined, "*", "g", "h", "i"),
        capabilities: fc.subarray(["x", "y"]),
        exclude: fc.subarray(["a", "b"]),
        fallbackToGlobal: fc.boolean(),
        failOpen: fc.constant(false),
        limit: fc.constant(1),
      }),
    })
    .map(({ agents, cursor, query }) => {
      const pool = emptyPool();
      for (const scope of ["*", "g", "h"]) pool.cursors.set(`0\x1f${scope}`, cursor);
      const offered = agents.flatMap(({ id, handlers, bindings, breaker, failedCheck, status, silentMs }) => {
        const own = bindings.filter(({ handler }) => handlers.includes(handler));
        const list = offers(id, own, { silentMs, fields: { status } });
        setProviderState(pool, list[0]!, { breaker, failedCheck });
        return list;
      });
      return { offered, pool, query };
    });

describe("a selection", () => {
  it("accounts for every provider once where it chooses none, and else once for those it passed over", () => {
    fc.assert(
      fc.property(aSituation(), ({ offered, pool, query }) => {
        const { chosen, considered, rejected } = selectProvider(offered, pool, query, NOW);
        const ids = rejected.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(considered).toBe(ids.length + (chosen ? 1 : 0));
        const providers = new Set(offered.map(({ provider }) => provider));
        if (chosen) providers.delete(chosen.offer.provider);
        expect([...providers]).toEqual(expect.arrayContaining(ids));
        expect(chosen !== null || ids.length === providers.size).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("of several begins with the one, and has each that could be chosen alone, once, by scope and group [1-27]", () => {
    fc.assert(
      fc.property(aSituation(), fc.integer({ min: 1, max: 4 }), ({ offered, pool, query }, limit) => {
        const listed = (many: number) => {
          const { chosen, others } = selectProvider(offered, pool, { ...query, limit: many }, NOW);
          return chosen ? [chosen, ...others] : [];
        };
        const all = listed(1000);
        expect(listed(limit)).toEqual(all.slice(0, limit));
        expect(all.slice(0, 1)).toEqual(listed(1));
        const alone = [...new Set(offered.map(({ provider }) => provider))].filter((id) => {
          const own = offered.filter(({ provider }) => provider === id);
          return selectProvider(own, pool, query, NOW).chosen !== null;
        });
        expect(all.map(({ offer: { provider } }) => provider).toSorted(byCodeUnit)).toEqual(
          alone.toSorted(byCodeUnit),
        );
        const places = all.map(({ scope, group }) => (scope === "*" ? 1000 : 0) + group);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
      { numRuns: 2000 },
    );
  });

  it("of several fails open to one kind of them", () => {
    const silent = [offer("b", {}, { silentMs: 45_001 }), offer("c", {}, { silentMs: 45_001 })];
    const query = { failOpen: true, limit: 3 };
    const { chosen, others, rejected } = select([offer("a", {}, { lapsed: true }), ...silent], query);
    expect([chosen, ...others].map((found) => found?.offer.provider)).toEqual(["b", "c"]);
    expect(stages(rejected)).toEqual([["a", "liveness"]]);
  });

  it("does not depend on the order in which the offers come", () => {
    const shuffled = aSituation().chain((situation) =>
      fc.tuple(
        fc.constant(situation),
        fc.shuffledSubarray(situation.offered, { minLength: situation.offered.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([{ offered, pool, query }, others]) => {
        expect(selectProvider(others, pool, query, NOW)).toEqual(selectProvider(offered, pool, query, NOW));
      }),
      { numRuns: 2000 },
    );
  });

  it("made dry is the one then made, and changes nothing", () => {
    fc.assert(
      fc.property(aSituation(), ({ offered, pool, query }) => {
        const before = structuredClone(pool);
        const dry = selectProvider(frozen(offered), pool, frozen(query), NOW);
        expect(pool).toEqual(before);
        expect(serve(pool, offered, query, "s", NOW)).toEqual(dry);
      }),
      { numRuns: 2000 },
    );
  });
});
