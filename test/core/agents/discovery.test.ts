import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EffectiveStatus, WANTED_STATUSES } from "../../../src/core/agents/agent.ts";
import { type Criteria, queryTerms, sampleSize, select } from "../../../src/core/agents/discovery.ts";
import { type Entry, isLive } from "../../../src/core/entry.ts";
import { type AgentRecord, agentRecord } from "../../../src/core/agents/record.ts";
import { anEntry, anId, aScore } from "../../support/arbitraries.ts";
import { entryOf } from "../../support/entries.ts";

const NOW = Date.UTC(2026, 0, 1);
const DEFAULT: Criteria = {
  statuses: ["available"],
  minHealthScore: 0.7,
  maxLoadRatio: 0.8,
  sort: "load_ratio",
  limit: 100,
};

const criteria = (): fc.Arbitrary<Criteria> =>
  fc.record({
    statuses: fc.subarray([...WANTED_STATUSES], { minLength: 1 }),
    minHealthScore: aScore(),
    maxLoadRatio: aScore(),
    sort: fc.constantFrom("load_ratio", "current_load"),
    limit: fc.integer({ min: 1, max: 5 }),
  });

/** Candidates as a store gives them: each id once, some lapsed. */
const candidates = (): fc.Arbitrary<Entry[]> =>
  fc.uniqueArray(
    fc
      .tuple(anEntry(anId(), NOW), fc.boolean())
      .map(([entry, lapsed]): Entry => (lapsed ? { ...entry, lease: null } : entry)),
    { selector: ({ document }) => document.registration.id, maxLength: 12 },
  );

const idOf = ({ document }: Entry): string => document.registration.id;

/** An older router's rule of who is eligible: the statuses with which an agent of this load is. */
function acceptingAs(
  { current_load, max_concurrency }: AgentRecord,
  { statuses }: Criteria,
): EffectiveStatus[] {
  if (!statuses.includes("accepting")) return [];
  const hasRoom = max_concurrency === null || current_load < max_concurrency;
  return hasRoom ? ["available", "busy"] : ["available"];
}

/** The rule again, as the sources state it. */
function firstStage(entry: Entry, wanted: Criteria): string | undefined {
  if (!isLive(entry)) return "lease";
  const record = agentRecord(entry, NOW);
  const { effective_status, health_score, load_ratio } = record;
  const passing: readonly string[] = [...wanted.statuses, ...acceptingAs(record, wanted)];
  if (!passing.includes(effective_status)) return "status";
  if (health_score < wanted.minHealthScore) return "health";
  return load_ratio > wanted.maxLoadRatio ? "load" : undefined;
}

describe("selection", () => {
  it("does not depend on the order in which the candidates come [0-13, 2-21]", () => {
    const shuffled = candidates().chain((entries) =>
      fc.tuple(
        fc.constant(entries),
        fc.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, criteria(), ([entries, others], wanted) => {
        const [one, other] = [select(entries, wanted, NOW), select(others, wanted, NOW)];
        expect({ ...other, explain: other.explain() }).toEqual({ ...one, explain: one.explain() });
      }),
    );
  });

  it("puts every candidate into agents or excluded, and into one of them once [0-15]", () => {
    fc.assert(
      fc.property(candidates(), criteria(), (entries, wanted) => {
        const selection = select(entries, wanted, NOW);
        const { agents, live, passed } = selection;
        const excluded = selection.explain();
        const accounted = [...agents, ...excluded].map(({ id }) => id);
        expect(accounted.toSorted()).toEqual(entries.map(idOf).toSorted());
        expect(live).toBe(entries.filter(isLive).length);
        expect(passed).toBe(agents.length + excluded.filter(({ stage }) => stage === "limit").length);
        expect(agents.length).toBe(Math.min(passed, wanted.limit));
      }),
    );
  });

  it("gives the agents by the load asked for and then id, the excluded by id [0-13, 4-27]", () => {
    fc.assert(
      fc.property(candidates(), criteria(), (entries, wanted) => {
        const selection = select(entries, wanted, NOW);
        const { agents } = selection;
        const excluded = selection.explain();
        for (const [i, next] of agents.entries()) {
          const before = agents[i - 1];
          if (!before) continue;
          const [one, other] = [before[wanted.sort], next[wanted.sort]];
          expect(one < other || (one === other && before.id < next.id)).toBe(true);
        }
        expect(excluded.map(({ id }) => id)).toEqual(excluded.map(({ id }) => id).toSorted());
      }),
    );
  });

  it("names for each one excluded the first stage at which it falls out, and for nobody else [0-11, 0-12]", () => {
    fc.assert(
      fc.property(candidates(), criteria(), (entries, wanted) => {
        const selection = select(entries, wanted, NOW);
        const { agents } = selection;
        const excluded = selection.explain();
        const shown = new Set(agents.map(({ id }) => id));
        const stages = new Map(excluded.map(({ id, stage }) => [id, stage]));
        for (const entry of entries.filter((candidate) => !shown.has(idOf(candidate)))) {
          expect(stages.get(idOf(entry))).toBe(firstStage(entry, wanted) ?? "limit");
        }
        for (const id of shown) {
          expect(
            firstStage(
              entries.find((entry) => idOf(entry) === id)!,
              wanted,
            ),
          ).toBeUndefined();
        }
      }),
    );
  });

  it("lets the limit cut from the end only [4-27]", () => {
    fc.assert(
      fc.property(candidates(), criteria(), (entries, wanted) => {
        const all = select(entries, { ...wanted, limit: 1000 }, NOW).agents;
        expect(select(entries, wanted, NOW).agents).toEqual(all.slice(0, wanted.limit));
      }),
    );
  });

  it.each([
    [{ health_score: 0.7 }, undefined],
    [{ health_score: 0.699_999 }, { stage: "health", reason: "below_min_health_score" }],
    [{ current_load: 8 }, undefined],
    [{ current_load: 8.000_001 }, { stage: "load", reason: "above_max_load_ratio" }],
    [{ max_concurrency: 0 }, { stage: "load", reason: "above_max_load_ratio" }],
    [{ max_concurrency: null, current_load: 10 ** 9 }, undefined],
    [{ status: "degraded" }, { stage: "status", reason: "degraded" }],
    [
      { status: "busy", health_score: 0, current_load: 10 },
      { stage: "status", reason: "busy" },
    ],
    [
      { health_score: 0, current_load: 10 },
      { stage: "health", reason: "below_min_health_score" },
    ],
  ])("judges %j by the default limits as %j [0-11, 0-12]", (fields, expected) => {
    const selection = select([entryOf({ id: "a", ...fields }, NOW)], DEFAULT, NOW);
    expect(selection.agents).toHaveLength(expected ? 0 : 1);
    expect(selection.explain().map(({ stage, reason }) => ({ stage, reason }))).toEqual(
      expected ? [expected] : [],
    );
  });

  it("says of a silent agent why it is out: that it is silent, not what it last reported [1-58]", () => {
    const entry = entryOf({ id: "a" }, NOW - 45_001);
    expect(select([entry], DEFAULT, NOW).explain()).toEqual([
      {
        id: "a",
        stage: "status",
        reason: "unreachable",
        detail: "status is unreachable (no heartbeat for more than 45 s); wanted available",
      },
    ]);
  });
});

describe("a discovery's plan", () => {
  it.each([
    [1, 64],
    [8, 64],
    [9, 72],
    [24, 192],
    [25, 200],
    [26, 200],
    [1000, 200],
  ])("looks for %i among %i at first", (limit, size) => {
    expect(sampleSize(limit)).toBe(size);
  });

  it("asks for every term once, and for all agents when there is none [0-17]", () => {
    expect(queryTerms({ capability: [], tag: [] })).toEqual(["agent"]);
    expect(queryTerms({ type: "cost", capability: ["b", "a", "b"], tag: ["a"] })).toEqual([
      "capability:b",
      "capability:a",
      "type:cost",
      "tag:a",
    ]);
  });
});
