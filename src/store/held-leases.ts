import type { Entry, Kind } from "../core/entry.ts";
import { asRead, isAlive, type Holder, isHeld } from "../core/holding.ts";
import type { Lease } from "../core/lease.ts";
import { Problem } from "../core/problem.ts";
import { countHeard } from "./heard.ts";
import type { BareStore, Change, Draw, Outcome, RollPage, RollQuery, Snapshot, Store } from "./store.ts";

/** How old what an isolate knows of a holder may be, ms. */
const AGE_MAX_MS = 1000;
/** How many holders an isolate keeps. A namespace has few; those of the past go with the rest. */
const KNOWN_MAX = 1000;

/** Holders as one isolate last read them. */
class HoldersView {
  readonly #store: Pick<BareStore, "holders">;
  #known = new Map<string, { holder: Holder | undefined; readAt: number }>();

  constructor(store: Pick<BareStore, "holders">) {
    this.#store = store;
  }

  /** Reads anew what is older than 1 s: at most one round trip, and none where nobody is held. */
  async refresh(names: ReadonlySet<string>, now: number): Promise<void> {
    const stale = [...names].filter((name) => {
      const known = this.#known.get(name);
      return !known || Math.abs(now - known.readAt) > AGE_MAX_MS;
    });
    if (stale.length === 0) return;
    const holders = await this.#store.holders(stale);
    if (this.#known.size + stale.length > KNOWN_MAX) this.#known = new Map();
    for (const [i, name] of stale.entries()) this.#known.set(name, { holder: holders[i], readAt: now });
  }

  find(name: string): Holder | undefined {
    return this.#known.get(name)?.holder;
  }
}

/**
 * The port over an adapter: every lease that is held by a holder is read as what the holder makes of it. That costs a round
 * trip a second and isolate, where there are any.
 */
export function withHeldLeases(store: BareStore): Store {
  const view = new HoldersView(store);
  /** What was read of a lease, by what was made of it: a commit that leaves the lease as it is writes nothing else. */
  const stored = new WeakMap<Lease, Lease>();
  /** The leases that have lapsed with their holders, by the entries: a commit that writes that down removes them. */
  const lapsed = new WeakMap<object, Lease>();

  async function refreshFor(leases: readonly (Lease | null | undefined)[], now: number): Promise<void> {
    const names = new Set<string>();
    for (const lease of leases) if (lease && isHeld(lease)) names.add(lease.holder);
    await view.refresh(names, now);
  }
  const leaseOf = (entry: Pick<Entry<Kind>, "lease"> | undefined): Lease | undefined =>
    entry?.lease && "status" in entry.lease ? entry.lease : undefined;
  function read<E extends Pick<Entry<Kind>, "lease">>(entry: E, now: number): E {
    const held = leaseOf(entry);
    if (!held || !isHeld(held)) return entry;
    const lease = asRead(held, view.find(held.holder), now);
    const shown = { ...entry, lease };
    if (lease) stored.set(lease, held);
    else lapsed.set(shown, held);
    return shown;
  }
  async function readAll<E extends Pick<Entry<Kind>, "lease">>(
    entries: readonly E[],
    now: number,
  ): Promise<E[]> {
    await refreshFor(entries.map(leaseOf), now);
    return entries.map((entry) => read(entry, now));
  }
  async function readSnapshots<K extends Kind>(
    snapshots: readonly Snapshot<K>[],
    now: number,
  ): Promise<Snapshot<K>[]> {
    await refreshFor(
      snapshots.map(({ entry }) => leaseOf(entry)),
      now,
    );
    return snapshots.map((snapshot) =>
      snapshot.entry ? { ...snapshot, entry: read(snapshot.entry, now) } : snapshot,
    );
  }
  const readDraw = async <K extends Kind>(drawn: Draw<K>, now: number): Promise<Draw<K>> => ({
    ...drawn,
    entries: await readAll(drawn.entries, now),
    more: async (size, narrowed) => readDraw(await drawn.more(size, narrowed), now),
  });
  function asStored<E extends Pick<Entry<Kind>, "lease"> | undefined>(entry: E): E {
    const lease = leaseOf(entry);
    const before = lease ? stored.get(lease) : entry && lapsed.get(entry);
    return before ? { ...entry, lease: before } : entry;
  }

  async function roll(query: RollQuery, now: number): Promise<RollPage> {
    const page = await store.roll(query, now);
    return { ...page, calls: await readAll(page.calls, now) };
  }

  return {
    ...store,
    read: async (refs, now, options) => readSnapshots(await store.read(refs, now, options), now),
    async readWithClock(refs, now) {
      const { snapshots, clock } = await store.readWithClock(refs, now);
      return { snapshots: await readSnapshots(snapshots, now), clock };
    },
    async readHeld(ref, now) {
      const held = await store.readHeld(ref, now);
      return held && (await readAll([held], now))[0];
    },
    async commit<K extends Kind>(changes: readonly Change<K>[], now: number) {
      const sent = changes.map(({ before, after, ...rest }) => ({
        before: { ...before, entry: asStored(before.entry) },
        after: asStored(after),
        ...rest,
      }));
      const outcomes = await store.commit(sent, now);
      const isSnapshot = (outcome: Outcome<K>): outcome is Snapshot<K> =>
        outcome !== "committed" && !(outcome instanceof Problem);
      const snapshots = await readSnapshots(outcomes.filter(isSnapshot), now);
      return outcomes.map((outcome) => (isSnapshot(outcome) ? snapshots.shift()! : outcome));
    },
    attach: (holdings, now) =>
      store.renew(
        holdings.map((holding) => ({ ...holding, ttlMs: Infinity })),
        now,
      ),
    sample: async (query, now) => readDraw(await store.sample(query, now), now),
    async page(query, now) {
      const page = await store.page(query, now);
      return { ...page, entries: await readAll(page.entries, now) };
    },
    roll,
    async muster(query, now) {
      const { heard, calls, ...rest } = await store.muster(query, now);
      const others = await readAll(calls, now);
      await view.refresh(new Set(heard.flatMap(({ holder }) => holder ?? [])), now);
      if (heard.every(({ holder }) => holder === undefined || isAlive(view.find(holder), now)))
        return { ...rest, calls: others, heard: heard.map(({ holder: _, ...group }) => group) };
      // Whoever a dead holder has is to be told of by name.
      const page = await roll({ ...query, directives: true }, now);
      return { ...rest, ...countHeard(page.calls, now, false) };
    },
  };
}
