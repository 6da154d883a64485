/**
 * Tables of one service's pool; docs/storage.md describes them. Instants are ms since the Unix epoch.
 * Append to this list, never change what is in it.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE provider (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE cursor (key TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE selection (number INTEGER PRIMARY KEY AUTOINCREMENT, selection TEXT NOT NULL);
   CREATE TABLE reported (selection_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
   CREATE INDEX reported_at ON reported (at);`,
];
