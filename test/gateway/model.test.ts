import * as fc from "fast-check";
import { describe, it } from "vitest";
import { runs } from "../support/seed.ts";
import { live } from "./model/live.ts";
import { anyLife } from "./model/steps.ts";

describe("a gateway, whatever happens in whatever order, evictions included,", () => {
  it("answers as the model does: each call settles once, is held by one claim at a time, and none is lost", async () => {
    await fc.assert(fc.asyncProperty(anyLife, live), { numRuns: runs(60) });
  });
});
