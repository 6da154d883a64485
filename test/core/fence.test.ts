import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareEpochs, epochIn, fenceOf, readEpoch, standingOf } from "../../src/core/fence.ts";

const aHash = () => fc.stringMatching(/^[\w-]{22}$/);
// Few epochs, so that many are the same.
const anEpoch = () => fc.oneof(fc.nat(3), fc.maxSafeNat());
const aRegistration = () =>
  fc.record({ registeredAt: anEpoch(), hash: aHash() }).map(({ registeredAt, hash }) => ({
    registeredAt,
    fence: fenceOf(registeredAt, hash),
  }));

describe("fences", () => {
  it("are in one order: by epoch as a number, then by hash", () => {
    fc.assert(
      fc.property(aRegistration(), aRegistration(), aRegistration(), (a, b, c) => {
        const [first, second, third] = [a, b, c].toSorted(compareEpochs) as [typeof a, typeof a, typeof a];
        expect(compareEpochs(first, third)).toBeLessThanOrEqual(0);
        expect(compareEpochs(first, second)).toBeLessThanOrEqual(0);
        expect(first.registeredAt).toBeLessThanOrEqual(third.registeredAt);
        expect(Math.sign(compareEpochs(a, b)) + Math.sign(compareEpochs(b, a))).toBe(0);
        expect(compareEpochs(a, b) === 0).toBe(a.fence === b.fence);
      }),
    );
    const [nine, ten] = [9, 10].map((registeredAt) => ({ registeredAt, fence: fenceOf(registeredAt, "h") }));
    expect(compareEpochs(nine!, ten!)).toBeLessThan(0);
  });

  it("say whose token is older, the same or newer, and each of two the opposite of the other", () => {
    const opposite = { older: "newer", same: "same", newer: "older", unknown: "unknown" };
    fc.assert(
      fc.property(aRegistration(), aRegistration(), (a, b) => {
        const standing = standingOf(a.fence, b);
        expect(standingOf(b.fence, a)).toBe(opposite[standing]);
        expect(standing === "same").toBe(a.fence === b.fence);
        expect(standing === "older").toBe(compareEpochs(a, b) < 0);
      }),
    );
  });

  it("from before epochs are the stored one or unknown, whatever their characters", () => {
    fc.assert(
      fc.property(
        fc.oneof(aHash(), fc.constant("7-abcdefghijklmnopqrst")),
        aRegistration(),
        (hash, stored) => {
          expect(epochIn(hash)).toBeUndefined();
          expect(standingOf(hash, stored)).toBe("unknown");
          expect(standingOf(hash, { ...stored, fence: hash })).toBe("same");
        },
      ),
    );
  });
});

describe("an epoch", () => {
  it("has one spelling", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (epoch) => {
        expect(readEpoch(String(epoch))).toBe(epoch);
      }),
    );
    for (const text of [
      "",
      "01",
      "00",
      "+1",
      "-1",
      "-0",
      "1.0",
      "1e3",
      " 1",
      "1 ",
      "9007199254740992",
      "1n",
      "\u0661",
    ]) {
      expect([text, readEpoch(text)]).toEqual([text, undefined]);
    }
  });

  it("is in the fence that was made of it", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), aHash(), (epoch, hash) => {
        expect(epochIn(fenceOf(epoch, hash))).toBe(epoch);
      }),
    );
  });
});
