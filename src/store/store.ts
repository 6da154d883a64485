import type { ReportedStatus } from "../core/agents/agent.ts";
import type { Alert } from "../core/alert.ts";
import type { EventsKept } from "./forgetting.ts";
import type { Grace } from "../core/agents/grace.ts";
import type { Entry, Kind, Kinds, Mark, Past, Ref } from "../core/entry.ts";
import type { Event } from "../core/event.ts";
import type { Quota, Usage } from "../core/limits.ts";
import type { Problem } from "../core/problem.ts";
import type { HeldLease, Holder } from "../core/holding.ts";
import type { Lease } from "../core/lease.ts";
import type { Keyring } from "./keyring.ts";

/**
 * Where the entries of one namespace live. Two adapters (redis, embedded) pass one conformance suite
 * (test/store/conformance.ts).
 *
 * Instants are ms since the Unix epoch, and every method takes `now` where time matters. A lease is alive through its
 * `expiresAt`. A method is one round trip unless its comment says otherwise.
 *
 * @throws {Problem} from every method: `store_unavailable` when the store does not answer in time or answers with an error;
 *   `store_full` when it takes no more: then a change that removes an entry, and whatever else only frees, still works.
 *   An empty answer always means that there is nothing.
 */
export interface Store extends Keyring {
  readonly backend: "redis" | "embedded";

  /** Resolves when the store answers and takes writes; a look at the latter lasts 5 s. */
  ping(now: number): Promise<void>;

  /**
   * Reads whole entries, for decisions. An entry whose lease has lapsed has `lease: null`. 100 or more to a round trip.
   *
   * @param options  `near`: a copy that is behind may answer; the snapshots say so
   * @returns a snapshot per ref, in their order
   */
  read<K extends Kind>(
    refs: readonly Ref<K>[],
    now: number,
    options?: { near?: boolean },
  ): Promise<Snapshot<K>[]>;

  /** `read` in the same round trips, and the store's own clock, ms since the Unix epoch: what epochs are made of. */
  readWithClock<K extends Kind>(
    refs: readonly Ref<K>[],
    now: number,
  ): Promise<{ snapshots: Snapshot<K>[]; clock: number }>;

  /**
   * What `readWithClock` would answer if nothing were stored under the ids, without asking: a commit on it takes effect where
   * that is so, and else answers with what is there.
   *
   * @returns undefined where this isolate does not know the store's clock
   */
  presume<K extends Kind>(
    refs: readonly Ref<K>[],
    now: number,
  ): { snapshots: Snapshot<K>[]; clock: number } | undefined;

  /**
   * Reads what a heartbeat needs of one entry, at less cost than `read`. Nothing can be committed with it.
   *
   * @returns undefined where there is no entry
   */
  readHeld<K extends Kind>(ref: Ref<K>, now: number): Promise<Held<K> | undefined>;

  /**
   * Applies each change whole or not at all: only if nothing of its entry has changed since the snapshot was read.
   * Document, index terms, lease, directive, ledger and event change together. Each change is applied by itself; many are
   * sent in as few round trips as their size allows.
   *
   * @returns per change, in their order, "committed"; or, and nothing of it is written: the entry as it is now where that has
   *   changed, the Problem `quota_exceeded` where the change would bring a count beyond its `quota`
   */
  commit<K extends Kind>(changes: readonly Change<K>[], now: number): Promise<Outcome<K>[]>;

  /**
   * Replaces the states of leases and extends them, each only if it is alive: a superseded or lapsed holder changes nothing,
   * because the write itself looks for the lease by its fence. One command a lease, all in one round trip; where the status is
   * another than before, one more round trip tells it. If that one fails the lease is renewed all the same, and the change is told
   * with the agent's next renewal here.
   *
   * @returns per renewal, in their order, what the holder is to do
   */
  renew(renewals: readonly Renewal<Kind>[], now: number): Promise<Renewed[]>;

  /**
   * How many times their interval agents are told to wait, as the last sweep's report has it: as an isolate that renews has
   * seen it with the renewals before. No round trip. Always 1 on the embedded store.
   */
  stretch(): number;

  /**
   * Gives leases to a holder in place of an end (core/holding.ts), each only if it is alive: who held it before holds it no
   * more. As `renew` in all else.
   */
  attach(holdings: readonly Holding[], now: number): Promise<Renewed[]>;

  /**
   * Gives leases their ends back, each only if `holder` holds it still: the end of a socket must not end a newer holding. One
   * command a lease, all in one round trip.
   *
   * @returns per departure, in their order, whether it was held still
   */
  detach(departures: readonly Departure[], now: number): Promise<boolean[]>;

  /**
   * Writes down a holder. It is kept for two days after that: longer than any lease that it held. One command.
   *
   * @returns what was kept of it before; undefined: nothing
   */
  keepHolder(name: string, holder: Holder): Promise<Holder | undefined>;

  /**
   * What is kept of holders, in their order; undefined for one that nothing is kept of. One command, and one more where one
   * is missing.
   */
  holders(names: readonly string[]): Promise<(Holder | undefined)[]>;

  /**
   * Whether leases are there, whoever holds them, in their order. One command for up to 1,000 of which none is missing, else
   * one round trip more, with a command for each.
   */
  areKept(leases: readonly Pick<Renewal, "ref" | "fence">[], now: number): Promise<boolean[]>;

  /**
   * Draws entries under all of `terms`, lapsed ones included: up to `exhaustive` matches, all of them; beyond, `size`
   * distinct ones at random. Neither a draw nor a page reads the ledger: their entries always have `mark: null`.
   */
  sample<K extends Kind>(query: SampleQuery<K>, now: number): Promise<Draw<K>>;

  /**
   * Entries under all of `terms` in id order, lapsed ones included. Examines at most `limit` members of one term, so a page
   * may be short or empty while `next` is set. A round trip per 500 members examined, or fewer.
   */
  page<K extends Kind>(query: PageQuery<K>, now: number): Promise<Page<K>>;

  /**
   * What there is of whatever may be limited, of one owner's entries or (null) of the namespace: as it was counted with every
   * commit. An owner's terms are those that no entry was under before one of its own. One round trip.
   */
  usage(owner: string | null): Promise<Usage>;

  /** How many entries of a kind there are, those included that have lapsed and are not yet reaped. */
  count(kind: Kind): Promise<number>;

  /** Terms that begin with `prefix`, in the order of their UTF-8 bytes. At most two round trips. */
  terms(query: TermsQuery): Promise<TermsPage>;

  /** Leases of all agents in id order, without their documents. A round trip per 1,000, or fewer. */
  roll(query: RollQuery, now: number): Promise<RollPage>;

  /**
   * `roll` with directives, but of agents that are plainly heard only how many report which status: what a sweep has nothing to do
   * about is not sent. A round trip per 1,000, or fewer.
   */
  muster(query: Omit<RollQuery, "directives">, now: number): Promise<Muster>;

  /**
   * Removes index members that no document matches, and their leases: `suspects`, and what it finds in one step through the
   * indexes of the kind. A step examines at most 40 terms and 2,000 members in at most four round trips, however many there
   * are, and one more where there are suspects.
   */
  heal(query: HealQuery): Promise<Healed>;

  /**
   * Events after `since`, oldest first; of an agent's changes of status within 5 s of the first, the last alone, and a cursor
   * that stands on another of them goes on. Absent: from the oldest that is kept. Where nothing has happened yet, one round trip
   * more makes a cursor of the empty history, once; before "too_old" is said, one more makes sure of it.
   *
   * @returns "too_old" when the event of `since` is no longer kept, or is of a history that was lost: then events may be
   *   missing between it and those that are kept
   */
  events(query: EventsQuery): Promise<EventPage | "too_old">;

  /** Appends events that go with no change of an entry, in their order. A command each, in one round trip. */
  tell(events: readonly Event[]): Promise<void>;

  /**
   * The newest events of one entry, at most `LOG_MAX`, newest first: whatever happened to others meanwhile. They are kept as long
   * as the entry is there, and for `LOG_KEPT_MS` more. Over several shards revision and nonce are those of the entry's shard.
   * One command.
   */
  log(ref: Ref<Kind>, limit: number, now: number): Promise<EventRecord[]>;

  /** A text that is another one once something more was told. One command. */
  marker(): Promise<string>;

  /**
   * Forgets events: what is older than is to be kept, and the oldest beyond a number of characters (forgetting.ts). At most
   * 50,000 at once, in at most three round trips; in one where there are few.
   */
  forgetEvents(kept: EventsKept): Promise<void>;

  /** Frees what can be spared, in a store that is full: all events but the newest 1,000. */
  makeRoom(): Promise<void>;

  /**
   * The newest `limit` events, newest first.
   *
   * @param upTo  the place to begin at, itself included, if its event is kept (else one round trip more makes sure of that);
   *   absent: whatever was told last
   */
  latest(limit: number, upTo?: EventCursor): Promise<EventRecord[]>;

  /** The last sweep's report, and where the next one goes on; undefined before the first. */
  sweepReport(): Promise<SweepReport | undefined>;
  keepSweepReport(report: SweepReport): Promise<void>;

  /**
   * The namespace's secret key for proofs. Made once: where there is none yet, `candidate` becomes it, and of several
   * candidates at a time one.
   *
   * @returns the key that is kept
   */
  signingKey(candidate: string): Promise<string>;
}

/** An entry as it was read. `version` means something to the adapter only: with it a commit sees whether anything changed. */
export interface Snapshot<K extends Kind = "agent"> extends Past {
  ref: Ref<K>;
  entry: Entry<K> | undefined;
  version: string;
  /** A digest of the document, where the adapter has it anyway. */
  documentDigest?: string;
  /** What is stored under the id is not a document. A registration replaces it; nothing else changes it. */
  unreadable?: true;
  /** Nothing was read: nothing is presumed to be there. */
  isPresumed?: true;
  /** A copy has answered that may be behind: it does not prove that anything is missing, or over. */
  mayBeBehind?: boolean;
}

/** An entry without what operators and the sweep keep of it. */
export type Held<K extends Kind = "agent"> = Pick<Entry<K>, "document" | "lease">;

/** The snapshot of an id that was made just now, at random, and so cannot exist yet. */
export const absent = <K extends Kind>(ref: Ref<K>): Snapshot<K> => ({ ref, entry: undefined, version: "" });

export interface Change<K extends Kind = "agent"> {
  before: Snapshot<K>;
  /** undefined: remove the entry, whole */
  after: Entry<K> | undefined;
  event?: Event;
  /** Kept under the id for a day: see `Past`. */
  ended?: string;
  /** What entries may be in all after this one; absent: they are counted, and not bounded. */
  quota?: Quota;
}

export type Outcome<K extends Kind = "agent"> = "committed" | Snapshot<K> | Problem;

/** How long the fence of what was unregistered is kept, ms. */
export const ENDED_KEPT_MS = 86_400_000;

export interface Renewal<K extends Kind = "agent"> {
  ref: Ref<K>;
  fence: string;
  lease: Kinds[K]["lease"];
  /** From now on; null: the lease keeps its end (a static entry has none); Infinity: it has none from now on. */
  ttlMs: number | null;
}

export interface Holding extends Pick<Renewal, "ref" | "fence"> {
  lease: HeldLease;
}

export interface Departure extends Pick<Renewal, "ref" | "fence"> {
  holder: string;
  /** Of nobody's. */
  lease: Lease;
  /** How long the agent has to come back. */
  ttlMs: number;
}

/** How long a holder is kept after its last word, ms: a day longer than the longest TTL. */
export const HOLDER_KEPT_MS = 172_800_000;

/**
 * A store as its adapter makes it: its entries have their leases as they are stored, and `withHeldLeases` makes the port of
 * it.
 */
export type BareStore = Omit<Store, "attach">;

/** What the holder is to do; "gone": no lease with that fence is alive. */
export type Renewed = "gone" | "run" | "drain";

export interface SampleQuery<K extends Kind = "agent"> {
  kind: K;
  /** At least one. */
  terms: readonly string[];
  /** Up to this many matches are all drawn. */
  exhaustive: number;
  /** How many are drawn where there are more. */
  size: number;
  /** A copy that is behind may answer. */
  near?: boolean;
}

/** Part of a random draw: what one round trip brought. */
export interface Draw<K extends Kind = "agent"> {
  /** In no order. Fewer than were drawn where documents are large: an answer has a size limit. */
  entries: Entry<K>[];
  /** How many entries are under all terms; an upper bound where there are more than `exhaustive`. */
  total: number;
  /** How many more were drawn, but not read. The draw is only fair once they are read too: see `more`. */
  unread: number;
  /** What was drawn and is not brought, because its lease told enough; absent: nothing. */
  leftOut?: LeftOut;
  /**
   * Draws on, in one round trip: first reads what is unread, then draws up to `size` (0: none) of the entries that this draw
   * has not yet come upon. Brings only those. Leases are judged at the draw's `now`.
   *
   * @param narrowed  which of those that are drawn anew are of use. A store may leave the others out, and may draw fewer than
   *   `size`. Whoever draws on after that may come upon the same again: only what is unread may then be asked for
   */
  more: (size: number, narrowed?: Narrowed) => Promise<Draw<K>>;
}

/** What is of use of a draw: an entry is of no use without a lease that is alive and reports one of these. */
export interface Narrowed {
  statuses: readonly ReportedStatus[];
  /** How many entries are brought at most: a lease costs the store less than an entry, and others wait while it reads. */
  entriesMax: number;
}

export interface LeftOut {
  /** Alive, with another status. */
  live: number;
  /** Without a lease; an index member that outlived its entry counts as one. */
  lapsed: number;
}

export interface PageQuery<K extends Kind = "agent"> {
  kind: K;
  terms: readonly string[];
  /** Start after this id; "" from the beginning. */
  after: string;
  limit: number;
  /** End the page once its documents have so many characters; a page has a bound of its own, too. */
  chars?: number;
  /** A copy that is behind may answer. */
  near?: boolean;
}

export interface Page<K extends Kind = "agent"> {
  entries: Entry<K>[];
  /** The last id examined, to go on after; null at the end. */
  next: string | null;
  /** As of a snapshot. */
  mayBeBehind?: boolean;
}

export interface RollQuery {
  kind: "agent";
  /** Start after this id; "" from the beginning. */
  after: string;
  limit: number;
  /** Brings along whom an operator drains. */
  directives?: true;
}

export interface RollCall {
  id: string;
  fence: string;
  lease: Lease | null;
  mark: Mark | null;
  /** Only where directives were asked for. */
  draining?: true;
}

/** Agents that are plainly heard: their leases are alive and not silent, the ledger has nothing of them, and nobody drains them. */
export interface Heard {
  status: ReportedStatus;
  agents: number;
  /** So often each of them calls in over HTTP, as it registered; null: not at all. */
  intervalSeconds: number | null;
  /** Where a holder has their leases, whether they are heard is up to it. */
  holder?: string;
}

/** `calls`: of all that are not counted in `heard`. */
export interface Muster extends RollPage {
  heard: Heard[];
  /** How many agents were looked at. */
  scanned: number;
}

export interface RollPage {
  calls: RollCall[];
  next: string | null;
}

export interface HealQuery {
  kind: "agent";
  /** Members that a roll found without a lease and without an entry to reap. */
  suspects: readonly { id: string; fence: string }[];
  /** The `next` of the last step; "" from the beginning. */
  after: string;
}

export interface Healed {
  /** Members that were removed or put back. */
  healed: number;
  /** Where the next step goes on; "" when the end was reached. */
  next: string;
}

export interface TermsQuery {
  /** "capability:", or "" for all. */
  prefix: string;
  /** Start after this term; "" from the beginning. */
  after: string;
  limit: number;
}

export interface TermsPage {
  /** `entries`: how many entries are under the term, lapsed ones included. */
  terms: { term: string; entries: number }[];
  /** The last term, to go on after; null at the end. */
  next: string | null;
}

/**
 * A place in the history: the event seen last, or its beginning. After a loss revisions are used again, but never with the
 * same nonce, so a cursor fits no other history than its own.
 */
export interface EventCursor {
  revision: number;
  /**
   * A random whole number of up to 19 digits: the event's, or where there was none yet, the history's. Of a history over several
   * shards the place in each, of the characters `0-9-.~`. The port says too_old to one that it did not make.
   */
  nonce: string;
}

export interface EventRecord extends Event, EventCursor {}

export interface EventsQuery {
  since: EventCursor | undefined;
  limit: number;
}

export interface EventPage {
  events: EventRecord[];
  /** To go on after: the last event, else where the page began. */
  next: EventCursor;
}

export interface SweepReport {
  /** ms since the Unix epoch */
  at: number;
  durationMs: number;
  scanned: number;
  unreachable: number;
  recovered: number;
  /** How many lapsed since the run before; those that are kept are counted in `census`. */
  lapsed: number;
  reaped: number;
  healed: number;
  /** The last roll that was completed; null until one was. */
  census: Census | null;
  /** By group ("type", "capability"), as of the last walk over all terms that was completed. */
  byTerm?: Record<string, TermTally>;
  /** Where the next run goes on ("" from the beginning), and what the unfinished roll and tally have counted so far. */
  resume: {
    roll: string;
    terms: string;
    byStatus: Record<string, number>;
    perSecond?: number;
    checks?: string;
    tally?: TallyProgress;
  };
  /** How many times their interval agents are told to wait; absent: once, as before. */
  stretch?: number;
  /** What is known of lapsed registrations; absent in a report from before they were kept. */
  grace?: Grace;
  /** What was wrong; absent in a report from before it was looked for. */
  look?: AlertLook;
  /** How it was in the last 24 h, oldest first; absent in a report from before this was kept. */
  history?: HistoryPoint[];
}

/** What the last look for trouble found, and where the next one goes on. */
export interface AlertLook {
  /** ms since the Unix epoch */
  at: number;
  /** The worst, at most 100 (core/alert.ts). */
  alerts: Alert[];
  /** How many there were. */
  found: number;
  /** The store's, before anything was read. */
  marker: string;
  /** The last service and capability that had their turn, in a fleet of which a look sees a part. */
  turns: { service?: string; capability?: string };
}

/** How it was at one time. */
export interface HistoryPoint {
  /** ms since the Unix epoch */
  at: number;
  byStatus: Record<string, number>;
  /** Tool calls that were not settled. */
  calls: number;
}

/** A count of all agents. */
export interface Census {
  /** When the roll was completed, ms since the Unix epoch. */
  at: number;
  /** Live agents by the status that they reported, or "unreachable". */
  byStatus: Record<string, number>;
  /** How many have lapsed and are kept. */
  lapsed: number;
}

/** The terms of one group, counted. */
export interface TermTally {
  /** How many different names there are. */
  names: number;
  /** Entries under all of them, summed. */
  entries: number;
  /** The 100 with the most entries, most first. */
  largest: [name: string, entries: number][];
}

export interface TallyProgress {
  group: string;
  /** The last term counted. */
  after: string;
  byGroup: Record<string, TermTally>;
}

/** How many events of one entry are kept by themselves. */
export const LOG_MAX = 200;
/** And for how long once it has ended, ms. */
export const LOG_KEPT_MS = 30 * 86_400_000;

/** How many events a namespace keeps at most, however seldom it is swept. */
export const EVENTS_MAX = 1_000_000;

/** How many it keeps in a store that is full. */
export const EVENTS_SPARED = 1000;
