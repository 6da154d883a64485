import * as fc from "fast-check";
import { REPORTED_STATUSES } from "../../src/core/agents/agent.ts";
import type { LiveEntry } from "../../src/core/entry.ts";
import { entryOf } from "./entries.ts";

/** What fast-check draws from. Small alphabets where collisions are what finds faults. */

const HEAD = "abcXYZ019".split("");
const TAIL = `${HEAD.join("")}._:/@-`.split("");

export const anId = (): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...HEAD), fc.string({ unit: fc.constantFrom(...TAIL), maxLength: 6 }))
    .map(([head, tail]) => head + tail);

export const aStatus = () => fc.constantFrom(...REPORTED_STATUSES);
export const aLoad = () => fc.integer({ min: 0, max: 12 });
/** In hundredths, so that the limits that people set are hit exactly. */
export const aScore = () => fc.integer({ min: 0, max: 100 }).map((hundredths) => hundredths / 100);
export const aMaximum = () => fc.option(fc.integer({ min: 0, max: 10 }), { nil: null });

/** Metadata as it comes out of a JSON body; `__proto__` never gets past the door. */
export const aMetadata = (nulls: boolean): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .dictionary(
      fc.constantFrom("a", "b", "c", "d", "toString"),
      nulls ? fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: null }) : fc.jsonValue({ maxDepth: 2 }),
      { noNullPrototype: true },
    )
    .map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto")) as typeof value);

/** What an agent may send of itself, any part of it left out that may be. */
export const aRegistration = () =>
  fc.record(
    {
      name: fc.constantFrom("one", "two"),
      type: fc.constantFrom("cost", "skill"),
      capabilities: fc.subarray(["spot", "chart", { name: "draw", tags: ["x"] }]),
      tags: fc.subarray(["eu", "us", "fast"]),
      version: fc.constantFrom("2.0.0", "3"),
      host: fc.constant("host.example"),
      metadata: aMetadata(false),
      status: aStatus(),
      current_load: aLoad(),
      max_concurrency: aMaximum(),
      health_score: aScore(),
      ttl_seconds: fc.integer({ min: 60, max: 600 }),
      heartbeat_interval_seconds: fc.option(fc.integer({ min: 1, max: 30 }), { nil: null }),
    },
    { requiredKeys: ["name", "type"] },
  );

/** A live entry last heard of at `now` less up to a minute, drained or not. */
export const anEntry = (id: fc.Arbitrary<string>, now: number): fc.Arbitrary<LiveEntry> =>
  fc
    .tuple(id, aRegistration(), fc.integer({ min: 0, max: 60_000 }), fc.boolean())
    .map(([own, fields, age, draining]) => ({ ...entryOf({ ...fields, id: own }, now - age), draining }));
