import type { Rows, Sql } from "../durable/storage.ts";

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
];

export const readProviders = (sql: Sql): Rows<{ key: string; state: string }> =>
  sql.exec("SELECT key, state FROM provider");

export const writeProvider = (sql: Sql, key: string, state: string): void =>
  void sql.exec("INSERT OR REPLACE INTO provider (key, state) VALUES (?, ?)", key, state);

export const dropProvider = (sql: Sql, key: string): void =>
  void sql.exec("DELETE FROM provider WHERE key = ?", key);

export const readCursors = (sql: Sql): Rows<{ key: string; position: string }> =>
  sql.exec("SELECT key, position FROM cursor");

export const writeCursor = (sql: Sql, key: string, position: string): void =>
  void sql.exec("INSERT OR REPLACE INTO cursor (key, position) VALUES (?, ?)", key, position);

/** Adds a selection and drops all but the newest `max`. */
export function addSelection(sql: Sql, selection: string, max: number): void {
  const { number } = sql
    .exec<{ number: number }>("INSERT INTO selection (selection) VALUES (?) RETURNING number", selection)
    .one();
  sql.exec("DELETE FROM selection WHERE number <= ?", number - max);
}

/** The newest first. */
export const readSelections = (sql: Sql, limit: number): Rows<{ selection: string }> =>
  sql.exec("SELECT selection FROM selection ORDER BY number DESC LIMIT ?", limit);

/** Notes that a selection was reported; false: it was noted before. */
export const addReported = (sql: Sql, selectionId: string, now: number): boolean =>
  sql
    .exec("INSERT OR IGNORE INTO reported (selection_id, at) VALUES (?, ?) RETURNING 1", selectionId, now)
    .toArray().length > 0;

export const dropReportedBefore = (sql: Sql, at: number): void =>
  void sql.exec("DELETE FROM reported WHERE at < ?", at);
