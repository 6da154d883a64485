import * as fc from "fast-check";
import { expect } from "vitest";
import type { HeartbeatInput } from "../../../src/core/agents/agent.ts";
import { decideDrain } from "../../../src/core/agents/drain.ts";
import { type Entry, isLive, type Past } from "../../../src/core/entry.ts";
import { decideHeartbeat } from "../../../src/core/agents/heartbeat.ts";
import { Problem } from "../../../src/core/problem.ts";
import { decideRemoval } from "../../../src/core/agents/removal.ts";
import { clockAfter } from "../../../src/core/agents/grace.ts";
import { decideSilent } from "../../../src/core/agents/silence.ts";
import { decideTransition, type Transition } from "../../../src/core/agents/transition.ts";
import { tellSilent } from "../../../src/registry/agents/silent.ts";
import { storeAlone, sweepStore } from "../../support/sweep.ts";
import { ANYONE } from "../../support/entries.ts";
import { idOf, type Opened } from "../conformance/opened.ts";
import type { Holder, Model } from "./model.ts";
import { CAPABILITIES, IDS, type Offer, registration, tokenOf, wholeBeat } from "./requests.ts";

export type Step = fc.AsyncCommand<Model, Opened>;

const step = (name: string, act: (model: Model, real: Opened) => Promise<void>): Step => ({
  check: () => true,
  toString: () => name,
  async run(model, real) {
    await act(model, real);
    await model.compare(real.store);
  },
});

const by = (holder: Holder) => (holder === "none" ? "" : `, ${holder} token`);

export function register(id: string, holder: Holder, offer: Offer): Step {
  const { capabilities, ttl_seconds, heartbeat_interval_seconds } = offer;
  const terms = `${ttl_seconds}s/${heartbeat_interval_seconds ?? "static"}`;
  return step(`register(${id}, [${capabilities.join()}], ${terms}${by(holder)})`, async (model, real) => {
    const token = model.token(id, holder);
    const decide = registration(id, offer, token, model.mint(), model.now);
    const result = await model.both(real, id, decide);
    if (!(result instanceof Problem)) model.handOut(id, tokenOf(result.entry));
  });
}

export const beat = (id: string, holder: Exclude<Holder, "none">, load: number): Step =>
  step(`beat(${id}, load ${load}${by(holder)})`, async (model, { store }) => {
    const token = model.token(id, holder)!;
    const entry = model.entries.get(id);
    const heard = isLive(entry) && entry.document.fence === token.fence;
    const renewal = wholeBeat(id, token, load, model.now);
    if (heard) {
      const { lease } = renewal;
      const event = {
        type: "status_changed",
        kind: "agent",
        id,
        at: model.now,
        status: lease.status,
        from: entry.lease.status,
        actor: { type: "holder" },
      } as const;
      const changed = lease.status !== entry.lease.status;
      model.write(id, { entry: { ...entry, lease }, ...(changed && { event }) });
    }
    const answer = heard ? (entry.draining ? "drain" : "run") : "gone";
    expect(await store.renew([renewal], model.now)).toEqual([answer]);
  });

export const beatPartly = (id: string, holder: Holder, input: HeartbeatInput): Step =>
  step(`beatPartly(${id}, ${JSON.stringify(input)}${by(holder)})`, async (model, real) => {
    const fence = model.token(id, holder)?.fence;
    const request = { id, input, asker: ANYONE, fence, ownerSuffices: false };
    const decide = (entry: Entry | undefined, past: Past) => decideHeartbeat(entry, past, request, model.now);
    await model.both(real, id, decide, fence);
  });

export const unregister = (id: string, holder: Holder): Step =>
  step(`unregister(${id}${by(holder)})`, async (model, real) => {
    const fence = model.token(id, holder)?.fence;
    const request = { id, asker: ANYONE, fence, ownerSuffices: false };
    await model.both(real, id, (entry) => decideRemoval(entry, request, model.now), fence);
  });

export const drain = (id: string, holder: Holder, draining: boolean): Step =>
  step(`${draining ? "drain" : "cancelDrain"}(${id}${by(holder)})`, async (model, real) => {
    const fence = model.token(id, holder)?.fence;
    const request = { id, asker: ANYONE, fence, draining };
    await model.both(real, id, (entry) => decideDrain(entry, request, model.now), fence);
  });

export const pass = (ms: number): Step =>
  step(`pass(${ms} ms)`, async (model, { advance }) => {
    model.pass(ms);
    await advance(model.now);
  });

export const callRoll = (): Step =>
  step("sweep()", async (model, { store }) => {
    const told: Record<Transition, string[]> = {
      became_unreachable: [],
      recovered: [],
      lapsed: [],
      reaped: [],
    };
    const clockMs = clockAfter(model.swept, model.now);
    model.swept = { at: model.now, clockMs };
    for (const id of model.under("agent").map(idOf)) {
      const entry = model.entries.get(id);
      const { result, write } = decideTransition(entry, id, { now: model.now, clockMs }, false);
      if (result === "reaped") expect(entry?.lease).toBeNull();
      if (result) told[result].push(id);
      if (write) model.write(id, write);
    }
    const { unreachable, recovered, lapsed, reaped, healed } = await sweepStore(store, model.now);
    expect({ became_unreachable: unreachable, recovered, lapsed, reaped }).toEqual(told);
    expect(healed).toBe(0);
    for (const { lease, mark } of model.entries.values()) {
      if (lease === null) expect(mark?.state).toBe("lapsed");
    }
  });

/** Said apart from the rule that is under test: each silence of whoever was to call in is told once. */
export const tellSilences = (silentMs: number): Step =>
  step(`tellSilent(${silentMs} ms)`, async (model, { store }) => {
    const expected: string[] = [];
    for (const entry of model.under("agent")) {
      const { lease } = entry;
      if (lease === null || lease.expiresAt === null || lease.status === "offline") continue;
      if (lease.lastSeenAt + silentMs >= model.now) continue;
      if (model.toldSilent.get(idOf(entry)) === lease.lastSeenAt) continue;
      model.toldSilent.set(idOf(entry), lease.lastSeenAt);
      expected.push(idOf(entry));
      const { write } = decideSilent(entry, silentMs, model.now);
      if (write) model.write(idOf(entry), write);
    }
    const told = await tellSilent(storeAlone(store, model.now), silentMs, model.now);
    expect(told).toEqual({ marked: expected, complete: true });
  });

const id = fc.constantFrom(...IDS);
const held = fc.constantFrom<Exclude<Holder, "none">>("current", "current", "old");
const holder = fc.constantFrom<Holder>("current", "current", "old", "none");
const load = fc.nat(9);
export const anyOffer: fc.Arbitrary<Offer> = fc.record({
  capabilities: fc.subarray(CAPABILITIES),
  ttl_seconds: fc.constantFrom(60, 90, 300),
  heartbeat_interval_seconds: fc.constantFrom(30, 30, 1, null),
});
export const anyPartialBeat = fc.record(
  {
    status: fc.constantFrom("busy", "offline", "available"),
    health_score: fc.constantFrom(0.5, 1),
    metadata: fc.dictionary(fc.constantFrom("k", "l"), fc.constantFrom(1, null, [])),
  },
  { requiredKeys: [] },
);
/** The ends and thresholds of every lease above are reached exactly, and passed by the 1 ms. */
export const anySpan = fc.constantFrom(1, 1, 1500, 15_000, 45_000, 60_000, 90_000, 300_000);

export const ANY_STEP: fc.Arbitrary<Step>[] = [
  fc.tuple(id, fc.constant<Holder>("none"), anyOffer).map((args) => register(...args)),
  fc.tuple(id, held, anyOffer).map((args) => register(...args)),
  fc.tuple(id, held, load).map((args) => beat(...args)),
  fc.tuple(id, holder, anyPartialBeat).map((args) => beatPartly(...args)),
  fc.tuple(id, holder).map((args) => unregister(...args)),
  fc.tuple(id, holder, fc.boolean()).map((args) => drain(...args)),
  anySpan.map(pass),
  anySpan.map(pass),
  fc.constant(callRoll()),
  fc.constantFrom(0, 15_000, 60_000).map(tellSilences),
];
