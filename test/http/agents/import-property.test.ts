import * as fc from "fast-check";
import { describe, it } from "vitest";
import { ImportedFleet, type Listed, SOURCES } from "../../support/imported-fleet.ts";
import { asOwnRequest } from "../../support/own-request.ts";
import { runs } from "../../support/seed.ts";
import { BACKENDS } from "../../support/stores.ts";

const slot = fc.nat({ max: 3 });
const source = fc.constantFrom(...SOURCES);
/** What a file says of each id: nothing, that it is not activated, or one of two versions. */
const aFile = fc.array(fc.constantFrom<Listed>(undefined, "idle", "1.0.0", "2.0.0"), {
  minLength: 4,
  maxLength: 4,
});

/** Its name is what a counterexample shows. */
const step = (name: string, run: (fleet: ImportedFleet) => Promise<void>) => ({ run, toString: () => name });
const aStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(source, aFile, fc.boolean())
      .map(([by, file, isStatic]) =>
        step(`${by} imports ${file.join()}${isStatic ? "" : ", not static"}`, (fleet) =>
          fleet.import(by, file, isStatic),
        ),
      ),
  },
  { weight: 3, arbitrary: slot.map((s) => step(`${s} joins`, (fleet) => fleet.join(s))) },
  {
    weight: 4,
    arbitrary: fc.tuple(source, aFile, slot, aFile, fc.boolean()).map(([by, file, s, next, isStatic]) => {
      const name = `${by} imports ${file.join()}, ${s} takes its token, ${by} imports ${next.join()}`;
      return step(isStatic ? `${name}, static` : name, async (fleet) => {
        await fleet.import(by, file, false);
        await fleet.adopt(s);
        await fleet.import(by, next, isStatic);
      });
    }),
  },
  { weight: 1, arbitrary: slot.map((s) => step(`${s} leaves`, (fleet) => fleet.leave(s))) },
  { weight: 1, arbitrary: slot.map((s) => step(`${s} crashes`, (fleet) => fleet.crash(s))) },
  { weight: 1, arbitrary: slot.map((s) => step(`${s} is drained`, (fleet) => fleet.drain(s))) },
  { weight: 1, arbitrary: fc.constant(step("some time passes", (fleet) => fleet.pass(1))) },
  { weight: 1, arbitrary: fc.constant(step("leases lapse", (fleet) => fleet.pass(3))) },
  { weight: 1, arbitrary: fc.constant(step("what lapsed is reaped", (fleet) => fleet.settle())) },
);

describe.each(BACKENDS)("imports among processes that come and go on $backend", ({ openBackend }) => {
  it(
    "end with exactly what the last files and the living say, end nobody, and write nothing a second time",
    async () => {
      const property = fc.asyncProperty(fc.array(aStep, { minLength: 4, maxLength: 12 }), (steps) =>
        asOwnRequest(async () => {
          const fleet = new ImportedFleet(openBackend());
          for (const { run } of steps) await run(fleet);
          await fleet.settle();
          await fleet.importAgain();
        }),
      );
      await fc.assert(property, { numRuns: runs(8) });
    },
    120_000 * runs(1),
  );
});
