import * as fc from "fast-check";
import { expect } from "vitest";
import type { HeartbeatInput } from "../../../src/core/agents/agent.ts";
import { decideDrain } from "../../../src/core/agents/drain.ts";
import { type Entry, isLive, type Mark, type Past } from "../../../src/core/entry.ts";
import type { Decision } from "../../../src/core/decision.ts";
import type { EventType } from "../../../src/core/event.ts";
import { decideHeartbeat } from "../../../src/core/agents/heartbeat.ts";
import { Problem } from "../../../src/core/problem.ts";
import { decideRemoval } from "../../../src/core/agents/removal.ts";
import { changeOne } from "../../../src/store/change.ts";
import type { SweepSummary } from "../../../src/registry/sweep.ts";
import type { EventCursor } from "../../../src/store/store.ts";
import { sweepStore } from "../../support/sweep.ts";
import { expectExactIndexes } from "../../support/audit.ts";
import { ANYONE } from "../../support/entries.ts";
import { entryAt, idOf, type Opened, ref, T0 } from "../conformance/opened.ts";
import { IDS, type Offer, registration, type Token, tokenOf, wholeBeat } from "./requests.ts";
import { anyOffer, anyPartialBeat, anySpan } from "./steps.ts";

/** Several things at one instant, each on its own way to the store; `nth` counts back over the tokens of that id. */
export type Act =
  | { do: "register"; id: string; offer: Offer; renew: boolean }
  | { do: "beat"; id: string; nth: number; load: number }
  | { do: "beatPartly"; id: string; nth: number; input: HeartbeatInput }
  | { do: "unregister"; id: string; nth: number }
  | { do: "drain"; id: string; draining: boolean }
  | { do: "sweep" };
export type Round = { pass: number; acts: Act[] };

const id = fc.constantFrom(...IDS.slice(0, 2));
const nth = fc.constantFrom(1, 1, 1, 2);
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant("register" as const), id, offer: anyOffer, renew: fc.boolean() }),
  fc.record({ do: fc.constant("beat" as const), id, nth, load: fc.nat(9) }),
  fc.record({ do: fc.constant("beatPartly" as const), id, nth, input: anyPartialBeat }),
  fc.record({ do: fc.constant("unregister" as const), id, nth }),
  fc.record({ do: fc.constant("drain" as const), id, draining: fc.boolean() }),
  fc.record({ do: fc.constant("sweep" as const) }),
  fc.record({ do: fc.constant("sweep" as const) }),
);
export const anyRounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({ pass: anySpan, acts: fc.array(anyAct, { minLength: 2, maxLength: 8, size: "max" }) }),
  { minLength: 1, maxLength: 8, size: "max" },
);

interface Told {
  draining: boolean;
  mark: Mark["state"] | undefined;
}

export class Race {
  #now = T0;
  #minted = 0;
  #since: EventCursor | undefined;
  readonly #real: Opened;
  readonly #tokens = new Map<string, Token[]>();
  /** Who was heard in this round, and with what load. */
  #heard: { id: string; fence: string; load: number }[] = [];
  /** Whose leases were restored in this round. */
  #restored: string[] = [];
  /** What the events say is there. */
  readonly #told = new Map<string, Told>();

  constructor(real: Opened) {
    this.#real = real;
  }

  async run({ pass, acts }: Round): Promise<void> {
    const { store, advance } = this.#real;
    this.#now += pass;
    await advance(this.#now);
    this.#heard = [];
    this.#restored = [];
    const sweeps = await Promise.all(acts.map((act) => this.#act(act)));
    sweeps.push(await this.#sweep());

    const page = await store.events({ since: this.#since, limit: 1000 });
    if (page === "too_old") throw new Error("the history broke off");
    const { events, next } = page;
    let seen = this.#since?.revision ?? 0;
    for (const { revision, kind, type, id: about } of events) {
      // There are gaps where a change of status took another's place.
      expect(revision).toBeGreaterThan(seen);
      seen = revision;
      if (kind === "agent") this.#hear(type, about);
    }
    this.#since = next;

    for (const [type, list] of [
      ["became_unreachable", "unreachable"],
      ["lapsed", "lapsed"],
      ["reaped", "reaped"],
    ] as const) {
      const summed = sweeps.flatMap((summary) => summary?.[list] ?? []);
      const told = events.filter((event) => event.type === type).map((event) => event.id);
      expect(summed.toSorted()).toEqual(told.toSorted());
    }

    const recovered = sweeps.flatMap((summary) => summary?.recovered ?? []);
    const back = events.filter(({ type }) => type === "recovered").map((event) => event.id);
    expect(back.toSorted()).toEqual([...recovered, ...this.#restored].toSorted());

    const entries = await expectExactIndexes(store, this.#now);
    expect(entries.map(idOf)).toEqual([...this.#told.keys()].toSorted());
    for (const entry of entries) await this.#holdAgainstHistory(idOf(entry));
  }

  /** Of all who ever registered an id, the registration that is there is heard, and no other. */
  async finish(): Promise<void> {
    const { store } = this.#real;
    for (const [about, tokens] of this.#tokens) {
      const entry = await entryAt(store, about, this.#now);
      const renewals = tokens.map((token) => wholeBeat(about, token, 0, this.#now));
      const answers = await store.renew(renewals, this.#now);
      const heard = tokens.filter((_, i) => answers[i] !== "gone").map(({ fence }) => fence);
      expect(heard).toEqual(isLive(entry) ? [entry.document.fence] : []);
    }
  }

  /** The first tells of what was never said, or the second time of what was said once, is caught here. */
  #hear(type: EventType, about: string): void {
    const before = this.#told.get(about);
    const happened = `${type} of ${about}, ${before ? JSON.stringify(before) : "absent"}`;
    const expectThat = (legal: boolean | undefined) => expect(legal, happened).toBe(true);
    switch (type) {
      case "registered":
        return void this.#told.set(about, { draining: false, mark: undefined });
      case "replaced":
        expectThat(before !== undefined);
        return void this.#told.set(about, { draining: before!.draining, mark: undefined });
      case "restored":
        return void this.#told.set(about, { draining: before?.draining ?? false, mark: undefined });
      case "renewed":
        expectThat(before !== undefined);
        if (before?.mark === "lapsed") before.mark = undefined;
        return;
      // Told after the heartbeat was heard: the agent may have gone between the two.
      case "status_changed":
        return;
      case "amended":
        return expectThat(before !== undefined);
      case "unregistered":
        return expectThat(this.#told.delete(about));
      case "reaped":
        expectThat(before?.mark === "lapsed");
        return void this.#told.delete(about);
      case "drain_requested":
      case "drain_cancelled":
        expectThat(before?.draining === (type === "drain_cancelled"));
        return void this.#told.set(about, { ...before!, draining: type === "drain_requested" });
      case "became_unreachable":
        expectThat(before && before.mark === undefined);
        return void this.#told.set(about, { ...before!, mark: "unreachable" });
      case "lapsed":
        expectThat(before && before.mark !== "lapsed");
        return void this.#told.set(about, { ...before!, mark: "lapsed" });
      case "recovered":
        // A lease that lapsed since the last sweep is restored before anybody was told.
        expectThat(before?.mark !== undefined || this.#restored.includes(about));
        return void this.#told.set(about, { ...before!, mark: undefined });
      default:
        throw new Error(`nobody here does what is told: ${happened}`);
    }
  }

  async #holdAgainstHistory(about: string): Promise<void> {
    const entry = await entryAt(this.#real.store, about, this.#now);
    const { draining, mark } = entry!;
    expect({ draining, mark: mark?.state }).toEqual(this.#told.get(about));
    expect(mark?.state === "lapsed").toBe(!isLive(entry));
    const heard = this.#heard.filter(
      ({ id: who, fence }) => who === about && fence === entry!.document.fence,
    );
    // No other act says a load, so whoever changed the entry after a heartbeat must have kept what it said.
    if (heard.length > 0 && entry?.lease)
      expect(heard.map(({ load }) => load)).toContain(entry.lease.currentLoad);
    expect(this.#tokens.get(about)?.map(({ fence }) => fence)).toContain(entry!.document.fence);
  }

  #fence(about: string, back: number): string {
    return this.#tokens.get(about)?.at(-back)?.fence ?? "stranger";
  }

  #change<R>(
    about: string,
    decide: (entry: Entry | undefined, past: Past) => Decision<R>,
  ): Promise<R | Problem> {
    return changeOne(this.#real.store, ref(about), decide, this.#now);
  }

  #sweep(): Promise<SweepSummary> {
    return sweepStore(this.#real.store, this.#now);
  }

  async #act(act: Act): Promise<SweepSummary | undefined> {
    const now = this.#now;
    const asker = ANYONE;
    switch (act.do) {
      case "sweep":
        return this.#sweep();
      case "register": {
        const presented = act.renew ? this.#tokens.get(act.id)?.at(-1) : undefined;
        const decide = registration(act.id, act.offer, presented, `f${(this.#minted += 1)}`, now);
        const result = await this.#change(act.id, decide);
        if (result instanceof Problem) return;
        const token = tokenOf(result.entry);
        const others = (this.#tokens.get(act.id) ?? []).filter(({ fence }) => fence !== token.fence);
        this.#tokens.set(act.id, [...others, token]);
        return;
      }
      case "beat": {
        const token = this.#tokens.get(act.id)?.at(-act.nth);
        if (!token) return;
        const [answer] = await this.#real.store.renew([wholeBeat(act.id, token, act.load, now)], now);
        if (answer !== "gone") this.#heard.push({ ...act, fence: token.fence });
        return;
      }
      case "beatPartly": {
        const beat = { ...act, asker, fence: this.#fence(act.id, act.nth), ownerSuffices: false };
        const heard = await this.#change(act.id, (entry, past) => decideHeartbeat(entry, past, beat, now));
        if (!(heard instanceof Problem) && heard.restored) this.#restored.push(act.id);
        return;
      }
      case "unregister": {
        const removal = { ...act, asker, fence: this.#fence(act.id, act.nth), ownerSuffices: false };
        await this.#change(act.id, (entry) => decideRemoval(entry, removal, now));
        return;
      }
      case "drain": {
        const request = { ...act, asker, fence: undefined };
        await this.#change(act.id, (entry) => decideDrain(entry, request, now));
        return;
      }
    }
  }
}
