import * as fc from "fast-check";
import { describe, it } from "vitest";
import { asOwnRequest } from "../support/own-request.ts";
import { runs } from "../support/seed.ts";
import { BACKENDS } from "../support/stores.ts";
import { opened, T0 } from "./conformance/opened.ts";
import { anyRounds, Race } from "./model/race.ts";

describe.each(BACKENDS)("a store on $backend, with many at it at once,", ({ openBackend }) => {
  it("tells everything once, hears one registration per id, and finds exactly those that are there", async () => {
    const property = fc.asyncProperty(anyRounds, (rounds) =>
      asOwnRequest(async () => {
        const race = new Race(opened(openBackend(T0)));
        for (const round of rounds) await race.run(round);
        await race.finish();
      }),
    );
    await fc.assert(property, { numRuns: runs(40) });
  });
});
