import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  callAt,
  type CallState,
  isSettled,
  claimCall,
  extendClaim,
  orphanCall,
  queueCall,
  settleCall,
} from "../../../src/core/toolsets/call.ts";
import { frozen } from "../../support/frozen.ts";

const by = { claimId: "claim", consumer: "c1" };
const KEPT_MS = 900_000;
const fresh = queueCall(0, KEPT_MS);
const claimed = (claims: number, keptMs: number | undefined = KEPT_MS) =>
  claimCall(queueCall(0, keptMs, claims - 1), by, 0);
/** As versions stored it that knew of one time alone. */
const earlier = settleCall(claimCall({ status: "queued", claims: 0, dueAt: 0 }, by, 0), { result: 1 }, 5);

/** All that a call is at `now`, in a few words: what it is, after how many claims, and until when. */
function told(state: CallState, now: number): string {
  const at = callAt(frozen(state), now);
  if (!at) return "forgotten";
  const what = isSettled(at) && "error" in at.outcome ? at.outcome.error.code : at.status;
  return `${what} ${at.claims} @${at.dueAt}`;
}

describe("a call", () => {
  it.each<[string, number, string, CallState]>([
    ["that is new", 0, "queued 0 @300000", fresh],
    ["that is new", 300_000, "queued 0 @300000", fresh],
    ["that is new", 300_001, "timeout 0 @1200000", fresh],
    ["that is new", 1_200_000, "timeout 0 @1200000", fresh],
    ["that is new", 1_200_001, "forgotten", fresh],
    ["claimed once", 60_000, "claimed 1 @60000", claimed(1)],
    ["claimed once", 60_001, "queued 1 @360000", claimed(1)],
    ["claimed once", 360_000, "queued 1 @360000", claimed(1)],
    ["claimed once", 360_001, "timeout 1 @1260000", claimed(1)],
    ["claimed once", 1_260_001, "forgotten", claimed(1)],
    ["claimed twice", 60_000, "claimed 2 @60000", claimed(2)],
    ["claimed twice", 60_001, "queued 2 @360000", claimed(2)],
    ["claimed three times", 60_000, "claimed 3 @60000", claimed(3)],
    ["claimed three times", 60_001, "timeout 3 @960000", claimed(3)],
    ["claimed three times", 960_000, "timeout 3 @960000", claimed(3)],
    ["claimed three times", 960_001, "forgotten", claimed(3)],
    ["with a delta at 60 s", 120_000, "claimed 1 @120000", extendClaim(claimed(1), 60_000)],
    ["with a delta at 60 s", 120_001, "queued 1 @420000", extendClaim(claimed(1), 60_000)],
    ["that is done", 900_005, "done 1 @900005", settleCall(claimed(1), { result: 1 }, 5)],
    ["that is done", 900_006, "forgotten", settleCall(claimed(1), { result: 1 }, 5)],
    ["that is done and kept for 5 s", 5005, "done 1 @5005", settleCall(claimed(1, 5000), { result: 1 }, 5)],
    ["that is done and kept for 5 s", 5006, "forgotten", settleCall(claimed(1, 5000), { result: 1 }, 5)],
    ["kept for 5 s and not claimed", 305_000, "timeout 0 @305000", queueCall(0, 5000)],
    ["kept for 5 s and claimed in vain", 65_000, "timeout 3 @65000", claimed(3, 5000)],
    ["kept for 5 s and queued again", 365_000, "timeout 1 @365000", claimed(1, 5000)],
    ["of an earlier version", 900_005, "done 1 @900005", earlier],
    ["of an earlier version", 900_006, "forgotten", earlier],
  ])("%s is, at %i ms, %s", (_, now, expected, state) => {
    expect(told(state, now)).toBe(expected);
  });

  it("is done by a result, even by one that is undefined or empty, and failed by an error", () => {
    const outcomes = [{ result: undefined }, { result: null }, { error: { code: "boom", message: "" } }];
    const settled = outcomes.map((outcome) => settleCall(claimed(1), outcome, 0));
    expect(settled.map(({ status }) => status)).toEqual(["done", "done", "failed"]);
    expect(settled.map((state) => isSettled(state) && state.outcome)).toEqual(outcomes);
  });

  it("counts the deltas of one claim, and begins anew with the next", () => {
    const twice = extendClaim(extendClaim(claimed(1), 1), 2);
    expect([twice.deltas, twice.dueAt, twice.claimId]).toEqual([2, 60_002, "claim"]);
    const again = callAt(twice, 60_003)!;
    expect(claimCall(again, { claimId: "other", consumer: "c2" }, 60_003)).toEqual({
      status: "claimed",
      claims: 2,
      claimId: "other",
      consumer: "c2",
      deltas: 0,
      keptMs: KEPT_MS,
      dueAt: 120_003,
    });
  });

  it("says whether it may have been carried out, when its registration ends", () => {
    const messages = [fresh, claimed(1)].map((state) => {
      const ended = orphanCall(state, 7);
      if (!isSettled(ended) || !("error" in ended.outcome)) throw new Error("it must have failed");
      expect(ended).toMatchObject({
        status: "failed",
        dueAt: 900_007,
        outcome: { error: { code: "stale_registration" } },
      });
      return ended.outcome.error.message;
    });
    expect(messages[0]).toContain("before anybody claimed");
    expect(messages[1]).toContain("may have been carried out");
  });
});

interface Step {
  afterMs: number;
  event: "look" | "claim" | "delta" | "settle" | "orphan";
}
const SPANS = [0, 1, 59_999, 60_000, 60_001, 299_999, 300_000, 300_001, 899_999, 900_000, 900_001];
const aHistory = fc.array(
  fc.record({
    afterMs: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(0, 1, 30_000, 60_000, 60_001) },
      fc.constantFrom(...SPANS),
    ),
    event: fc.constantFrom<Step["event"]>(
      "look",
      "claim",
      "claim",
      "claim",
      "delta",
      "delta",
      "settle",
      "orphan",
    ),
  }),
  { maxLength: 20, size: "max" },
);

/** What happens to a call that nobody looks at meanwhile, where it can happen to it. */
function happened(state: CallState, event: Step["event"], now: number): CallState {
  switch (event) {
    case "look":
      return state;
    case "claim":
      return state.status === "queued" ? claimCall(state, by, now) : state;
    case "delta":
      return state.status === "claimed" ? extendClaim(state, now) : state;
    case "settle":
      return state.status === "claimed" ? settleCall(state, { result: now }, now) : state;
    case "orphan":
      return isSettled(state) ? state : orphanCall(state, now);
  }
}

/** Every state that a call goes through, each as it is at the end of a step; undefined once it is forgotten. */
function lived(history: readonly Step[]): { now: number; state: CallState | undefined }[] {
  let [state, now]: [CallState | undefined, number] = [queueCall(0, KEPT_MS), 0];
  return history.map(({ afterMs, event }) => {
    now += afterMs;
    const before = state && callAt(frozen(state), now);
    state = before && happened(before, event, now);
    return { now, state };
  });
}

const always = (holds: (moments: ReturnType<typeof lived>, history: Step[]) => void) =>
  fc.assert(
    fc.property(aHistory, (history) => holds(lived(history), history)),
    { numRuns: 3000 },
  );

describe("a call, whatever happens to it,", () => {
  it("comes to the same whether it is looked at often or once", () => {
    const instants = fc.array(fc.oneof(fc.nat(2_000_000), fc.constantFrom(...SPANS)), { maxLength: 20 });
    const property = fc.property(aHistory, instants, (history, spans) => {
      const last = lived(history).at(-1);
      if (!last?.state) return;
      const looks = spans.map((span) => last.now + span).toSorted((a, b) => a - b);
      let often: CallState | undefined = last.state;
      for (const now of looks) often = often && callAt(often, now);
      expect(often).toEqual(callAt(last.state, looks.at(-1) ?? last.now));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it("is the same however often it is looked at between the things that happen to it", () => {
    always((moments, history) => {
      const watched = history.flatMap(({ afterMs, event }) => {
        const early = Math.floor(afterMs / 3);
        return [
          { afterMs: early, event: "look" as const },
          { afterMs: afterMs - early, event },
        ];
      });
      const seen = lived(watched).filter((_, i) => i % 2 === 1);
      expect(seen).toEqual(moments);
    });
  });

  it("never leaves the answer that settled it, until it is forgotten 15 min later", () => {
    always((moments) => {
      const settled = moments.findIndex(({ state }) => state && isSettled(state));
      if (settled < 0) return;
      const { state } = moments[settled]!;
      for (const later of moments.slice(settled)) {
        expect(later.state).toEqual(later.now <= state!.dueAt ? state : undefined);
      }
    });
  });

  it("is claimed three times at most, and never past its due time", () => {
    always((moments) => {
      for (const { state, now } of moments) {
        expect(state?.claims ?? 0).toBeLessThanOrEqual(3);
        expect(state?.dueAt ?? now).toBeGreaterThanOrEqual(now);
      }
    });
  });

  it("settles by itself within 300 s of its last claim's end, if nobody comes", () => {
    always((moments) => {
      const { state, now } = moments.at(-1) ?? { state: fresh, now: 0 };
      const after = state && callAt(state, now + 60_000 + 300_001);
      expect(after === undefined || isSettled(after)).toBe(true);
    });
  });
});
