import type { Sql } from "../durable/storage.ts";

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
];

export type EpochRow = { fence: string; registered_at: number };

/** The latest registration; undefined: there was none yet. */
export const readEpoch = (sql: Sql): EpochRow | undefined =>
  sql.exec<EpochRow>("SELECT fence, registered_at FROM epoch").toArray()[0];

export const writeEpoch = (sql: Sql, fence: string, registeredAt: number): void =>
  void sql.exec(
    "INSERT OR REPLACE INTO epoch (one, fence, registered_at) VALUES (1, ?, ?)",
    fence,
    registeredAt,
  );

/** Puts `prefix` before the fence of the latest registration. */
export const prefixFence = (sql: Sql, prefix: string): void =>
  void sql.exec("UPDATE epoch SET fence = ? || fence", prefix);

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
  /** What the call takes altogether: message, deltas and outcome. */
  chars: number;
};

const CALLS = "SELECT number, id, state, caller, tool_use_id, digest, deltas, delta_chars, chars FROM call";

export const readCall = (sql: Sql, id: string): CallRow | undefined =>
  sql.exec<CallRow>(`${CALLS} WHERE id = ?`, id).toArray()[0];

export const readCallByIdentity = (sql: Sql, identity: string): CallRow | undefined =>
  sql.exec<CallRow>(`${CALLS} WHERE identity = ?`, identity).toArray()[0];

/** In the order in which they came. */
export const readQueued = (sql: Sql, max: number): CallRow[] =>
  sql.exec<CallRow>(`${CALLS} WHERE status = 'queued' ORDER BY number LIMIT ?`, max).toArray();

export const readUnsettled = (sql: Sql): CallRow[] =>
  sql.exec<CallRow>(`${CALLS} WHERE status IN ('queued', 'claimed')`).toArray();

export const readDue = (sql: Sql, now: number): CallRow[] =>
  sql.exec<CallRow>(`${CALLS} WHERE due_at < ?`, now).toArray();

export const readNextDueAt = (sql: Sql): number | null =>
  sql.exec<{ due_at: number | null }>("SELECT min(due_at) AS due_at FROM call").one().due_at;

export const readMessage = (sql: Sql, number: number): string | null =>
  sql.exec<{ message: string | null }>("SELECT message FROM call WHERE number = ?", number).one().message;

export const readOutcome = (sql: Sql, number: number): string | null =>
  sql.exec<{ outcome: string | null }>("SELECT outcome FROM call WHERE number = ?", number).one().outcome;

export const totalChars = (sql: Sql): number =>
  sql.exec<{ chars: number }>("SELECT total(chars) AS chars FROM call").one().chars;

const COUNT = "SELECT count(*) AS n FROM call";

export const countQueued = (sql: Sql): number =>
  sql.exec<{ n: number }>(`${COUNT} WHERE status = 'queued'`).one().n;

export const countClaimed = (sql: Sql): number =>
  sql.exec<{ n: number }>(`${COUNT} WHERE status = 'claimed'`).one().n;

export const countClaimedBy = (sql: Sql, consumer: string): number =>
  sql.exec<{ n: number }>(`${COUNT} WHERE status = 'claimed' AND consumer = ?`, consumer).one().n;

export type NewCallRow = Pick<CallRow, "id" | "state" | "caller" | "tool_use_id" | "digest"> & {
  status: string;
  due_at: number;
  identity: string | null;
  message: string;
};

export const insertCall = (sql: Sql, row: NewCallRow): void =>
  void sql.exec(
    `INSERT INTO call
       (id, status, due_at, state, caller, tool_use_id, identity, digest, deltas, delta_chars, chars, message)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`,
    row.id,
    row.status,
    row.due_at,
    row.state,
    row.caller,
    row.tool_use_id,
    row.identity,
    row.digest,
    row.message.length,
    row.message,
  );

export type CallStateRow = { status: string; due_at: number; consumer: string | null; state: string };

export const updateCall = (sql: Sql, number: number, row: CallStateRow): void =>
  void sql.exec(
    "UPDATE call SET status = ?, due_at = ?, consumer = ?, state = ? WHERE number = ?",
    row.status,
    row.due_at,
    row.consumer,
    row.state,
    number,
  );

export type SettledRow = Omit<CallStateRow, "consumer"> & {
  outcome: string;
  chars: number;
  /** Whether a later call of the same identity is a repetition of this one. */
  keepIdentity: boolean;
};

export const settleCall = (sql: Sql, number: number, row: SettledRow): void =>
  void sql.exec(
    `UPDATE call SET status = ?, due_at = ?, consumer = NULL, state = ?, message = NULL, outcome = ?, chars = ?,
       identity = iif(?, identity, NULL) WHERE number = ?`,
    row.status,
    row.due_at,
    row.state,
    row.outcome,
    row.chars,
    row.keepIdentity ? 1 : 0,
    number,
  );

export function deleteCall(sql: Sql, number: number): void {
  sql.exec("DELETE FROM delta WHERE call = ?", number);
  sql.exec("DELETE FROM call WHERE number = ?", number);
}

export type DeltaRow = { seq: number; stream: string; delta: string };

export function insertDelta(sql: Sql, call: number, { seq, stream, delta }: DeltaRow): void {
  sql.exec("INSERT INTO delta (call, seq, stream, delta) VALUES (?, ?, ?, ?)", call, seq, stream, delta);
  sql.exec(
    "UPDATE call SET deltas = deltas + 1, delta_chars = delta_chars + ?1, chars = chars + ?1 WHERE number = ?2",
    delta.length,
    call,
  );
}

/** Those after number `after`, in order; read as far as they are taken. */
export const readDeltas = (sql: Sql, call: number, after: number): Iterable<DeltaRow> =>
  sql.exec<DeltaRow>(
    "SELECT seq, stream, delta FROM delta WHERE call = ? AND seq > ? ORDER BY seq",
    call,
    after,
  );
