import { DurableObject } from "cloudflare:workers";
import type { Document, Entry, Kind, Kinds, Ref } from "../../core/entry.ts";
import type { Event } from "../../core/event.ts";
import { termsOf } from "../../core/kinds.ts";
import {
  type Change,
  EVENTS_MAX,
  type EventRecord,
  type HealQuery,
  type Healed,
  type Page,
  type PageQuery,
  type Renewal,
  type Renewed,
  type RollPage,
  type Snapshot,
  type SweepReport,
} from "../store.ts";
import { migrate } from "../../durable/migrate.ts";
import type { Served } from "../../durable/served.ts";
import type { DrawQuery, Drawn, RegistryCalls } from "./registry-calls.ts";
import { MIGRATIONS } from "./schema.ts";

// An answer travels by RPC, which has a size limit; documents of 32 KiB reach it before their number does.
const REPLY_BYTES_MAX = 8_000_000;

type EntryRow = {
  id: string;
  document: string;
  draining: number;
  unreachable: number;
  version: number;
  /** null when absent or lapsed */
  lease: string | null;
};

type EventRow = { revision: number; event: string };

const toEvent = ({ revision, event }: EventRow): EventRecord => ({
  revision,
  ...(JSON.parse(event) as Event),
});

const ENTRY_COLUMNS = "e.id, e.document, e.draining, e.unreachable, e.version, l.lease";
/** One parameter: now. */
const LIVE_LEASE = `LEFT JOIN lease l ON l.kind = e.kind AND l.id = e.id AND l.fence = e.fence
                    AND (l.expires_at IS NULL OR l.expires_at >= ?)`;

/**
 * The embedded store: one object holds one namespace, and does what the port (store.ts) says, method for method. Being the
 * only writer and never waiting inside a method, each method is atomic.
 */
export class RegistryObject extends DurableObject implements Served<RegistryCalls> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#sql = ctx.storage.sql;
  }

  ping(): void {}

  read<K extends Kind>(refs: readonly Ref<K>[], now: number): Snapshot<K>[] {
    return refs.map((ref) => this.#snapshot(ref, now));
  }

  commit<K extends Kind>(changes: readonly Change<K>[], now: number): ("committed" | Snapshot<K>)[] {
    return changes.map(({ before, after, event }) => {
      const { ref } = before;
      const current = this.#snapshot(ref, now);
      if (current.version !== before.version) return current;
      this.ctx.storage.transactionSync(() => {
        this.#write(ref, current.entry, after);
        if (event) this.#tell(event);
      });
      return "committed";
    });
  }

  renew(renewals: readonly Renewal<Kind>[], now: number): Renewed[] {
    return renewals.map(({ ref: { kind, id }, fence, lease, ttlMs }) => {
      const renewed = this.#sql
        .exec(
          `UPDATE lease SET lease = ?1, expires_at = iif(?2 IS NULL, expires_at, ?2)
           WHERE kind = ?3 AND id = ?4 AND fence = ?5 AND (expires_at IS NULL OR expires_at >= ?6) RETURNING 1`,
          JSON.stringify(lease),
          ttlMs === null ? null : now + ttlMs,
          kind,
          id,
          fence,
          now,
        )
        .toArray();
      if (renewed.length === 0) return "gone";
      const [entry] = this.#sql
        .exec<{ draining: number }>("SELECT draining FROM entry WHERE kind = ? AND id = ?", kind, id)
        .toArray();
      return entry?.draining ? "drain" : "run";
    });
  }

  sample<K extends Kind>({ kind, terms, exhaustive, size, examined }: DrawQuery<K>, now: number): Drawn<K> {
    const { sql, bindings } = matching(kind, terms);
    const { total } = this.#sql
      .exec<{ total: number }>(`SELECT count(*) AS total FROM (${sql})`, ...bindings)
      .one();
    const rows = this.#sql.exec<EntryRow>(
      `SELECT ${ENTRY_COLUMNS} FROM entry e ${LIVE_LEASE}
       WHERE e.kind = ? AND e.id IN (SELECT id FROM (${sql})
         WHERE id NOT IN (SELECT value FROM json_each(?)) ORDER BY random() LIMIT ?)
       ORDER BY random()`,
      now,
      kind,
      ...bindings,
      JSON.stringify(examined),
      total <= exhaustive ? total : size,
    );
    return { entries: take<K>(rows).entries, total };
  }

  page<K extends Kind>({ kind, terms, after, limit }: PageQuery<K>, now: number): Page<K> {
    const { sql, bindings } = matching(kind, terms);
    const rows = this.#sql.exec<EntryRow>(
      `SELECT ${ENTRY_COLUMNS} FROM entry e ${LIVE_LEASE}
       WHERE e.kind = ? AND e.id IN (SELECT id FROM (${sql}) WHERE id > ? ORDER BY id LIMIT ?) ORDER BY e.id`,
      now,
      kind,
      ...bindings,
      after,
      limit,
    );
    const { entries, cut } = take<K>(rows);
    const last = entries.at(-1)?.document.registration.id ?? null;
    return { entries, next: cut || entries.length === limit ? last : null };
  }

  count(kind: Kind): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM entry WHERE kind = ?", kind).one().n;
  }

  terms(): Map<string, number> {
    const rows = this.#sql.exec<{ term: string; entries: number }>(
      "SELECT term, count(*) AS entries FROM term GROUP BY term",
    );
    return new Map([...rows].map(({ term, entries }) => [term, entries]));
  }

  roll({ kind, after, limit }: { kind: "agent"; after: string; limit: number }, now: number): RollPage {
    const calls = this.#sql
      .exec<{ id: string; fence: string; lease: string | null; unreachable: number }>(
        `SELECT e.id, e.fence, l.lease, e.unreachable FROM entry e ${LIVE_LEASE}
         WHERE e.kind = ? AND e.id > ? ORDER BY e.id LIMIT ?`,
        now,
        kind,
        after,
        limit,
      )
      .toArray()
      .map(({ id, fence, lease, unreachable }) => ({
        id,
        fence,
        lease: parseLease<"agent">(lease),
        unreachable: unreachable === 1,
      }));
    return { calls, next: calls.length === limit ? calls.at(-1)!.id : null };
  }

  /** Nothing to do: terms are written with their entry, and nothing else can touch the tables. */
  heal(_query: HealQuery): Healed {
    return { removed: 0, next: "" };
  }

  events({ since, limit }: { since: number | undefined; limit: number }): EventRecord[] | "too_old" {
    const { oldest, newest } = this.#sql
      .exec<{ oldest: number | null; newest: number | null }>(
        "SELECT min(revision) AS oldest, (SELECT seq FROM sqlite_sequence WHERE name = 'event') AS newest FROM event",
      )
      .one();
    const last = newest ?? 0;
    if (since !== undefined && (since > last || since + 1 < (oldest ?? last + 1))) return "too_old";
    return this.#sql
      .exec<EventRow>(
        "SELECT revision, event FROM event WHERE revision > ? ORDER BY revision LIMIT ?",
        since ?? 0,
        limit,
      )
      .toArray()
      .map(toEvent);
  }

  latest(limit: number): EventRecord[] {
    return this.#sql
      .exec<EventRow>("SELECT revision, event FROM event ORDER BY revision DESC LIMIT ?", limit)
      .toArray()
      .map(toEvent);
  }

  sweepReport(): SweepReport | undefined {
    const [row] = this.#sql
      .exec<{ report: string }>("SELECT report FROM report WHERE name = 'sweep'")
      .toArray();
    return row && (JSON.parse(row.report) as SweepReport);
  }

  keepSweepReport(report: SweepReport): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO report (name, report) VALUES ('sweep', ?)",
      JSON.stringify(report),
    );
  }

  #snapshot<K extends Kind>(ref: Ref<K>, now: number): Snapshot<K> {
    const [row] = this.#sql
      .exec<EntryRow>(
        `SELECT ${ENTRY_COLUMNS} FROM entry e ${LIVE_LEASE} WHERE e.kind = ? AND e.id = ?`,
        now,
        ref.kind,
        ref.id,
      )
      .toArray();
    if (!row) return { ref, entry: undefined, version: "" };
    const entry = toEntry<K>(row);
    // The row's number alone could come again after a removal; with the fence it cannot.
    return { ref, entry, version: [entry.document.fence, row.version, row.lease ?? ""].join("\n") };
  }

  #write<K extends Kind>(
    { kind, id }: Ref<K>,
    before: Entry<K> | undefined,
    after: Entry<K> | undefined,
  ): void {
    const sql = this.#sql;
    if (!after) {
      sql.exec("DELETE FROM entry WHERE kind = ? AND id = ?", kind, id);
      sql.exec("DELETE FROM lease WHERE kind = ? AND id = ?", kind, id);
      this.#dropTerms(kind, id, before ? termsOf(kind, before.document) : []);
      return;
    }
    const { document, lease, draining, unreachable } = after;
    sql.exec(
      `INSERT INTO entry (kind, id, fence, document, draining, unreachable, version) VALUES (?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (kind, id) DO UPDATE SET fence = excluded.fence, document = excluded.document,
         draining = excluded.draining, unreachable = excluded.unreachable, version = version + 1`,
      kind,
      id,
      document.fence,
      JSON.stringify(document),
      draining ? 1 : 0,
      unreachable ? 1 : 0,
    );
    const leaseJson = JSON.stringify(lease);
    // A lease that stays as it is keeps its end, which a heartbeat without a `ttlMs` need not have said.
    const sameLease = before?.document.fence === document.fence && leaseJson === JSON.stringify(before.lease);
    if (!lease) sql.exec("DELETE FROM lease WHERE kind = ? AND id = ?", kind, id);
    else if (!sameLease) {
      sql.exec(
        "INSERT OR REPLACE INTO lease (kind, id, fence, lease, expires_at) VALUES (?, ?, ?, ?, ?)",
        kind,
        id,
        document.fence,
        leaseJson,
        lease.expiresAt,
      );
    }
    const oldTerms = before ? termsOf(kind, before.document) : [];
    const newTerms = termsOf(kind, document);
    const dropped = oldTerms.filter((term) => !newTerms.includes(term));
    const added = newTerms.filter((term) => !oldTerms.includes(term));
    this.#dropTerms(kind, id, dropped);
    sql.exec(
      "INSERT INTO term (kind, term, id) SELECT ?, value, ? FROM json_each(?)",
      kind,
      id,
      JSON.stringify(added),
    );
  }

  #dropTerms(kind: Kind, id: string, terms: readonly string[]): void {
    this.#sql.exec(
      "DELETE FROM term WHERE kind = ? AND id = ? AND term IN (SELECT value FROM json_each(?))",
      kind,
      id,
      JSON.stringify(terms),
    );
  }

  #tell(event: Event): void {
    const { revision } = this.#sql
      .exec<{ revision: number }>(
        "INSERT INTO event (event) VALUES (?) RETURNING revision",
        JSON.stringify(event),
      )
      .one();
    this.#sql.exec("DELETE FROM event WHERE revision <= ?", revision - EVENTS_MAX);
  }
}

/** Ids under all of the terms, walked along the first one's index. */
function matching(kind: Kind, terms: readonly string[]): { sql: string; bindings: string[] } {
  const others = terms
    .slice(1)
    .map(() => "AND EXISTS (SELECT 1 FROM term o WHERE o.kind = t.kind AND o.term = ? AND o.id = t.id)");
  return {
    sql: `SELECT t.id FROM term t WHERE t.kind = ? AND t.term = ? ${others.join(" ")}`,
    bindings: [kind, ...terms],
  };
}

function take<K extends Kind>(rows: Iterable<EntryRow>): { entries: Entry<K>[]; cut: boolean } {
  const entries: Entry<K>[] = [];
  let bytes = 0;
  for (const row of rows) {
    entries.push(toEntry<K>(row));
    bytes += row.document.length;
    if (bytes >= REPLY_BYTES_MAX) return { entries, cut: true };
  }
  return { entries, cut: false };
}

const parseLease = <K extends Kind>(json: string | null): Kinds[K]["lease"] | null =>
  json === null ? null : (JSON.parse(json) as Kinds[K]["lease"]);

const toEntry = <K extends Kind>(row: EntryRow): Entry<K> => ({
  document: JSON.parse(row.document) as Document<K>,
  lease: parseLease<K>(row.lease),
  draining: row.draining === 1,
  unreachable: row.unreachable === 1,
});
