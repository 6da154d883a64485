/**
 * Tables of one namespace; docs/storage.md describes them. Instants are ms since the Unix epoch.
 *
 * Leases stand apart and carry no second index, so that a heartbeat writes one row: rows written are what is paid for.
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
];
