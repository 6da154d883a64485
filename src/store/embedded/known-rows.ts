import type { Kind, Ref } from "../../core/entry.ts";
import { Lru } from "../../core/lru.ts";
import type { Sql } from "../../durable/storage.ts";
import { type EntryRow, type LeaseRow, SQL } from "./schema.ts";

/** An object may take 128 MB; a character takes a byte, or two. */
const CHARS_MAX = 20_000_000;
/** What an entry takes beside its document, about. */
const LEASE_CHARS = 500;

interface Known {
  row: Omit<EntryRow, "lease">;
  /** As it was written last, alive or not; null: there is none; undefined: it was written since it was read. */
  lease: LeaseRow | null | undefined;
}

/**
 * The entries that were drawn last, in memory: SQLite's own cache is small, and a draw reads all over its tables. The object is
 * the only writer of them, and says which entry or lease it changes.
 */
export class KnownRows {
  readonly #sql: Sql;
  readonly #known = new Lru<Known>(CHARS_MAX);

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Entries whole, in the order of `ids`, each read when it is asked for. */
  *of(kind: Kind, ids: readonly string[], clock: number): Generator<EntryRow> {
    const leases = this.#readLeases(
      kind,
      ids.filter((id) => this.#known.get(keyOf({ kind, id }))?.lease === undefined),
    );
    for (const id of ids) {
      const known = this.#find({ kind, id });
      if (known.lease === undefined) known.lease = leases.get(id) ?? null;
      yield { ...known.row, lease: aliveIn(known, clock) };
    }
  }

  entryChanged(ref: Ref<Kind>): void {
    this.#known.delete(keyOf(ref));
  }

  leaseChanged(ref: Ref<Kind>): void {
    const known = this.#known.get(keyOf(ref));
    if (known) known.lease = undefined;
  }

  #find(ref: Ref<Kind>): Known {
    const found = this.#known.get(keyOf(ref));
    if (found) return found;
    const row = this.#sql.exec<Known["row"]>(SQL.readRow, ref.kind, ref.id).one();
    const known = { row, lease: undefined };
    this.#known.set(keyOf(ref), known, row.document.length + LEASE_CHARS);
    return known;
  }

  #readLeases(kind: Kind, ids: readonly string[]): Map<string, LeaseRow> {
    if (ids.length === 0) return new Map();
    const rows = this.#sql.exec<LeaseRow>(SQL.readLeases, JSON.stringify(ids), kind).toArray();
    return new Map(rows.map((lease) => [lease.id, lease]));
  }
}

const keyOf = ({ kind, id }: Ref<Kind>): string => `${kind}\x1f${id}`;

const aliveIn = ({ row, lease }: Known, clock: number): string | null =>
  lease?.fence === row.fence && (lease.expires_at === null || lease.expires_at >= clock) ? lease.lease : null;
