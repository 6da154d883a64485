import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareEpochs, fenceOf } from "../../src/core/fence.ts";
import { heldByNobody } from "../../src/core/restoration.ts";
import { isoTime } from "../../src/core/time.ts";
import { NOW } from "../support/offers.ts";

const aHash = () => fc.stringMatching(/^[\w-]{22}$/).filter((hash) => hash !== "-".repeat(22));
const anEpoch = () => fc.integer({ min: NOW - 5, max: NOW + 5 });
const aFence = () => fc.tuple(anEpoch(), aHash()).map(([epoch, hash]) => fenceOf(epoch, hash));
const epochOf = (fence: string) => ({ fence, registeredAt: Number.parseInt(fence, 10) });

describe("a restored registration", () => {
  it("is older than the one that it was, and newer than all before", () => {
    fc.assert(
      fc.property(anEpoch(), aHash(), aFence(), (epoch, hash, other) => {
        const { fence, succession } = heldByNobody(isoTime(epoch), {}, NOW);
        expect(succession).toBe("restores");
        const restored = epochOf(fence);
        expect(compareEpochs(restored, epochOf(fenceOf(epoch, hash)))).toBeLessThan(0);
        expect(compareEpochs(epochOf(other), restored) < 0).toBe(epochOf(other).registeredAt < epoch);
      }),
    );
  });

  it("is newer than whatever was unregistered, whenever the backup is of", () => {
    fc.assert(
      fc.property(anEpoch(), aFence(), (epoch, ended) => {
        const { fence } = heldByNobody(isoTime(epoch), { ended }, NOW);
        expect(compareEpochs(epochOf(fence), epochOf(ended))).toBeGreaterThan(0);
      }),
    );
  });

  it("begins now where the backup does not say when it began, or says a time that is not yet", () => {
    for (const at of [undefined, "1969-12-31T23:59:59Z", isoTime(NOW + 300_001)]) {
      expect(heldByNobody(at, {}, NOW).epoch).toBe(NOW);
    }
    expect(heldByNobody(isoTime(NOW + 300_000), {}, NOW).epoch).toBe(NOW + 300_000);
  });
});
