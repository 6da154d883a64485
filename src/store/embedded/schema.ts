/**
 * Tables of one namespace; docs/storage.md describes them. Instants are ms since the Unix epoch.
 *
 * Leases have a table of their own and no second index, so that a heartbeat writes one row: rows written are what is billed.
 * Append to this list, never change what is in it: each statement has run in somebody's object.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE entry (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     fence TEXT NOT NULL,
     document TEXT NOT NULL,
     draining INTEGER NOT NULL,
     unreachable INTEGER NOT NULL,
     version INTEGER NOT NULL,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID;
   CREATE TABLE lease (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     fence TEXT NOT NULL,
     lease TEXT NOT NULL,
     expires_at INTEGER,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID;
   CREATE TABLE term (
     kind TEXT NOT NULL,
     term TEXT NOT NULL,
     id TEXT NOT NULL,
     PRIMARY KEY (kind, term, id)
   ) WITHOUT ROWID;
   CREATE TABLE event (revision INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
   CREATE TABLE report (name TEXT PRIMARY KEY, report TEXT NOT NULL) WITHOUT ROWID;`,
  // Counting the rows of `term` would take as long as the fleet is large.
  `CREATE TABLE term_count (term TEXT PRIMARY KEY, entries INTEGER NOT NULL) WITHOUT ROWID;
   INSERT INTO term_count SELECT term, count(*) FROM term GROUP BY term;`,
  `CREATE TABLE secret (name TEXT PRIMARY KEY, secret TEXT NOT NULL) WITHOUT ROWID;`,
  `ALTER TABLE event ADD COLUMN nonce TEXT NOT NULL DEFAULT '0';
   INSERT INTO secret (name, secret) VALUES ('history', abs(random() >> 1));`,
  // The sweep's ledger: not only whether an entry is unreachable, but also since when it has lapsed.
  `ALTER TABLE entry ADD COLUMN mark TEXT;
   UPDATE entry SET mark = 'unreachable' WHERE unreachable = 1;
   ALTER TABLE entry DROP COLUMN unreachable;`,
  `CREATE TABLE ended (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     fence TEXT NOT NULL,
     until INTEGER NOT NULL,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID;
   CREATE INDEX ended_until ON ended (until);`,
  // Who holds leases by their agents' sockets.
  `CREATE TABLE holder (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;`,
  // Changes of status that a later one took the place of: a cursor may stand on one.
  `CREATE TABLE replaced (revision INTEGER PRIMARY KEY, nonce TEXT NOT NULL, at INTEGER NOT NULL);`,
  // What the namespace has (owner "") and each owner's part of it. `terms` are those that the owner's entries brought.
  `CREATE TABLE usage (
     owner TEXT PRIMARY KEY,
     agents INTEGER NOT NULL DEFAULT 0,
     toolsets INTEGER NOT NULL DEFAULT 0,
     terms INTEGER NOT NULL DEFAULT 0,
     bytes INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID;
   INSERT INTO usage (owner, agents, toolsets, bytes)
     SELECT coalesce(document ->> 'owner', ''), sum(kind = 'agent'), sum(kind = 'toolset'), sum(length(document))
     FROM entry GROUP BY 1;
   INSERT INTO usage (owner, agents, toolsets, bytes)
     SELECT '', coalesce(sum(agents), 0), coalesce(sum(toolsets), 0), coalesce(sum(bytes), 0) FROM usage WHERE true
     ON CONFLICT (owner) DO UPDATE SET agents = excluded.agents, toolsets = excluded.toolsets, bytes = excluded.bytes;
   UPDATE usage SET terms = (SELECT count(*) FROM term_count) WHERE owner = '';
   ALTER TABLE term_count ADD COLUMN owner TEXT;`,
  `CREATE TABLE api_key (id TEXT PRIMARY KEY, key TEXT NOT NULL, used INTEGER) WITHOUT ROWID;`,
  // Each entry's newest events, counted from 1; and until when those of an entry that has ended are kept.
  `CREATE TABLE log (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     number INTEGER NOT NULL,
     revision INTEGER NOT NULL,
     nonce TEXT NOT NULL,
     event TEXT NOT NULL,
     PRIMARY KEY (kind, id, number)
   ) WITHOUT ROWID;
   CREATE TABLE log_end (kind TEXT NOT NULL, id TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
   CREATE INDEX log_end_until ON log_end (until);`,
];

/** An entry whole, as `toEntry` (rows.ts) takes it. */
export type EntryRow = {
  id: string;
  fence: string;
  document: string;
  draining: number;
  /** As store/mark.ts writes it. */
  mark: string | null;
  version: number;
  /** null when absent or lapsed */
  lease: string | null;
};

/** As it was written last: it may have lapsed. */
export type LeaseRow = { id: string; fence: string; lease: string; expires_at: number | null };
export type RollRow = {
  id: string;
  fence: string;
  draining: number;
  mark: string | null;
  lease: string | null;
};
export type UsageRow = { agents: number; toolsets: number; terms: number; bytes: number };
export type TermCountRow = { term: string; entries: number };
export type EventRow = { revision: number; nonce: string; event: string };

const ROW = "e.id, e.fence, e.document, e.draining, e.mark, e.version";
const ENTRY = `${ROW}, l.lease`;

/** Parameter: the object's clock. */
const WITH_LIVE_LEASE = `LEFT JOIN lease l ON l.kind = e.kind AND l.id = e.id AND l.fence = e.fence
  AND (l.expires_at IS NULL OR l.expires_at >= ?)`;

/** That an id is under so many further terms. Parameters: the terms. */
const isUnder = (terms: number): string =>
  "AND EXISTS (SELECT 1 FROM term o WHERE o.kind = t.kind AND o.term = ? AND o.id = t.id) ".repeat(terms);

/** Ids under so many terms, walked along the first one. Parameters: kind, the terms. */
const idsUnder = (terms: number): string =>
  `SELECT t.id FROM term t WHERE t.kind = ? AND t.term = ? ${isUnder(terms - 1)}`;

/** Every statement of the object. The comments give the parameters, in order. */
export const SQL = {
  /** clock, kind, id → EntryRow */
  readEntry: `SELECT ${ENTRY} FROM entry e ${WITH_LIVE_LEASE} WHERE e.kind = ? AND e.id = ?`,
  /** kind, id, fence, document, draining, mark */
  writeEntry: `INSERT INTO entry (kind, id, fence, document, draining, mark, version)
    VALUES (?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT (kind, id) DO UPDATE SET fence = excluded.fence, document = excluded.document,
      draining = excluded.draining, mark = excluded.mark, version = version + 1`,
  /** kind, id */
  deleteEntry: "DELETE FROM entry WHERE kind = ? AND id = ?",
  /** kind, id → draining */
  isDraining: "SELECT draining FROM entry WHERE kind = ? AND id = ?",

  /** kind, id, fence, lease, expires_at */
  writeLease: "INSERT OR REPLACE INTO lease (kind, id, fence, lease, expires_at) VALUES (?, ?, ?, ?, ?)",
  /** kind, id */
  deleteLease: "DELETE FROM lease WHERE kind = ? AND id = ?",
  /** lease, expires_at (null: keep it; largest: none), kind, id, fence, clock → a row where the lease was alive */
  renewLease: `UPDATE lease SET lease = ?1, expires_at = iif(?2 IS NULL, expires_at, ?2)
    WHERE kind = ?3 AND id = ?4 AND fence = ?5 AND (expires_at IS NULL OR expires_at >= ?6) RETURNING 1`,

  /** lease, expires_at, kind, id, fence, clock, the holder as it stands in the lease → a row where it held it */
  releaseLease: `UPDATE lease SET lease = ?1, expires_at = ?2
    WHERE kind = ?3 AND id = ?4 AND fence = ?5 AND (expires_at IS NULL OR expires_at >= ?6) AND instr(lease, ?7) > 0
    RETURNING 1`,
  /** JSON list of [kind, id, fence], clock → the place in the list of each that is there */
  keptLeases: `SELECT j.key AS place FROM json_each(?1) j JOIN lease l ON l.kind = j.value ->> 0
    AND l.id = j.value ->> 1 AND l.fence = j.value ->> 2 WHERE l.expires_at IS NULL OR l.expires_at >= ?2`,

  /** name → holder */
  readHolder: "SELECT holder FROM holder WHERE name = ?",
  /** JSON list of names → name, holder */
  readHolders: "SELECT name, holder FROM holder WHERE name IN (SELECT value FROM json_each(?))",
  /** name, holder, until */
  writeHolder: "INSERT OR REPLACE INTO holder (name, holder, until) VALUES (?, ?, ?)",
  /** clock */
  forgetHolders: "DELETE FROM holder WHERE until < ?",

  /** kind, id, fence, until */
  writeEnded: "INSERT OR REPLACE INTO ended (kind, id, fence, until) VALUES (?, ?, ?, ?)",
  /** kind, id, clock → fence */
  readEnded: "SELECT fence FROM ended WHERE kind = ? AND id = ? AND until >= ?",
  /** clock; some at a time */
  forgetEnded: `DELETE FROM ended WHERE (kind, id) IN
    (SELECT kind, id FROM ended WHERE until < ? ORDER BY until LIMIT 100)`,

  /** kind, id, JSON list of terms */
  addTerms: "INSERT INTO term (kind, term, id) SELECT ?1, value, ?2 FROM json_each(?3)",
  /** kind, id, JSON list of terms */
  dropTerms: "DELETE FROM term WHERE kind = ? AND id = ? AND term IN (SELECT value FROM json_each(?))",
  /** JSON list of terms that an entry is now under */
  countUp: `INSERT INTO term_count (term, entries, owner) SELECT value, 1, ? FROM json_each(?) WHERE true
    ON CONFLICT (term) DO UPDATE SET entries = entries + 1`,
  /** JSON list of terms that an entry is no longer under */
  countDown: "UPDATE term_count SET entries = entries - 1 WHERE term IN (SELECT value FROM json_each(?))",
  /** the same list → owner of terms that have no entries left, terms (how many) */
  emptyTerms: `SELECT owner, count(*) AS terms FROM term_count
    WHERE term IN (SELECT value FROM json_each(?)) AND entries <= 0 GROUP BY owner`,
  /** owner → UsageRow */
  readUsage: "SELECT agents, toolsets, terms, bytes FROM usage WHERE owner = ?",
  /** owner, agents, toolsets, terms, bytes */
  writeUsage: "INSERT OR REPLACE INTO usage (owner, agents, toolsets, terms, bytes) VALUES (?, ?, ?, ?, ?)",
  /** the same list: removes the terms that have no entries left */
  forgetEmpty: `DELETE FROM term_count
    WHERE term IN (SELECT value FROM json_each(?)) AND entries <= 0`,
  /** JSON list of terms → term, entries; terms without entries are left out */
  countUnder: "SELECT term, entries FROM term_count WHERE term IN (SELECT value FROM json_each(?))",
  /** term to start at, limit → term, entries, in the order of UTF-8 bytes */
  termsFrom: "SELECT term, entries FROM term_count WHERE term >= ? ORDER BY term LIMIT ?",
  /** term to start after, limit → the same */
  termsAfter: "SELECT term, entries FROM term_count WHERE term > ? ORDER BY term LIMIT ?",

  /** kind, term → id */
  members: "SELECT id FROM term WHERE kind = ? AND term = ?",
  /** kind, id → EntryRow without its lease */
  readRow: `SELECT ${ROW} FROM entry e WHERE e.kind = ? AND e.id = ?`,
  /** JSON list of ids, kind → LeaseRow */
  readLeases: `SELECT l.id, l.fence, l.lease, l.expires_at FROM json_each(?) d
    CROSS JOIN lease l WHERE l.kind = ? AND l.id = d.value`,
  /** kind, the terms → n */
  countMatches: (terms: number) => `SELECT count(*) AS n FROM (${idsUnder(terms)})`,
  /**
   * kind, the terms, JSON list of ids to leave out, limit, clock, kind → EntryRow, in random order. The ids are drawn first, and
   * CROSS JOIN keeps their order: only rows that are taken are read.
   */
  sample: (terms: number) => `SELECT ${ENTRY} FROM (SELECT id FROM (${idsUnder(terms)})
      WHERE id NOT IN (SELECT value FROM json_each(?)) ORDER BY random() LIMIT ?) d
    CROSS JOIN entry e ${WITH_LIVE_LEASE} WHERE e.kind = ? AND e.id = d.id`,
  /**
   * kind, first term, id to start after, limit, clock, kind, the other terms → EntryRow, by id. The members of the first term are
   * walked, and CROSS JOIN keeps their order: nothing is read of those after the last row that is taken.
   */
  page: (terms: number) => `SELECT ${ENTRY} FROM
      (SELECT kind, id FROM term WHERE kind = ? AND term = ? AND id > ? ORDER BY id LIMIT ?) t
    CROSS JOIN entry e ${WITH_LIVE_LEASE} WHERE e.kind = ? AND e.id = t.id ${isUnder(terms - 1)}
    ORDER BY t.id`,
  /** kind, term, id to start after, id to end with (null: none), limit → how many members these are, and the last id */
  examined: `SELECT count(*) AS examined, max(id) AS last FROM
    (SELECT id FROM term WHERE kind = ?1 AND term = ?2 AND id > ?3 AND (?4 IS NULL OR id <= ?4) ORDER BY id LIMIT ?5)`,
  /** clock, kind, id to start after, limit → RollRow, by id */
  roll: `SELECT e.id, e.fence, e.draining, e.mark, l.lease FROM entry e ${WITH_LIVE_LEASE}
    WHERE e.kind = ? AND e.id > ? ORDER BY e.id LIMIT ?`,

  /** event → revision, nonce */
  addEvent: "INSERT INTO event (event, nonce) VALUES (?, abs(random() >> 1)) RETURNING revision, nonce",
  /** kind, id, revision, nonce, event → number */
  addToLog: `INSERT INTO log SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5 FROM log
    WHERE kind = ?1 AND id = ?2 RETURNING number`,
  /** kind, id, the last number to forget */
  forgetOfLog: "DELETE FROM log WHERE kind = ? AND id = ? AND number <= ?",
  /** kind, id, revision */
  dropFromLog: "DELETE FROM log WHERE kind = ? AND id = ? AND revision = ?",
  /** kind, id, limit, clock → EventRow, newest first */
  readLog: `SELECT revision, nonce, event FROM log WHERE kind = ?1 AND id = ?2
    AND NOT EXISTS (SELECT 1 FROM log_end e WHERE e.kind = ?1 AND e.id = ?2 AND e.until <= ?4)
    ORDER BY number DESC LIMIT ?3`,
  /** kind, id, until */
  endLog: "INSERT OR REPLACE INTO log_end (kind, id, until) VALUES (?, ?, ?)",
  /** kind, id */
  beginLog: "DELETE FROM log_end WHERE kind = ? AND id = ?",
  /** clock → kind, id; some at a time */
  endedLogs:
    "DELETE FROM log_end WHERE (kind, id) IN (SELECT kind, id FROM log_end WHERE until <= ? ORDER BY until LIMIT 100) RETURNING kind, id",
  /** the last revision to forget */
  forgetEvents: "DELETE FROM event WHERE revision <= ?",
  /** revision, at: remembers an event and removes it */
  rememberReplaced:
    "INSERT OR REPLACE INTO replaced SELECT revision, nonce, ?2 FROM event WHERE revision = ?1",
  forgetReplacedEvent: "DELETE FROM event WHERE revision = ?",
  /** at */
  forgetReplaced: "DELETE FROM replaced WHERE at < ?",
  /** revision, nonce → a row if it was replaced */
  isReplaced: "SELECT 1 FROM replaced WHERE revision = ? AND nonce = ?",
  /** kind, id, fence → lease */
  readLease: "SELECT lease FROM lease WHERE kind = ? AND id = ? AND fence = ?",
  /** → newest revision, kept when its event is forgotten, and the history's nonce */
  history: `SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'event') AS revision, secret AS nonce
    FROM secret WHERE name = 'history'`,
  /** revision to begin with, limit → EventRow, oldest first */
  eventsFrom: "SELECT revision, nonce, event FROM event WHERE revision >= ? ORDER BY revision LIMIT ?",
  /** largest revision (null: any), limit → EventRow, newest first */
  latestEvents: `SELECT revision, nonce, event FROM event WHERE revision <= coalesce(?, 9e18)
    ORDER BY revision DESC LIMIT ?`,

  /** → report */
  readSweepReport: "SELECT report FROM report WHERE name = 'sweep'",
  /** report */
  writeSweepReport: "INSERT OR REPLACE INTO report (name, report) VALUES ('sweep', ?)",

  /** id → key, used: the hour of its last use */
  readKey: "SELECT key, used FROM api_key WHERE id = ?",
  /** → key, used, by id */
  readKeys: "SELECT key, used FROM api_key ORDER BY id",
  /** hour, id */
  noteKeyUsed: "UPDATE api_key SET used = ? WHERE id = ?",
  /** id, key */
  writeKey: "INSERT INTO api_key (id, key) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET key = excluded.key",
  /** id */
  deleteKey: "DELETE FROM api_key WHERE id = ?",
  /** → report: how often keys were changed; no row: never */
  readKeysVersion: "SELECT report FROM report WHERE name = 'keys'",
  /** report */
  writeKeysVersion: "INSERT OR REPLACE INTO report (name, report) VALUES ('keys', ?)",

  /** secret */
  addSigningKey: "INSERT OR IGNORE INTO secret (name, secret) VALUES ('signing key', ?)",
  /** → secret */
  readSigningKey: "SELECT secret FROM secret WHERE name = 'signing key'",
} as const;
