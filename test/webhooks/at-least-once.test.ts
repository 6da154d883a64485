import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RETRY_MAX_MS } from "../../src/core/webhooks/progress.ts";
import type { EventRecord } from "../../src/registry/events.ts";
import { runs } from "../support/seed.ts";
import { BACKENDS } from "../support/stores.ts";
import { Hooked, type Received } from "../support/webhooks.ts";

const IDS = ["a", "b", "c"];
const id = fc.constantFrom(...IDS);
const act = fc.oneof(
  fc.record({ do: fc.constant("register" as const), id }),
  fc.record({ do: fc.constant("drain" as const), id }),
  fc.record({ do: fc.constant("unregister" as const), id }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1000, 5000, 60_000) }),
  fc.record({ do: fc.constant("deploy" as const) }),
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** Failures for less than three days: after them the subscription would have ended. */
const WAYS_MAX = 17;

/** How a receiver takes a message: the last two have it, and the sender does not learn so. */
const taking = fc.constantFrom("well", "well", "refuses", "later", "breaks off", "answers 500 after all");
type Taking = typeof taking extends fc.Arbitrary<infer T> ? T : never;

function take(way: Taking): { isTaken: boolean; response: () => Response } {
  switch (way) {
    case "well":
      return { isTaken: true, response: () => new Response("ok") };
    case "refuses":
      return { isTaken: false, response: () => new Response("no", { status: 400 }) };
    case "later":
      return {
        isTaken: false,
        response: () => new Response(null, { status: 429, headers: { "Retry-After": "30" } }),
      };
    case "breaks off":
      return {
        isTaken: true,
        response: () => {
          throw new TypeError("the connection was lost");
        },
      };
    case "answers 500 after all":
      return { isTaken: true, response: () => new Response(null, { status: 500 }) };
  }
}

async function perform(hooked: Hooked, step: Act): Promise<void> {
  const { registry } = hooked;
  switch (step.do) {
    case "register":
      await registry.register({ id: step.id, ttl_seconds: 86_400 });
      return;
    case "drain":
      await registry.post(`/v1/agents/${step.id}/drain`);
      return;
    case "unregister":
      await registry.call("DELETE", `/v1/agents/${step.id}`);
      return;
    case "pass":
      return hooked.pass(step.ms);
    case "deploy":
      return hooked.tickAnew();
  }
}

const firstTimes = (taken: readonly Received[]): Received[] =>
  [...new Map(taken.toReversed().map((received) => [received.id, received])).values()].toReversed();

describe.each(BACKENDS)("a receiver that fails at random, on $backend", ({ openBackend }) => {
  it("gets every event at least once, in order, under one id and with valid signatures", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 5, maxLength: 25 }),
        fc.array(taking, { maxLength: WAYS_MAX }),
        async (acts, ways) => {
          const hooked = new Hooked({ backend: openBackend() });
          const taken: Received[] = [];
          const left = [...ways];
          hooked.receiver.answer = (received) => {
            const { isTaken, response } = take(left.shift() ?? "well");
            if (isTaken) taken.push(received);
            return response();
          };
          await hooked.subscribe();
          for (const step of acts) await perform(hooked, step);
          // Each wait is over after the longest one.
          do await hooked.pass(RETRY_MAX_MS);
          while (await hooked.isWaiting());
          const { body } = await hooked.registry.get<{ events: EventRecord[] }>("/v1/events?limit=1000");
          const first = firstTimes(taken);
          expect(first.map(({ data }) => data)).toEqual(body.events);
          for (const received of taken) expect(first.find((one) => one.id === received.id)).toEqual(received);
        },
      ),
      { numRuns: runs(8) },
    );
  });
});
