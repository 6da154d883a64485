/**
 * Tables of one toolset's gateway; docs/storage.md describes them. Instants are ms since the Unix epoch.
 * Append to this list, never change what is in it: each statement has run in existing objects.
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
  `CREATE TABLE cancellation (
     claim_id TEXT PRIMARY KEY,
     call_id TEXT NOT NULL,
     consumer TEXT NOT NULL,
     due_at INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  `ALTER TABLE call ADD COLUMN result_hash TEXT NOT NULL DEFAULT '';
   CREATE TABLE result_schema (hash TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;`,
  `ALTER TABLE call ADD COLUMN made_at INTEGER NOT NULL DEFAULT 0;`,
];

/** The latest registration. */
export type EpochRow = { fence: string; registered_at: number };

/** A call without its largest columns, message and outcome. */
export type CallRow = {
  number: number;
  id: string;
  /** A CallState as JSON, without its outcome. */
  state: string;
  caller: string;
  tool_use_id: string;
  digest: string;
  deltas: number;
  delta_chars: number;
  result_hash: string;
  made_at: number;
  /** What the call takes altogether: message, deltas and outcome. */
  chars: number;
};

/** A claim whose consumer has to be told that the call is cancelled, unless the claim would have ended: `due_at`. */
export type CancellationRow = { claim_id: string; call_id: string; due_at: number };

/** A call that has failed. `state` is a CallState as JSON, without its outcome. */
export type FailureRow = { code: string; due_at: number; state: string };

export type DeltaRow = { seq: number; stream: string; delta: string };

const CALL =
  "SELECT number, id, state, caller, tool_use_id, digest, deltas, delta_chars, chars, result_hash, made_at FROM call";

/** Every statement of the object. The comments give the parameters, in order, and the columns of the answer. */
export const SQL = {
  /** → EpochRow */
  readEpoch: "SELECT fence, registered_at FROM epoch",
  /** fence, registered_at */
  writeEpoch: "INSERT OR REPLACE INTO epoch (one, fence, registered_at) VALUES (1, ?, ?)",
  /** prefix to put before the fence */
  prefixFence: "UPDATE epoch SET fence = ? || fence",

  /** id → CallRow */
  readCall: `${CALL} WHERE id = ?`,
  /** identity → CallRow */
  readCallByIdentity: `${CALL} WHERE identity = ?`,
  /** limit → CallRow, oldest first */
  queuedCalls: `${CALL} WHERE status = 'queued' ORDER BY number LIMIT ?`,
  /** → CallRow */
  unsettledCalls: `${CALL} WHERE status IN ('queued', 'claimed')`,
  /** now → CallRow */
  dueCalls: `${CALL} WHERE due_at < ?`,
  /** → due_at, null without calls */
  nextDueAt: "SELECT min(due_at) AS due_at FROM call",
  /** number → message, null once the call is settled */
  readMessage: "SELECT message FROM call WHERE number = ?",
  /** number → outcome, null until the call is settled */
  readOutcome: "SELECT outcome FROM call WHERE number = ?",
  /** → n */
  countQueued: "SELECT count(*) AS n FROM call WHERE status = 'queued'",
  /** → n */
  countClaimed: "SELECT count(*) AS n FROM call WHERE status = 'claimed'",
  /** consumer → n */
  countClaimedBy: "SELECT count(*) AS n FROM call WHERE status = 'claimed' AND consumer = ?",
  /** → FailureRow, newest first. Of the newest calls alone: no index has the failed ones. */
  lastFailures: `SELECT json_extract(outcome, '$.error.code') AS code, due_at, state FROM call
    WHERE status = 'failed' AND number > (SELECT max(number) FROM call) - 1000 ORDER BY due_at DESC LIMIT 5`,
  /** → chars, of all calls */
  totalChars: "SELECT total(chars) AS chars FROM call",

  /** id, status, due_at, state, caller, tool_use_id, identity, digest, chars, message, result_hash, made_at */
  addCall: `INSERT INTO call
    (id, status, due_at, state, caller, tool_use_id, identity, digest, deltas, delta_chars, chars, message,
     result_hash, made_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)`,
  /** status, due_at, consumer, state, number */
  updateCall: "UPDATE call SET status = ?, due_at = ?, consumer = ?, state = ? WHERE number = ?",
  /** status, due_at, state, outcome, chars, whether to keep the identity (0 or 1), number */
  settleCall: `UPDATE call SET status = ?, due_at = ?, consumer = NULL, state = ?, message = NULL, outcome = ?,
    chars = ?, identity = iif(?, identity, NULL) WHERE number = ?`,
  /** number */
  deleteCall: "DELETE FROM call WHERE number = ?",

  /** call, seq, stream, delta */
  addDelta: "INSERT INTO delta (call, seq, stream, delta) VALUES (?, ?, ?, ?)",
  /** chars of the delta, number */
  countDelta: `UPDATE call SET deltas = deltas + 1, delta_chars = delta_chars + ?1, chars = chars + ?1
    WHERE number = ?2`,
  /** call, number to start after → DeltaRow, in order */
  deltasAfter: "SELECT seq, stream, delta FROM delta WHERE call = ? AND seq > ? ORDER BY seq",
  /** call */
  deleteDeltas: "DELETE FROM delta WHERE call = ?",

  /** hash, json → hash, unless it was there already */
  addResultSchema: "INSERT OR IGNORE INTO result_schema (hash, json) VALUES (?, ?) RETURNING hash",
  /** hash → json */
  readResultSchema: "SELECT json FROM result_schema WHERE hash = ?",
  /** → n */
  countResultSchemas: "SELECT count(*) AS n FROM result_schema",
  /** Those of no call that is queued or claimed. */
  deleteUnusedResultSchemas: `DELETE FROM result_schema
    WHERE hash NOT IN (SELECT result_hash FROM call WHERE status IN ('queued', 'claimed'))`,

  /** claim_id, call_id, consumer, due_at */
  addCancellation: "INSERT INTO cancellation (claim_id, call_id, consumer, due_at) VALUES (?, ?, ?, ?)",
  /** consumer → CancellationRow, deleted */
  takeCancellations: "DELETE FROM cancellation WHERE consumer = ? RETURNING claim_id, call_id, due_at",
  /** now */
  deleteDueCancellations: "DELETE FROM cancellation WHERE due_at < ?",
  deleteCancellations: "DELETE FROM cancellation",
} as const;
