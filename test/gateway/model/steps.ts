import * as fc from "fast-check";

/**
 * Something that happens to a gateway. Calls are named by the order in which they were made, claims by the order in which
 * they were given out, registrations by their number.
 */
export type Step =
  | { do: "call"; identity: "x" | "y" | null; digest: "same" | "other" }
  | { do: "claim"; consumer: string; max: number }
  /** `back`: which claim, counted back from the newest; `again`: the last delta, sent once more. */
  | { do: "delta"; back: number; again: boolean }
  | { do: "settle"; back: number; ok: boolean }
  /** `back`: how many calls ago the one was made. */
  | { do: "cancel"; back: number }
  | { do: "attach"; max: number }
  | { do: "detach" }
  /** A registration begins, which is named in all later requests; `told`: the gateway is told of it at once. */
  | { do: "register"; told: boolean }
  | { do: "unregister" }
  /** A request in the name of the registration before. */
  | { do: "askLate" }
  | { do: "pass"; ms: number }
  | { do: "tick" }
  | { do: "look" }
  | { do: "evict" };

/** The one consumer that has a socket, and polls as well now and then. */
export const SOCKET = "s1";

/** What a consumer gets: a ping, a call until a deadline, ms since START, or word that a claim's call is cancelled. */
export type Got = "ping" | { call: number; untilMs: number } | { cancelledClaim: number };

/** What came of a step: its answer, and what the socket got meanwhile. */
export interface Came {
  answer?: unknown;
  socket?: Got[];
}

/** Arbitraries for what there is to say of one kind of step. */
type Fields<T extends Step["do"]> = {
  [K in Exclude<keyof Extract<Step, { do: T }>, "do">]: fc.Arbitrary<Extract<Step, { do: T }>[K]>;
};
const step = <T extends Step["do"]>(name: T, fields: Fields<T>): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant(name), ...fields }) as unknown as fc.Arbitrary<Step>;

// Most are about one of the claims given out last; some about one that has long lapsed or is settled.
const back = fc.oneof({ weight: 4, arbitrary: fc.nat(1) }, fc.nat(6));
const ms = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 9999, 10_000, 30_000, 60_000, 60_001, 60_001) },
  fc.constantFrom(40_001, 300_000, 300_001, 900_000),
);
const consumer = fc.constantFrom("c1", "c2", SOCKET);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: step("call", {
      identity: fc.constantFrom(null, null, "x", "y"),
      digest: fc.constantFrom("same", "same", "same", "other"),
    }),
  },
  { weight: 8, arbitrary: step("claim", { consumer, max: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 5, arbitrary: step("delta", { back, again: fc.boolean() }) },
  { weight: 6, arbitrary: step("settle", { back, ok: fc.boolean() }) },
  { weight: 3, arbitrary: step("cancel", { back }) },
  { weight: 3, arbitrary: step("attach", { max: fc.integer({ min: 1, max: 2 }) }) },
  step("detach", {}),
  step("register", { told: fc.boolean() }),
  fc.constantFrom<Step>({ do: "unregister" }, { do: "askLate" }, { do: "askLate" }),
  { weight: 7, arbitrary: step("pass", { ms }) },
  { weight: 3, arbitrary: step("tick", {}) },
  { weight: 2, arbitrary: step("look", {}) },
  { weight: 4, arbitrary: step("evict", {}) },
);

// No bias to few steps: too little happens in a short life.
export const anyLife = fc.noBias(fc.array(anyStep, { minLength: 10, maxLength: 50, size: "max" }));
