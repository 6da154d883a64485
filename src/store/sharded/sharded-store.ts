import type { Entry, Kind, Ref } from "../../core/entry.ts";
import { LIMITED, type Limited, type Limits, type Quota, quotaExceeded } from "../../core/limits.ts";
import { type Event, subjectOf } from "../../core/event.ts";
import { Problem } from "../../core/problem.ts";
import { byCodePoint, byCodeUnit } from "../../core/order.ts";
import type {
  Change,
  Outcome,
  Page,
  PageQuery,
  RollCall,
  RollPage,
  RollQuery,
  SampleQuery,
  Snapshot,
  Store,
} from "../store.ts";
import { joined, shareOf } from "./draw.ts";
import { countHeard } from "../heard.ts";
import { historyOver } from "./history.ts";
import { merged } from "./merge.ts";
import { rendezvous } from "./rendezvous.ts";
import { Strays } from "./strays.ts";

export interface Shard {
  /** Where an id lives follows from the names of all shards: a store keeps its name for life. */
  name: string;
  store: Store;
}

/** A refusal as it is of the whole namespace: the others have what the shard was allowed less. */
function ofAllShards<K extends Kind>(outcome: Outcome<K>, asked: Change<K>, sent: Change<K>): Outcome<K> {
  if (!(outcome instanceof Problem) || !outcome.options.quota || !asked.quota) return outcome;
  const { limit, of, count, max } = outcome.options.quota;
  const whole = asked.quota[of][limit];
  const owner = of === "key" ? (sent.after?.document.owner ?? null) : null;
  return quotaExceeded(limit, owner, count + whole - max, whole);
}

/**
 * One namespace over several stores: every entry lives on the shard that its id gives (rendezvous.ts). What is asked of ids goes to
 * their shards alone, everything else to all shards at once: a method takes as many round trips as of one store. What is of
 * the whole namespace, like its signing key, is on the first shard.
 *
 * Where one shard is out, everything that needs it throws. Entries whose id lives elsewhere since a shard was added or
 * removed are counted, but never returned; the sweep brings agents home.
 */
export function shardedStore(shards: readonly [Shard, ...Shard[]]): Store {
  const stores = shards.map(({ store }) => store);
  const [{ store: first }] = shards;
  const shardOf = rendezvous(shards.map(({ name }) => name));
  const all = <R>(ask: (store: Store, shard: number) => Promise<R>): Promise<R[]> =>
    Promise.all(stores.map(ask));
  const sumOf = async (ask: (store: Store) => Promise<number>): Promise<number> =>
    (await all(ask)).reduce((sum, number) => sum + number, 0);

  /** Asks each item of its id's shard; answers in the order of the items. */
  async function byShard<T, R>(
    items: readonly T[],
    refOf: (item: T) => Ref<Kind>,
    ask: (store: Store, items: T[], shard: number) => Promise<R[]>,
  ): Promise<R[]> {
    const places = stores.map((): number[] => []);
    for (const [place, item] of items.entries()) places[shardOf(refOf(item).id)]!.push(place);
    const answers: R[] = [];
    await all(async (store, shard) => {
      const own = places[shard]!;
      if (own.length === 0) return;
      const found = await ask(
        store,
        own.map((place) => items[place]!),
        shard,
      );
      for (const [nth, place] of own.entries()) answers[place] = found[nth]!;
    });
    return answers;
  }
  /**
   * What a shard may let in: what there may be, without what the others have. Those that are let in at once, on several shards,
   * may pass a limit by as many. Terms are bounded on each shard by itself: most are on all of them.
   */
  async function quotasOnShard(owners: ReadonlySet<string | null>, shard: number) {
    const others = stores.filter((_, place) => place !== shard);
    const left = async (whose: string | null) => {
      const used = await Promise.all(others.map((store) => store.usage(whose)));
      const less = (what: Limited) => (what === "terms" ? 0 : used.reduce((sum, one) => sum + one[what], 0));
      return (limits: Limits): Limits => ({
        ...limits,
        ...Object.fromEntries(LIMITED.map((what) => [what, Math.max(0, limits[what] - less(what))])),
      });
    };
    const lessens = new Map(
      await Promise.all([null, ...owners].map(async (whose) => [whose, await left(whose)] as const)),
    );
    return ({ namespace, key }: Quota, owner: string | null): Quota => ({
      namespace: lessens.get(null)!(namespace),
      key: lessens.get(owner)!(key),
    });
  }
  const itself = <R extends Ref<Kind>>(ref: R): R => ref;
  const refOf = ({ ref }: { ref: Ref<Kind> }): Ref<Kind> => ref;
  const isHome = ({ document }: Entry<Kind>, shard: number): boolean =>
    shardOf(document.registration.id) === shard;

  const home: Pick<Store, "read" | "commit"> = {
    read: <K extends Kind>(refs: readonly Ref<K>[], now: number, options?: { near?: boolean }) =>
      byShard<Ref<K>, Snapshot<K>>(refs, itself, (store, own) => store.read(own, now, options)),
    commit: <K extends Kind>(changes: readonly Change<K>[], now: number) =>
      byShard<Change<K>, Outcome<K>>(
        changes,
        ({ before }) => before.ref,
        async (store, own, shard) => {
          const ownerOf = ({ after }: Change<K>) => after?.document.owner ?? null;
          const bounded = own.filter(({ quota }) => quota);
          if (bounded.length === 0) return store.commit(own, now);
          const quotaOf = await quotasOnShard(new Set(bounded.map(ownerOf)), shard);
          const sent = own.map((change) =>
            change.quota ? { ...change, quota: quotaOf(change.quota, ownerOf(change)) } : change,
          );
          const outcomes = await store.commit(sent, now);
          return outcomes.map((outcome, i) => ofAllShards(outcome, own[i]!, sent[i]!));
        },
      ),
  };
  const strays = new Strays(home);

  async function roll({ limit, ...query }: RollQuery, now: number): Promise<RollPage> {
    const parts = await all(async (store, shard) => {
      const page = await store.roll({ ...query, limit: shareOf(limit, stores.length) }, now);
      const isHere = ({ id }: RollCall) => shardOf(id) === shard;
      const elsewhere = page.calls.filter((call) => !isHere(call)).map(({ id }) => id);
      strays.note(store, elsewhere, now);
      return { items: page.calls.filter(isHere), next: page.next };
    });
    const { items, next } = merged(parts, ({ id }) => id, byCodeUnit, limit);
    return { calls: items, next };
  }

  return {
    ...home,
    backend: first.backend,
    ...historyOver(stores),

    async ping(now) {
      await all((store) => store.ping(now));
    },

    async readWithClock<K extends Kind>(refs: readonly Ref<K>[], now: number) {
      if (refs.length === 0) return first.readWithClock(refs, now);
      const clocks: number[] = [];
      const snapshots = await byShard<Ref<K>, Snapshot<K>>(refs, itself, async (store, own) => {
        const read = await store.readWithClock(own, now);
        clocks.push(read.clock);
        return read.snapshots;
      });
      return { snapshots, clock: Math.max(...clocks) };
    },

    presume<K extends Kind>(refs: readonly Ref<K>[], now: number) {
      if (refs.length === 0) return first.presume(refs, now);
      const presumed = refs.map((ref) => stores[shardOf(ref.id)]!.presume([ref], now));
      const known = presumed.filter((one) => one !== undefined);
      if (known.length < refs.length) return undefined;
      const snapshots = known.flatMap((one) => one.snapshots);
      return { snapshots, clock: Math.max(...known.map(({ clock }) => clock)) };
    },

    readHeld: (ref, now) => stores[shardOf(ref.id)]!.readHeld(ref, now),

    renew: (renewals, now) => byShard(renewals, refOf, (store, own) => store.renew(own, now)),
    attach: (holdings, now) => byShard(holdings, refOf, (store, own) => store.attach(own, now)),
    detach: (departures, now) => byShard(departures, refOf, (store, own) => store.detach(own, now)),
    areKept: (leases, now) => byShard(leases, refOf, (store, own) => store.areKept(own, now)),

    /** On every shard, beside the leases that name it. What one shard has lost is lost. */
    async keepHolder(name, holder) {
      const before = await all((store) => store.keepHolder(name, holder));
      return before.includes(undefined) ? undefined : before[0];
    },
    holders: (names) => first.holders(names),

    /** What is of no entry is told on the first shard. */
    async tell(events) {
      const placeOf = (event: Event): number => {
        const subject = subjectOf(event);
        return subject ? shardOf(subject.id) : 0;
      };
      await all(async (store, shard) => {
        const own = events.filter((event) => placeOf(event) === shard);
        if (own.length > 0) await store.tell(own);
      });
    },

    log: (ref, limit, now) => stores[shardOf(ref.id)]!.log(ref, limit, now),

    marker: async () => (await all((store) => store.marker())).join(" "),

    async sample<K extends Kind>(query: SampleQuery<K>, now: number) {
      const asked = shareOf(query.size, stores.length);
      const draws = await all((store) => store.sample({ ...query, size: asked }, now));
      return joined(draws, isHome, query, asked);
    },

    async page<K extends Kind>({ limit, chars, ...query }: PageQuery<K>, now: number): Promise<Page<K>> {
      const bounds = {
        limit: shareOf(limit, stores.length),
        ...(chars !== undefined && { chars: Math.ceil(chars / stores.length) }),
      };
      const parts = await all(async (store, shard) => {
        const { entries, ...rest } = await store.page({ ...query, ...bounds }, now);
        return { items: entries.filter((entry) => isHome(entry, shard)), ...rest };
      });
      const { items, next } = merged(parts, ({ document }) => document.registration.id, byCodeUnit, limit);
      return { entries: items, next, ...(parts.some((part) => part.mayBeBehind) && { mayBeBehind: true }) };
    },

    async usage(owner) {
      const parts = await all((store) => store.usage(owner));
      const sum = (what: Limited) => parts.reduce((total, part) => total + part[what], 0);
      const [agents, toolsets, bytes] = [sum("agents"), sum("toolsets"), sum("bytes")];
      return { agents, toolsets, terms: Math.max(...parts.map(({ terms }) => terms)), bytes };
    },

    count: (kind) => sumOf((store) => store.count(kind)),

    async terms(query) {
      const pages = await all((store) => store.terms(query));
      const counts = new Map<string, number>();
      for (const { term, entries } of pages.flatMap((page) => page.terms))
        counts.set(term, (counts.get(term) ?? 0) + entries);
      const summed = [...counts].map(([term, entries]) => ({ term, entries }));
      const parts = [{ items: summed, next: null }, ...pages.map(({ next }) => ({ items: [], next }))];
      const { items, next } = merged(parts, ({ term }) => term, byCodePoint, query.limit);
      return { terms: items, next };
    },

    /** The ids of all are looked at: some may not be where they belong. */
    async muster(query, now) {
      const { calls, next } = await roll({ ...query, directives: true }, now);
      return { ...countHeard(calls, now, false), scanned: calls.length, next };
    },

    roll,

    /** And brings home what rolls came upon where it does not live. */
    async heal({ suspects, after, ...query }) {
      const moved = await strays.bringHome();
      const afters = placesIn(after, stores.length);
      const steps = await all((store, shard) =>
        afters[shard] === null
          ? Promise.resolve({ healed: 0, next: "" })
          : store.heal({
              ...query,
              suspects: suspects.filter(({ id }) => shardOf(id) === shard),
              after: afters[shard]!,
            }),
      );
      const nexts = steps.map(({ next }) => (next === "" ? null : next));
      return {
        healed: steps.reduce((sum, { healed }) => sum + healed, moved),
        next: nexts.every((next) => next === null) ? "" : JSON.stringify(nexts),
      };
    },

    async forgetEvents({ since, chars }) {
      await all((store) => store.forgetEvents({ since, chars: Math.floor(chars / stores.length) }));
    },
    async makeRoom() {
      await all((store) => store.makeRoom());
    },
    stretch: () => first.stretch(),
    sweepReport: () => first.sweepReport(),
    keepSweepReport: (report) => first.keepSweepReport(report),
    signingKey: (candidate) => first.signingKey(candidate),
    findKeys: (ids, now) => first.findKeys(ids, now),
    keyring: () => first.keyring(),
    changeKeyring: (version, change, event) => first.changeKeyring(version, change, event),
  };
}

/** Where each shard's healing goes on; null: it has come to its end, and waits for the others. */
function placesIn(after: string, shards: number): (string | null)[] {
  const fromTheBeginning = Array.from({ length: shards }, () => "");
  try {
    const places = JSON.parse(after) as (string | null)[];
    return places.length === shards ? places : fromTheBeginning;
  } catch {
    return fromTheBeginning;
  }
}
