import type { Entry, Kind, Kinds, Ref } from "../core/entry.ts";
import type { Event } from "../core/event.ts";
import type { Lease } from "../core/lease.ts";

/**
 * Where entries live. One namespace, two adapters (redis, embedded), one conformance suite (test/store/conformance.ts).
 *
 * Every method takes `now` where time matters, in ms since the Unix epoch, and is one round trip unless it says otherwise.
 * Limits are inclusive: a lease is alive through its `expiresAt`. Every method throws the Problem `store_unavailable` when
 * the store does not answer in time or answers with an error; an empty answer always means that there is nothing.
 */
export interface Store {
  readonly backend: "redis" | "embedded";

  /** Resolves when the store answers. */
  ping(): Promise<void>;

  /** Reads entries for a decision, in the order of `refs`, 120 a round trip. An entry whose lease has lapsed is there, with `lease: null`. */
  read<K extends Kind>(refs: readonly Ref<K>[], now: number): Promise<Snapshot<K>[]>;

  /**
   * Applies each change whole or not at all: only if nothing of its entry has changed since the snapshot was read.
   * Documents, index terms, lease, directive, ledger and event move together. One change of one entry; many are sent in as
   * few round trips as their size allows.
   *
   * @returns per change, "committed" or the entry as it is now
   */
  commit<K extends Kind>(changes: readonly Change<K>[], now: number): Promise<("committed" | Snapshot<K>)[]>;

  /**
   * Replaces the state of leases and extends them, each if it is still there: existence, authority and epoch are proved by
   * the write itself, so a superseded or lapsed holder changes nothing. One command a lease, all in one round trip.
   */
  renew(renewals: readonly Renewal<Kind>[], now: number): Promise<Renewed[]>;

  /**
   * Draws entries under all of `terms`, lapsed ones included: up to `exhaustive` matches, all of them; beyond, `size`
   * distinct ones at random. Neither a draw nor a page reads the ledger: their entries always have `unreachable: false`.
   */
  sample<K extends Kind>(query: SampleQuery<K>, now: number): Promise<Draw<K>>;

  /**
   * Entries under all of `terms` in id order, lapsed ones included. Examines at most `limit` members of one index, so a
   * page may be short or empty while `next` is set.
   */
  page<K extends Kind>(query: PageQuery<K>, now: number): Promise<Page<K>>;

  /** How many entries there are, lapsed and not yet reaped ones included. */
  count(kind: Kind): Promise<number>;

  /** The same for each term. Round trips grow with the number of terms. */
  terms(): Promise<Map<string, number>>;

  /** Leases of all agents in id order, without their documents: what a sweep needs. At most two round trips. */
  roll(query: RollQuery, now: number): Promise<RollPage>;

  /**
   * Removes index members behind which no document stands: those of `suspects`, and orphans in the indexes of about
   * `termsMax` terms, going on where the last call stopped.
   */
  heal(query: HealQuery, now: number): Promise<Healed>;

  /** Events after revision `since`, oldest first; "too_old" when some of them are no longer kept. */
  events(query: { since: number | undefined; limit: number }): Promise<EventRecord[] | "too_old">;

  /** The newest `limit` events, newest first. */
  latest(limit: number): Promise<EventRecord[]>;

  /** The last sweep's report, and where the next one goes on. */
  sweepReport(): Promise<SweepReport | undefined>;
  keepSweepReport(report: SweepReport): Promise<void>;
}

/** An entry as it was read. `version` is the adapter's own: whatever it needs to tell that nothing has changed since. */
export interface Snapshot<K extends Kind = "agent"> {
  ref: Ref<K>;
  entry: Entry<K> | undefined;
  version: string;
  /** Names what the document says, where the adapter knows that without asking. */
  documentDigest?: string;
  /** Something is there that is no document of ours. A registration replaces it; nothing else touches it. */
  unreadable?: true;
}

/** The snapshot of an id that was minted just now and so cannot exist yet. */
export const absent = <K extends Kind>(ref: Ref<K>): Snapshot<K> => ({ ref, entry: undefined, version: "" });

export interface Change<K extends Kind = "agent"> {
  before: Snapshot<K>;
  /** undefined: remove everything of it */
  after: Entry<K> | undefined;
  event?: Event;
}

export interface Renewal<K extends Kind = "agent"> {
  ref: Ref<K>;
  fence: string;
  lease: Kinds[K]["lease"];
  /** null: keep whatever end the lease has (a static entry has none) */
  ttlMs: number | null;
}

/** What the holder is to do next, or "gone": no lease with that fence is alive. */
export type Renewed = "gone" | "run" | "drain";

export interface SampleQuery<K extends Kind = "agent"> {
  kind: K;
  /** At least one. */
  terms: readonly string[];
  /** Up to this many matches are all drawn. */
  exhaustive: number;
  /** How many are drawn where there are more. */
  size: number;
}

/** Part of a random draw: what one round trip brought. */
export interface Draw<K extends Kind = "agent"> {
  /** In no order. Fewer than were drawn where documents are large: an answer has a size limit. */
  entries: Entry<K>[];
  /** How many entries are under all terms; an upper bound where there are more than `exhaustive`. */
  total: number;
  /** How many more were drawn, but not read. The draw is only fair once they are read too: see `more`. */
  unread: number;
  /**
   * Draws on, in one round trip: first reads what is unread, then draws up to `size` (0: none) of the entries that this draw
   * has not yet come upon. Brings only those. Leases are judged at the draw's `now`.
   */
  more: (size: number) => Promise<Draw<K>>;
}

export interface PageQuery<K extends Kind = "agent"> {
  kind: K;
  terms: readonly string[];
  /** Start after this id; "" from the beginning. */
  after: string;
  limit: number;
}

export interface Page<K extends Kind = "agent"> {
  entries: Entry<K>[];
  /** The last id examined, to go on after; null at the end. */
  next: string | null;
}

export interface RollQuery {
  kind: "agent";
  /** Start after this id; "" from the beginning. */
  after: string;
  limit: number;
}

export interface RollCall {
  id: string;
  fence: string;
  lease: Lease | null;
  unreachable: boolean;
}

export interface RollPage {
  calls: RollCall[];
  next: string | null;
}

export interface HealQuery {
  kind: "agent";
  suspects: readonly { id: string; fence: string }[];
  /** The `next` of the last call; "" to begin. */
  after: string;
  termsMax: number;
}

export interface Healed {
  removed: number;
  /** Where to go on; "" when the end was reached. */
  next: string;
}

export interface EventRecord extends Event {
  revision: number;
}

export interface SweepReport {
  /** ms since the Unix epoch */
  at: number;
  durationMs: number;
  scanned: number;
  unreachable: number;
  recovered: number;
  reaped: number;
  healed: number;
  /** Agents by status over the last roll that was completed, drains aside; null until one was. */
  byStatus: Record<string, number> | null;
  /** Where the next run goes on ("" from the beginning), and what the unfinished roll has counted so far. */
  resume: { roll: string; terms: string; byStatus: Record<string, number>; checks?: string };
}

/** How many events a namespace keeps. */
export const EVENTS_MAX = 10_000;
