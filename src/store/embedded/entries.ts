import type { Entry, Kind, Ref } from "../../core/entry.ts";
import { termsOf } from "../../core/kinds.ts";
import type { ObjectStorage } from "../../durable/storage.ts";
import { ENDED_KEPT_MS, type Renewal, type Renewed } from "../store.ts";
import { writeMark } from "../mark.ts";
import { statusChange } from "../status-changes.ts";
import type { History } from "./history.ts";
import type { KnownRows } from "./known-rows.ts";
import type { Members, Moves } from "./members.ts";
import type { OutcomeRow, SentChange, SnapshotRow } from "./registry-calls.ts";
import { toEntry } from "./rows.ts";
import { type EntryRow, SQL, type UsageRow } from "./schema.ts";
import { Usage } from "./usage.ts";

/** Entries by id: read for a decision, changed whole, their leases renewed. */
export class Entries {
  readonly #storage: ObjectStorage;
  readonly #history: History;
  readonly #members: Members;
  readonly #rows: KnownRows;
  readonly #usage: Usage;

  constructor(storage: ObjectStorage, history: History, members: Members, rows: KnownRows) {
    this.#storage = storage;
    this.#usage = new Usage(storage.sql);
    this.#history = history;
    this.#members = members;
    this.#rows = rows;
  }

  read(refs: readonly Ref<Kind>[], clock: number): SnapshotRow[] {
    return refs.map((ref) => this.#snapshot(ref, clock));
  }

  readRow({ kind, id }: Ref<Kind>, clock: number): EntryRow | undefined {
    return this.#storage.sql.exec<EntryRow>(SQL.readEntry, clock, kind, id).toArray()[0];
  }

  /** @param now  the caller's clock, by which a lease says when it ends; it lasts as long by the object's */
  commit(changes: readonly SentChange[], now: number, clock: number): OutcomeRow[] {
    return changes.map(({ before: { ref, version }, after, event, ended, quota }) => {
      const current = this.#snapshot(ref, clock);
      if (current.version !== version) return current;
      const before = current.row && toEntry(current.row);
      const moves = movesOf(ref.kind, before, after);
      const counted = this.#usage.count(ref.kind, before, after, moves.added, quota);
      if ("limit" in counted) return { overrun: counted };
      this.#storage.transactionSync(() => {
        if (after) this.#write(ref, before, after, clock - now);
        else this.#remove(ref);
        this.#usage.write(counted);
        this.#moveTerms(ref, moves, after?.document.owner ?? null);
        if (ended !== undefined) this.#keepEnded(ref, ended, clock);
        if (event) this.#history.add(event);
      });
      this.#rows.entryChanged(ref);
      this.#members.move(ref, moves);
      return "committed";
    });
  }

  usage(owner: string | null): UsageRow {
    return this.#usage.of(owner);
  }

  /** @param now  the caller's clock, by which events are told */
  renew(renewals: readonly Renewal<Kind>[], now: number, clock: number): Renewed[] {
    const { sql } = this.#storage;
    return renewals.map(({ ref, fence, lease, ttlMs }) => {
      const { kind, id } = ref;
      const end = ttlMs === null ? null : Math.min(clock + ttlMs, Number.MAX_SAFE_INTEGER);
      const [before] = sql.exec<{ lease: string }>(SQL.readLease, kind, id, fence).toArray();
      const renewed = sql.exec(SQL.renewLease, JSON.stringify(lease), end, kind, id, fence, clock).toArray();
      if (renewed.length === 0) return "gone";
      this.#rows.leaseChanged(ref);
      for (const event of statusChange(ref, before?.lease ?? null, lease, now)) this.#history.add(event);
      const [entry] = sql.exec<{ draining: number }>(SQL.isDraining, kind, id).toArray();
      return entry?.draining ? "drain" : "run";
    });
  }

  #snapshot(ref: Ref<Kind>, clock: number): SnapshotRow {
    const row = this.readRow(ref, clock);
    if (!row) return this.#absent(ref, clock);
    // The row's version starts at 0 again when a removed id is registered anew; only the fence differs then.
    return { row, version: [row.fence, row.version, row.lease ?? ""].join("\n") };
  }

  #absent(ref: Ref<Kind>, clock: number): SnapshotRow {
    const [past] = this.#storage.sql
      .exec<{ fence: string }>(SQL.readEnded, ref.kind, ref.id, clock)
      .toArray();
    const version = past?.fence ?? "";
    return { row: undefined, version, ...(past && { ended: past.fence }) };
  }

  #keepEnded({ kind, id }: Ref<Kind>, fence: string, clock: number): void {
    const { sql } = this.#storage;
    sql.exec(SQL.writeEnded, kind, id, fence, clock + ENDED_KEPT_MS);
    sql.exec(SQL.forgetEnded, clock);
  }

  #remove({ kind, id }: Ref<Kind>): void {
    const { sql } = this.#storage;
    sql.exec(SQL.deleteEntry, kind, id);
    sql.exec(SQL.deleteLease, kind, id);
  }

  /** @param owner  whose entry it is */
  #moveTerms({ kind, id }: Ref<Kind>, { dropped, added }: Moves, owner: string | null): void {
    const { sql } = this.#storage;
    if (dropped.length > 0) {
      const json = JSON.stringify(dropped);
      sql.exec(SQL.dropTerms, kind, id, json);
      sql.exec(SQL.countDown, json);
      this.#usage.forgetEmpty(json);
    }
    if (added.length > 0) {
      const json = JSON.stringify(added);
      sql.exec(SQL.addTerms, kind, id, json);
      sql.exec(SQL.countUp, owner, json);
    }
  }

  /** @param skew  how much the object's clock is ahead of the caller's, ms */
  #write({ kind, id }: Ref<Kind>, before: Entry<Kind> | undefined, after: Entry<Kind>, skew: number): void {
    const { sql } = this.#storage;
    const { document, lease, draining, mark } = after;
    const { fence } = document;
    const told = [draining ? 1 : 0, mark && writeMark(mark)];
    sql.exec(SQL.writeEntry, kind, id, fence, JSON.stringify(document), ...told);

    const json = JSON.stringify(lease);
    // A lease that does not change keeps its end in the table: a renewal with `ttlMs: null` does not have to know it.
    const sameLease = before?.document.fence === fence && json === JSON.stringify(before.lease);
    if (!lease) sql.exec(SQL.deleteLease, kind, id);
    else if (!sameLease) {
      const end = lease.expiresAt === null ? null : lease.expiresAt + skew;
      sql.exec(SQL.writeLease, kind, id, fence, json, end);
    }
  }
}

function movesOf<K extends Kind>(kind: K, before: Entry<K> | undefined, after: Entry<K> | undefined): Moves {
  const oldTerms = before ? termsOf(kind, before.document) : [];
  const newTerms = after ? termsOf(kind, after.document) : [];
  return {
    dropped: oldTerms.filter((term) => !newTerms.includes(term)),
    added: newTerms.filter((term) => !oldTerms.includes(term)),
  };
}
