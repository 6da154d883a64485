import { termCounts } from "../../support/audit.ts";
import { expect } from "vitest";
import type { Entry, Past } from "../../../src/core/entry.ts";
import type { Decision } from "../../../src/core/decision.ts";
import { type Event, FLIPS_MS } from "../../../src/core/event.ts";
import { termsOf } from "../../../src/core/kinds.ts";
import { Problem } from "../../../src/core/problem.ts";
import { changeOne } from "../../../src/store/change.ts";
import { ENDED_KEPT_MS, type EventCursor, type Store } from "../../../src/store/store.ts";
import { draw, idOf, type Opened, ref, T0 } from "../conformance/opened.ts";
import { CAPABILITIES, IDS, type Token } from "./requests.ts";

/** Whose token comes along: the last one handed out, which may have lapsed; the one before; or none. */
export type Holder = "current" | "old" | "none";

/** What a store shall be: the rules of the core over a plain map, with leases that lapse when their time is over. */
export class Model {
  now = T0;
  /** When the last sweep ran, and its own clock then. */
  swept: { at: number; clockMs: number } | undefined;
  readonly entries = new Map<string, Entry>();
  /** When those were last heard, ms since the Unix epoch, who were told of as silent. */
  readonly toldSilent = new Map<string, number>();
  readonly #tokens = new Map<string, Token[]>();
  readonly #ended = new Map<string, { fence: string; until: number }>();
  #minted = 0;
  /** What was told since the history was last read. */
  untold: { revision: number; event: Event }[] = [];
  #revision = 0;
  /** The last change of status of each id, and when the first of those was whose place it has. */
  readonly #flips = new Map<string, { revision: number; firstAt: number }>();
  /** Where the history was last read. */
  since: EventCursor | undefined;

  mint = (): string => `f${(this.#minted += 1)}`;

  token(id: string, holder: Holder): Token | undefined {
    if (holder === "none") return undefined;
    const stranger = { fence: "stranger", ttlSeconds: 60, intervalSeconds: 30 };
    return this.#tokens.get(id)?.at(holder === "current" ? -1 : -2) ?? stranger;
  }

  handOut(id: string, token: Token): void {
    const others = (this.#tokens.get(id) ?? []).filter(({ fence }) => fence !== token.fence);
    this.#tokens.set(id, [...others, token]);
  }

  /** The same rule decides here and there, each on what it has, and must come to the same. */
  async both<R>(
    { store }: Opened,
    id: string,
    decide: (entry: Entry | undefined, past: Past) => Decision<R>,
    fence?: string,
  ): Promise<R> {
    const before = this.entries.get(id);
    const { result, write } = decide(before, before ? {} : this.#pastOf(id));
    // Said apart from the rules that are under test: no token but the current registration's moves anything.
    if (fence !== undefined && before?.document.fence !== fence) {
      expect(result).toBeInstanceOf(Problem);
      expect(write).toBeUndefined();
    }
    if (write) this.write(id, write);
    expect(await changeOne(store, ref(id), decide, this.now)).toEqual(result);
    return result;
  }

  #pastOf(id: string): Past {
    const ended = this.#ended.get(id);
    return ended && this.now <= ended.until ? { ended: ended.fence } : {};
  }

  write(id: string, { entry, event, ended }: NonNullable<Decision<unknown>["write"]>): void {
    if (ended !== undefined) this.#ended.set(id, { fence: ended, until: this.now + ENDED_KEPT_MS });
    if (entry) this.entries.set(id, entry);
    else this.entries.delete(id);
    if (event) this.#tell(event);
  }

  #tell(event: Event): void {
    const revision = (this.#revision += 1);
    if (event.type === "status_changed") {
      const last = this.#flips.get(event.id);
      const isFlip = last !== undefined && event.at - last.firstAt < FLIPS_MS;
      if (isFlip) this.untold = this.untold.filter((told) => told.revision !== last.revision);
      this.#flips.set(event.id, { revision, firstAt: isFlip ? last.firstAt : event.at });
    }
    this.untold.push({ revision, event });
  }

  pass(ms: number): void {
    this.now += ms;
    for (const [id, entry] of this.entries) {
      const end = entry.lease?.expiresAt ?? null;
      if (end !== null && this.now > end) this.entries.set(id, { ...entry, lease: null });
    }
  }

  under(...terms: string[]): Entry[] {
    return [...this.entries.values()]
      .filter(({ document }) => terms.every((term) => termsOf("agent", document).includes(term)))
      .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  }

  /** Holds everything that a reader can see of the store against the model. */
  async compare(store: Store): Promise<void> {
    const { now } = this;
    const queries = [
      ["agent"],
      ...CAPABILITIES.map((name) => [`capability:${name}`]),
      ["capability:x", "capability:y"],
    ];
    const kind = "agent";
    const [snapshots, terms, roll, events] = await Promise.all([
      store.read(IDS.map(ref), now),
      termCounts(store),
      store.roll({ kind, after: "", limit: 100 }, now),
      store.events({ since: this.since, limit: 100 }),
    ]);
    expect(snapshots.map(({ entry }) => entry)).toEqual(IDS.map((id) => this.entries.get(id)));

    const counts = new Map<string, number>();
    for (const { document } of this.entries.values()) {
      for (const term of termsOf(kind, document)) counts.set(term, (counts.get(term) ?? 0) + 1);
    }
    expect(terms).toEqual(counts);

    const calls = this.under("agent").map(({ document, lease, mark }) => {
      return { id: document.registration.id, fence: document.fence, lease, mark };
    });
    expect(roll).toEqual({ calls, next: null });

    if (events === "too_old") throw new Error("the history broke off");
    // What the sweep finds of capabilities is told between them.
    const ofAgents = events.events.filter((event) => event.kind === kind);
    expect(ofAgents).toMatchObject(this.untold.map(({ event }) => event));
    const revisions = [this.since?.revision ?? 0, ...events.events.map(({ revision }) => revision)];
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    expect(events.next.revision).toBe(revisions.at(-1));
    this.since = events.next;
    this.untold = [];

    await Promise.all(
      queries.map(async (query) => {
        const [page, sample] = await Promise.all([
          store.page({ kind, terms: query, after: "", limit: 100 }, now),
          draw(store, { kind, terms: query, exhaustive: 100, size: 1 }, now),
        ]);
        const expected = this.under(...query).map(asFound);
        expect(page.entries.map(asFound)).toEqual(expected);
        expect(page.next).toBeNull();
        expect(sample.total).toBe(expected.length);
        expect(sample.entries.map(idOf).toSorted()).toEqual(this.under(...query).map(idOf));
      }),
    );
  }
}

/** The ledger is the sweep's own: whoever finds an entry by a term is not told of it. */
const asFound = ({ document, lease, draining }: Entry) => ({ document, lease, draining });
