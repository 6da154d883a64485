import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FAILING_MAX_MS,
  newProgress,
  progressAfter,
  RETRY_FIRST_MS,
  RETRY_MAX_MS,
} from "../../../src/core/webhooks/progress.ts";

const NOW = 4_922_000_000_000;
const failure = fc.record(
  {
    isDelivered: fc.constant(false as const),
    why: fc.string(),
    retryAfterMs: fc.integer({ min: -1e12, max: 1e12 }),
  },
  { requiredKeys: ["isDelivered", "why"] },
);
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const steps = fc.array(
  fc.record({
    attempt: fc.oneof({ weight: 9, arbitrary: failure }, fc.constant({ isDelivered: true as const })),
    random,
    lateMs: fc.nat(7_200_000),
  }),
  { maxLength: 80 },
);

describe("deliveries", () => {
  it("are tried again after 4 s to 4 h, and end after three days of failure and not before", () => {
    fc.assert(
      fc.property(steps, (all) => {
        let progress = newProgress(NOW);
        let now = NOW;
        let failingSince: number | null = null;
        for (const { attempt, random: drawn, lateMs } of all) {
          progress = progressAfter(progress, attempt, now, drawn);
          failingSince = attempt.isDelivered ? null : (failingSince ?? now);
          expect(progress.failingSince).toBe(failingSince);
          expect(progress.ended !== null).toBe(failingSince !== null && now - failingSince >= FAILING_MAX_MS);
          if (progress.ended) return;
          const waitMs = progress.dueAt - now;
          expect(waitMs).toBeGreaterThanOrEqual(attempt.isDelivered ? 0 : RETRY_FIRST_MS * 0.8);
          expect(waitMs).toBeLessThanOrEqual(attempt.isDelivered ? 0 : RETRY_MAX_MS);
          now = progress.dueAt + lateMs;
        }
      }),
    );
  });
});
