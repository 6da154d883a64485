import * as fc from "fast-check";
import { describe, it } from "vitest";
import { asOwnRequest } from "../support/own-request.ts";
import { runs } from "../support/seed.ts";
import { BACKENDS } from "../support/stores.ts";
import { opened, T0 } from "./conformance/opened.ts";
import { Model } from "./model/model.ts";
import { ANY_STEP } from "./model/steps.ts";

describe.each(BACKENDS)("a store on $backend, whatever happens in whatever order,", ({ openBackend }) => {
  it("is at every moment what the rules of the core make of it", async () => {
    const setup = () => ({ model: new Model(), real: opened(openBackend(T0)) });
    const property = fc.asyncProperty(fc.commands(ANY_STEP, { maxCommands: 25, size: "max" }), (steps) =>
      asOwnRequest(() => fc.asyncModelRun(setup, steps)),
    );
    await fc.assert(property, { numRuns: runs(80) });
  });
});
