import {
  type CallMessage,
  type CallOutcome,
  type CallState,
  claimCall,
  type ClaimedCall,
  KEPT_CHARS_MAX,
  keptMsOf,
  QUEUED_MAX,
  queueCall,
  type SettledCall,
} from "../core/toolsets/call.ts";
import { isoTime } from "../core/time.ts";
import type { ObjectStorage, Sql } from "../durable/storage.ts";
import { claimIdOf } from "./claim-id.ts";
import type { CallRequest, Delta, ProviderMessage } from "./gateway.ts";
import { type CallRow, type DeltaRow, type FailureRow, SQL } from "./schema.ts";

/** How many characters of deltas one look at a call takes along. */
const PROGRESS_CHARS = 250_000;

/** A call as it is kept; its message, outcome and deltas are read when they are needed. */
export type KeptCall<State extends CallState = CallState> = Omit<CallRow, "state"> & { state: State };

/** The calls of one toolset in storage. Each change is written at once, so an eviction loses nothing. */
export class CallTable {
  readonly #storage: ObjectStorage;
  readonly #sql: Sql;
  /** What all calls take, in characters. Read once, and counted from then on. */
  #chars: number;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#chars = this.#sql.exec<{ chars: number }>(SQL.totalChars).one().chars;
  }

  /** Whether another call would be one too many. */
  isFull(): boolean {
    return this.countQueued() >= QUEUED_MAX || this.#chars >= KEPT_CHARS_MAX;
  }

  find(id: string): KeptCall | undefined {
    return this.#read(SQL.readCall, id)[0];
  }

  /** The call that a call of this identity repeats. */
  findByIdentity(identity: string): KeptCall | undefined {
    return this.#read(SQL.readCallByIdentity, identity)[0];
  }

  /** Calls whose state ended before `now`. */
  due(now: number): KeptCall[] {
    return this.#read(SQL.dueCalls, now);
  }

  /** When the first state ends; null: there are no calls. */
  nextDueAt(): number | null {
    return this.#sql.exec<{ due_at: number | null }>(SQL.nextDueAt).one().due_at;
  }

  unsettled(): KeptCall[] {
    return this.#read(SQL.unsettledCalls);
  }

  countQueued(): number {
    return this.#sql.exec<{ n: number }>(SQL.countQueued).one().n;
  }

  countClaimed(): number {
    return this.#sql.exec<{ n: number }>(SQL.countClaimed).one().n;
  }

  countClaimedBy(consumer: string): number {
    return this.#sql.exec<{ n: number }>(SQL.countClaimedBy, consumer).one().n;
  }

  /** null: none waits */
  oldestQueuedAt(): number | null {
    return this.#read(SQL.queuedCalls, 1)[0]?.made_at ?? null;
  }

  /** The newest failures, with the instants at which they were settled. */
  lastErrors(): { code: string; at: number }[] {
    return this.#sql
      .exec<FailureRow>(SQL.lastFailures)
      .toArray()
      .map(({ code, due_at, state }) => ({ code, at: due_at - keptMsOf(JSON.parse(state) as CallState) }));
  }

  /** The outcome of a settled call. */
  outcome({ number }: KeptCall): CallOutcome {
    const { outcome } = this.#sql.exec<{ outcome: string }>(SQL.readOutcome, number).one();
    return JSON.parse(outcome) as CallOutcome;
  }

  /** The deltas after number `after`, in order, until they have `PROGRESS_CHARS` characters. */
  deltas({ number }: KeptCall, after: number): DeltaRow[] {
    const deltas: DeltaRow[] = [];
    let chars = 0;
    for (const row of this.#sql.exec<DeltaRow>(SQL.deltasAfter, number, after)) {
      deltas.push(row);
      chars += row.delta.length + row.stream.length;
      if (chars >= PROGRESS_CHARS) break;
    }
    return deltas;
  }

  add(request: CallRequest, now: number): void {
    const { callId, toolUseId, caller, identity, digest, message, resultSchema, keptMs } = request;
    const state = queueCall(now, keptMs);
    this.#sql.exec(
      SQL.addCall,
      callId,
      state.status,
      state.dueAt,
      JSON.stringify(state),
      caller,
      toolUseId,
      identity,
      digest,
      message.length,
      message,
      resultSchema.hash,
      now,
    );
    this.#chars += message.length;
  }

  /** Claims queued calls for a consumer, at most `max`, the oldest first. */
  claim(consumer: string, max: number, now: number): ProviderMessage[] {
    return this.#read(SQL.queuedCalls, max).map((call) => {
      // A call has its message until it is settled.
      const row = this.#sql.exec<{ message: string }>(SQL.readMessage, call.number).one();
      const message = JSON.parse(row.message) as CallMessage;
      const claimId = claimIdOf(call.result_hash);
      const state = claimCall(call.state, { claimId, consumer }, now);
      this.update(call, state);
      const deadline = isoTime(state.dueAt);
      return { type: "call", claim_id: claimId, call_id: call.id, ...message, deadline };
    });
  }

  /** Writes a state that is not settled. */
  update({ number }: KeptCall, state: CallState): void {
    const consumer = state.status === "claimed" ? state.consumer : null;
    this.#sql.exec(SQL.updateCall, state.status, state.dueAt, consumer, JSON.stringify(state), number);
  }

  addDelta(call: KeptCall, { stream, delta }: Delta, state: ClaimedCall): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(SQL.addDelta, call.number, call.deltas + 1, stream, delta);
      this.#sql.exec(SQL.countDelta, delta.length, call.number);
      this.update(call, state);
    });
    this.#chars += delta.length;
  }

  /** Drops the message; and the identity if no provider ever claimed the call, so that it can be made again. */
  settle(call: KeptCall, { outcome, ...state }: SettledCall): void {
    const json = JSON.stringify(outcome);
    const chars = call.delta_chars + json.length;
    this.#sql.exec(
      SQL.settleCall,
      state.status,
      state.dueAt,
      JSON.stringify(state),
      json,
      chars,
      state.claims > 0 ? 1 : 0,
      call.number,
    );
    this.#chars += chars - call.chars;
  }

  remove({ number, chars }: KeptCall): void {
    this.#sql.exec(SQL.deleteDeltas, number);
    this.#sql.exec(SQL.deleteCall, number);
    this.#chars -= chars;
  }

  #read(statement: string, ...bindings: (string | number)[]): KeptCall[] {
    const rows = this.#sql.exec<CallRow>(statement, ...bindings).toArray();
    return rows.map((row) => ({ ...row, state: JSON.parse(row.state) as CallState }));
  }
}
