import * as fc from "fast-check";
import { describe, it } from "vitest";
import { asOwnRequest } from "../support/own-request.ts";
import { runs } from "../support/seed.ts";
import { shardedStore } from "../../src/store/sharded/sharded-store.ts";
import { type Backend, BACKENDS, embeddedBackend } from "../support/stores.ts";
import { opened, T0 } from "./conformance/opened.ts";
import { Model } from "./model/model.ts";
import { ANY_STEP } from "./model/steps.ts";

/** One namespace of three objects. */
function threeShards(startAt: number): Pick<Backend, "open" | "advance"> {
  const { open, advance } = embeddedBackend(startAt);
  const shard = (name: string) => ({ name, store: open(name) });
  return { open: () => shardedStore([shard("one"), shard("two"), shard("three")]), advance };
}

const STORES = [
  ...BACKENDS.map((store) => ({ ...store, times: 40 })),
  { backend: "three shards", openBackend: threeShards, times: 10 },
];

describe.each(STORES)(
  "a store on $backend, whatever happens in whatever order,",
  ({ openBackend, times }) => {
    it("is at every moment what the rules of the core make of it", async () => {
      const setup = () => ({ model: new Model(), real: opened(openBackend(T0)) });
      const property = fc.asyncProperty(fc.commands(ANY_STEP, { maxCommands: 25, size: "max" }), (steps) =>
        asOwnRequest(() => fc.asyncModelRun(setup, steps)),
      );
      await fc.assert(property, { numRuns: runs(times) });
    });
  },
);
