import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permits } from "../../../src/core/services/breaker.ts";
import { afterCheck, afterReport, stateOf } from "../../../src/core/services/provider-state.ts";
import { ANY, emptyPool, setProviderState, NOW, offer, offers, serve, turns } from "../../support/offers.ts";

describe("a round robin", () => {
  const ring = (...ids: string[]) => ids.map((id) => offer(id, { strategy: "round_robin" }));

  it("goes around by priority and id, one turn each [1-17, 1-19]", () => {
    const offered = [...ring("c", "a"), offer("z", { strategy: "round_robin", priority: 0 })];
    expect(turns(7, offered, emptyPool())).toEqual(["z", "a", "c", "z", "a", "c", "z"]);
  });

  it("goes on after the last one served though that one has left, or others have come [1-20]", () => {
    const pool = emptyPool();
    expect(turns(2, ring("a", "b", "d"), pool)).toEqual(["a", "b"]);
    expect(turns(1, ring("a", "d"), pool)).toEqual(["d"]);
    expect(turns(2, ring("a", "b", "c", "d", "e"), pool)).toEqual(["e", "a"]);
    expect(turns(2, ring("a"), pool)).toEqual(["a", "a"]);
  });

  it("stays where it is when no provider can be used [1-19]", () => {
    const pool = emptyPool();
    expect(turns(1, ring("a", "b", "c"), pool)).toEqual(["a"]);
    expect(turns(1, ring("a", "b", "c"), pool, { capabilities: ["song"] })).toEqual(["nobody"]);
    expect(turns(1, ring("a", "b", "c"), pool)).toEqual(["b"]);
  });

  it("is one of its own for each scope and group [1-18]", () => {
    const pool = emptyPool();
    const both = ["a", "b"].flatMap((id) =>
      offers(id, [{ strategy: "round_robin" }, { strategy: "round_robin", handler: "h" }]),
    );
    const later = ["a", "b"].map((id) => offer(id, { strategy: "round_robin", priority_group: 1 }));
    expect(turns(1, both, pool)).toEqual(["a"]);
    expect(turns(1, both, pool, { handler: "h" })).toEqual(["a"]);
    expect(turns(1, later, pool)).toEqual(["a"]);
    expect(turns(1, both, pool)).toEqual(["b"]);
    expect(turns(1, later, pool)).toEqual(["b"]);
    expect(turns(1, both, pool, { handler: "h" })).toEqual(["b"]);
  });
});

const IDS = ["a", "b", "c", "d", "e"] as const;
type Id = (typeof IDS)[number];
const PRIORITIES = [0, 2, 9] as const;
const circuit_breaker = {
  failure_threshold: 2,
  recovery_timeout: 1,
  success_threshold: 2,
  timeout_duration: 2,
};

/** Every offer that the property needs, made once. */
const OFFERS = new Map(
  IDS.flatMap((id) =>
    PRIORITIES.flatMap((priority) =>
      [0, 45_001].map((silentMs) => [
        `${id} ${priority} ${silentMs}`,
        offer(id, { strategy: "round_robin", priority, circuit_breaker }, { silentMs }),
      ]),
    ),
  ),
);

interface Member {
  priority: (typeof PRIORITIES)[number];
  fence: string;
  silentMs: 0 | 45_001;
}

type Step =
  | { do: "resolve"; times: number }
  | { do: "pass"; ms: number }
  | { do: "join"; id: Id; priority: Member["priority"] }
  | {
      do: "leave" | "fall silent" | "call in" | "fail" | "succeed" | "fail a check" | "pass a check";
      id: Id;
    };

const aStep = (): fc.Arbitrary<Step> => {
  const id = fc.constantFrom(...IDS);
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constant("resolve"), times: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass"), ms: fc.constantFrom(1, 999, 1000, 2000) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("join"), id, priority: fc.constantFrom(...PRIORITIES) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom(
          "leave",
          "fall silent",
          "call in",
          "fail",
          "fail",
          "succeed",
          "fail a check",
          "pass a check",
        ),
        id,
      }),
    },
  );
};

/** A fleet that comes and goes, and who had how many turns since each had its last. */
class Fleet {
  readonly #pool = emptyPool();
  readonly #members = new Map<Id, Member>();
  /** Since `id` was served: the turns of each who could have been served all the while, as `id` could. */
  readonly #since = new Map<string, Map<string, number>>();
  #now = NOW;
  #served = 0;
  #last: string | undefined;

  take(step: Step): void {
    if (step.do === "pass") this.#now += step.ms;
    else if (step.do === "resolve") for (let i = 0; i < step.times; i += 1) this.#resolve();
    else if (step.do === "join") {
      this.#members.set(step.id, { priority: step.priority, fence: `f${(this.#served += 1)}`, silentMs: 0 });
      this.#since.delete(step.id);
      for (const turnsOf of this.#since.values()) turnsOf.delete(step.id);
    } else if (step.do === "leave") this.#members.delete(step.id);
    else this.#happen(step.do, step.id);
  }

  #offers() {
    return [...this.#members].map(([id, { priority, silentMs, fence }]) => ({
      ...OFFERS.get(`${id} ${priority} ${silentMs}`)!,
      fence,
    }));
  }

  #happen(event: string, id: Id): void {
    const member = this.#members.get(id);
    const own = this.#offers().find(({ provider }) => provider === id);
    if (!member || !own) return;
    const state = stateOf(this.#pool, own);
    const selection = { id: "s", openings: state.breaker.openings };
    const outcome = { selection, trusted: true, latencyMs: undefined, error: undefined };
    if (event === "fall silent") member.silentMs = 45_001;
    else if (event === "call in") member.silentMs = 0;
    else if (event.endsWith("a check")) {
      const failure = event === "fail a check" ? "it fell" : null;
      setProviderState(this.#pool, own, afterCheck(state, own.config, failure, this.#now));
    } else {
      const success = event === "succeed";
      setProviderState(this.#pool, own, afterReport(state, own.config, { ...outcome, success }, this.#now));
    }
  }

  #resolve(): void {
    const offered = this.#offers();
    const usable = offered
      .filter((one) => {
        const { breaker, failedCheck } = stateOf(this.#pool, one);
        const admitted = permits(breaker, one.config, this.#now) === "permitted";
        return this.#members.get(one.provider as Id)?.silentMs === 0 && failedCheck === null && admitted;
      })
      .map(({ provider }) => provider);
    const choice = serve(this.#pool, offered, ANY, `s${(this.#served += 1)}`, this.#now);
    const chosen = choice.chosen?.offer.provider;

    if (chosen === undefined) expect(usable).toEqual([]);
    else expect(usable).toContain(chosen);
    if (usable.length > 1) expect(chosen).not.toBe(this.#last);
    this.#last = chosen ?? this.#last;
    this.#expectFairness(chosen, usable);
  }

  #expectFairness(chosen: string | undefined, usable: readonly string[]): void {
    for (const [id, turnsOf] of this.#since) {
      if (!usable.includes(id)) this.#since.delete(id);
      for (const other of turnsOf.keys()) if (!usable.includes(other)) turnsOf.delete(other);
      const count = chosen === undefined ? undefined : turnsOf.get(chosen);
      if (count !== undefined && chosen !== undefined) turnsOf.set(chosen, count + 1);
    }
    if (chosen === undefined) return;
    for (const [other, count] of this.#since.get(chosen) ?? []) expect([other, count]).toEqual([other, 1]);
    const others = usable.filter((id) => id !== chosen);
    this.#since.set(chosen, new Map(others.map((id) => [id, 0])));
  }
}

describe("a round robin, while providers join, leave, go silent, fail and recover,", () => {
  it("chooses only providers that can be used, none twice in a row if there is another, and between two turns of one each other once", () => {
    fc.assert(
      fc.property(fc.array(aStep(), { maxLength: 40, size: "max" }), (steps) => {
        const fleet = new Fleet();
        for (const id of ["a", "b", "c"] as const) fleet.take({ do: "join", id, priority: 2 });
        for (const step of steps) fleet.take(step);
      }),
      { numRuns: 3000 },
    );
  });

  it("differs by at most one turn between any two, however many calls, while membership is stable", () => {
    fc.assert(
      fc.property(
        fc.subarray([...IDS], { minLength: 1 }),
        fc.nat(40),
        fc.constantFrom(...IDS),
        (ids, calls, last) => {
          const pool = emptyPool();
          pool.cursors.set("0\x1f*", { priority: 2, provider: last });
          const ring = ids.map((id) => OFFERS.get(`${id} 2 0`)!);
          const counts = Map.groupBy(turns(calls, ring, pool), (id) => id);
          const sizes = ids.map((id) => counts.get(id)?.length ?? 0);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(calls);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
