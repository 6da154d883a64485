import * as fc from "fast-check";
import { describe, it } from "vitest";
import { Lives } from "../../support/lives.ts";
import { asOwnRequest } from "../../support/own-request.ts";
import { runs } from "../../support/seed.ts";
import { BACKENDS } from "../../support/stores.ts";

type Step = (lives: Lives) => Promise<void> | void;

const slot = fc.nat({ max: 3 });
const isolate = fc.nat({ max: 2 });
const MINUTE_MS = 60_000;

/** Its name is what a counterexample shows. */
const step = (name: string, run: Step) => ({ run, toString: () => name });
const aStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(slot, isolate)
      .map(([s, i]) => step(`${s} calls in at ${i}`, async (l) => void (await l.callIn(s, i)))),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(slot, isolate)
      .map(([s, i]) =>
        step(`a request of ${s} to register comes twice at ${i}`, (l) => l.register(s, i, false)),
      ),
  },
  { weight: 2, arbitrary: slot.map((s) => step(`${s} restarts`, (l) => l.restart(s))) },
  {
    weight: 1,
    arbitrary: fc.tuple(slot, isolate).map(([s, i]) => step(`${s} leaves at ${i}`, (l) => l.leave(s, i))),
  },
  {
    weight: 1,
    arbitrary: isolate.map((i) =>
      step(`one without tokens registers at ${i}`, (l) => l.registerWithoutToken(i)),
    ),
  },
  { weight: 2, arbitrary: isolate.map((i) => step(`a sweep at ${i}`, (l) => l.sweep(i))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(isolate, fc.boolean())
      .map(([i, on]) => step(`drain ${on} at ${i}`, (l) => l.drain(i, on))),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(1, MINUTE_MS, 30 * MINUTE_MS, 2880 * MINUTE_MS)
      .map((ms) => step(`${ms} ms pass`, (l) => l.pass(ms))),
  },
);
const aLoss = fc.oneof(
  fc.constant(step("a replica is made", (l) => l.replicate())),
  fc.constant(step("the replica takes over", (l) => l.failOver())),
  fc.constant(step("the store is emptied", (l) => l.empty())),
  fc.nat({ max: 99 }).map((nth) => step(`key ${nth} is lost`, (l) => l.loseKey(nth))),
);

describe.each(BACKENDS)(
  "processes of one agent on $backend, whatever is lost and in whatever order they come,",
  ({ backend, openBackend }) => {
    const anyStep =
      backend === "redis"
        ? fc.oneof({ weight: 22, arbitrary: aStep }, { weight: 5, arbitrary: aLoss })
        : aStep;

    it(
      "end with the newest that calls in as the only holder, none ended by an older one, and their drain as it was",
      async () => {
        const property = fc.asyncProperty(
          fc.array(anyStep, { minLength: 10, maxLength: 60 }),
          slot,
          (steps, first) =>
            asOwnRequest(async () => {
              const lives = await Lives.open(openBackend());
              for (const { run } of steps) await run(lives);
              await lives.settle(first);
            }),
        );
        await fc.assert(property, { numRuns: runs(100) });
      },
      180_000 * runs(1),
    );
  },
);
