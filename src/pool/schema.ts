/**
 * Tables of one service's pool; docs/storage.md describes them. Instants are ms since the Unix epoch.
 * Append to this list, never change what is in it: each statement has run in existing objects.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE provider (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE cursor (key TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE selection (number INTEGER PRIMARY KEY AUTOINCREMENT, selection TEXT NOT NULL);
   CREATE TABLE reported (selection_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
   CREATE INDEX reported_at ON reported (at);`,
  // What the namespace's history is to be told.
  `CREATE TABLE untold (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);`,
];

/** Every statement of the object. The comments give the parameters, in order, and the columns of the answer. */
export const SQL = {
  /** → key, state */
  readProviders: "SELECT key, state FROM provider",
  /** key, state */
  writeProvider: "INSERT OR REPLACE INTO provider (key, state) VALUES (?, ?)",
  /** key */
  deleteProvider: "DELETE FROM provider WHERE key = ?",

  /** → key, position */
  readCursors: "SELECT key, position FROM cursor",
  /** key, position */
  writeCursor: "INSERT OR REPLACE INTO cursor (key, position) VALUES (?, ?)",

  /** selection → number */
  addSelection: "INSERT INTO selection (selection) VALUES (?) RETURNING number",
  /** the last number to forget */
  forgetSelections: "DELETE FROM selection WHERE number <= ?",
  /** limit → selection, newest first */
  latestSelections: "SELECT selection FROM selection ORDER BY number DESC LIMIT ?",

  /** selection_id, now → a row where it was not reported before */
  addReported: "INSERT OR IGNORE INTO reported (selection_id, at) VALUES (?, ?) RETURNING 1",
  /** the first instant to keep */
  forgetReported: "DELETE FROM reported WHERE at < ?",

  /** event → number */
  addUntold: "INSERT INTO untold (event) VALUES (?) RETURNING number",
  /** limit → number, event, oldest first */
  readUntold: "SELECT number, event FROM untold ORDER BY number LIMIT ?",
  /** the last number to forget */
  forgetUntold: "DELETE FROM untold WHERE number <= ?",
} as const;
