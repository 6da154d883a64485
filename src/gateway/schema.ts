/**
 * Tables of one toolset's gateway; docs/storage.md describes them. Instants are ms since the Unix epoch.
 * Append to this list, never change what is in it.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE epoch (one INTEGER PRIMARY KEY CHECK (one = 1), fence TEXT NOT NULL, registered_at INTEGER NOT NULL);
   CREATE TABLE call (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     status TEXT NOT NULL,
     due_at INTEGER NOT NULL,
     state TEXT NOT NULL,
     consumer TEXT,
     caller TEXT NOT NULL,
     tool_use_id TEXT NOT NULL,
     identity TEXT UNIQUE,
     digest TEXT NOT NULL,
     deltas INTEGER NOT NULL,
     delta_chars INTEGER NOT NULL,
     chars INTEGER NOT NULL,
     message TEXT,
     outcome TEXT
   );
   CREATE INDEX call_due ON call (due_at);
   CREATE INDEX call_queued ON call (number) WHERE status = 'queued';
   CREATE INDEX call_claimed ON call (consumer) WHERE status = 'claimed';
   CREATE TABLE delta (
     call INTEGER NOT NULL,
     seq INTEGER NOT NULL,
     stream TEXT NOT NULL,
     delta TEXT NOT NULL,
     PRIMARY KEY (call, seq)
   ) WITHOUT ROWID;`,
];
