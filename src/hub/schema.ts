/**
 * Tables of one hub; docs/storage.md describes them. Instants are ms since the Unix epoch. Append to this list, never change
 * what is in it.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE life (
     number INTEGER PRIMARY KEY,
     seen_at INTEGER,
     sockets INTEGER NOT NULL,
     until INTEGER
   );
   CREATE TABLE departure (id TEXT NOT NULL, fence TEXT NOT NULL, departure TEXT NOT NULL,
     PRIMARY KEY (id, fence)) WITHOUT ROWID;`,
];

export type LifeRow = {
  number: number;
  /** When its holder was last written; null: never. */
  seen_at: number | null;
  sockets: number;
  /** When it is given up; null: it is the current one, or was until the object ended. */
  until: number | null;
};

/** Every statement of the object. The comments give the parameters, in order. */
export const SQL = {
  /** → LifeRow, oldest first */
  lives: "SELECT number, seen_at, sockets, until FROM life ORDER BY number",
  /** → number of the new one */
  begin:
    "INSERT INTO life (number, sockets) SELECT coalesce(max(number), 0) + 1, 0 FROM life RETURNING number",
  /** seen_at, sockets, number */
  seen: "UPDATE life SET seen_at = ?, sockets = ? WHERE number = ?",
  /** until, number */
  giveUp: "UPDATE life SET until = ? WHERE number = ?",
  /** number */
  forget: "DELETE FROM life WHERE number = ?",

  /** id, fence, departure */
  addDeparture: "INSERT OR REPLACE INTO departure (id, fence, departure) VALUES (?, ?, ?)",
  /** → id, fence, departure */
  departures: "SELECT id, fence, departure FROM departure LIMIT 500",
  /** id, fence */
  dropDeparture: "DELETE FROM departure WHERE id = ? AND fence = ?",
} as const;
