/**
 * Tables of one namespace's webhooks; docs/storage.md describes them. Append to this list, never change what is in it.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), place TEXT NOT NULL);
   CREATE TABLE subscription (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     subscription TEXT NOT NULL,
     secrets TEXT NOT NULL,
     progress TEXT NOT NULL
   );
   CREATE TABLE message (subscription TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
     missed INTEGER NOT NULL, PRIMARY KEY (subscription, number)) WITHOUT ROWID;`,
];

export type SubscriptionRow = { id: string; subscription: string; secrets: string; progress: string };

export type MessageRow = {
  number: number;
  /** The `webhook-id`. */
  id: string;
  body: string;
  /** Of a message that tells of events that were not kept: how many; 0: of every other. */
  missed: number;
};

/** Every statement of the object. The comments give the parameters, in order. */
export const SQL = {
  /** → place */
  place: "SELECT place FROM place",
  /** place */
  keepPlace: "INSERT OR REPLACE INTO place (one, place) VALUES (1, ?)",
  forgetPlace: "DELETE FROM place",

  /** → SubscriptionRow, oldest first */
  subscriptions: "SELECT id, subscription, secrets, progress FROM subscription ORDER BY number",
  /** id, subscription, secrets, progress */
  subscribe: "INSERT INTO subscription (id, subscription, secrets, progress) VALUES (?, ?, ?, ?)",
  /** progress, id */
  keepProgress: "UPDATE subscription SET progress = ? WHERE id = ?",
  /** secrets, id */
  keepSecrets: "UPDATE subscription SET secrets = ? WHERE id = ?",
  /** id */
  unsubscribe: "DELETE FROM subscription WHERE id = ?",

  /** subscription → queued: the numbers of those that wait have no gap, and counting would read every row */
  queued: `SELECT coalesce((SELECT max(number) FROM message WHERE subscription = ?1)
    - (SELECT min(number) FROM message WHERE subscription = ?1) + 1, 0) AS queued`,
  /** subscription → MessageRow */
  first: "SELECT number, id, body, missed FROM message WHERE subscription = ? ORDER BY number LIMIT 1",
  /** subscription → MessageRow */
  last: "SELECT number, id, body, missed FROM message WHERE subscription = ? ORDER BY number DESC LIMIT 1",
  /** subscription, id, body, missed */
  add: `INSERT INTO message (subscription, number, id, body, missed)
    SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4 FROM message WHERE subscription = ?1`,
  /** body, missed, subscription, number */
  amend: "UPDATE message SET body = ?, missed = ? WHERE subscription = ? AND number = ?",
  /** subscription, number */
  drop: "DELETE FROM message WHERE subscription = ? AND number = ?",
  /** subscription */
  dropAll: "DELETE FROM message WHERE subscription = ?",
} as const;
