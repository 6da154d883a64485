import {
  type CallMessage,
  type CallOutcome,
  type CallState,
  claimCall,
  type ClaimedCall,
  KEPT_CHARS_MAX,
  QUEUED_MAX,
  queueCall,
  type SettledCall,
} from "../core/toolsets/call.ts";
import { isoTime } from "../core/time.ts";
import type { ObjectStorage } from "../durable/storage.ts";
import { claimIdOf } from "./claim-id.ts";
import type { CallProgress, CallRequest, Delta, ProviderMessage } from "./gateway.ts";
import * as schema from "./schema.ts";

/** How many characters of deltas one look at a call takes along. */
const PROGRESS_CHARS = 250_000;

/** A call as it is kept; its message, outcome and deltas are read when they are needed. */
export type KeptCall<State extends CallState = CallState> = Omit<schema.CallRow, "state"> & { state: State };

/** The calls of one toolset in storage. Each change is written at once, so an eviction loses nothing. */
export class CallTable {
  readonly #storage: ObjectStorage;
  /** What all calls take, in characters. Read once, and counted from then on. */
  #chars: number;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    this.#chars = schema.totalChars(storage.sql);
  }

  /** Whether another call would be one too many. */
  isFull(): boolean {
    return this.countQueued() >= QUEUED_MAX || this.#chars >= KEPT_CHARS_MAX;
  }

  find(id: string): KeptCall | undefined {
    const row = schema.readCall(this.#storage.sql, id);
    return row && parse(row);
  }

  /** The call that one of this identity would repeat. */
  findByIdentity(identity: string): KeptCall | undefined {
    const row = schema.readCallByIdentity(this.#storage.sql, identity);
    return row && parse(row);
  }

  /** Calls whose state ended before `now`. */
  due(now: number): KeptCall[] {
    return schema.readDue(this.#storage.sql, now).map(parse);
  }

  /** When the first state ends; null: there are no calls. */
  nextDueAt(): number | null {
    return schema.readNextDueAt(this.#storage.sql);
  }

  unsettled(): KeptCall[] {
    return schema.readUnsettled(this.#storage.sql).map(parse);
  }

  countQueued(): number {
    return schema.countQueued(this.#storage.sql);
  }

  /** @param consumer undefined: the claims of all consumers */
  countClaimed(consumer?: string): number {
    const { sql } = this.#storage;
    return consumer === undefined ? schema.countClaimed(sql) : schema.countClaimedBy(sql, consumer);
  }

  /** The outcome of a settled call. */
  outcome({ number }: KeptCall): CallOutcome {
    return JSON.parse(schema.readOutcome(this.#storage.sql, number)!) as CallOutcome;
  }

  /** The deltas after number `after`, in order, until they have `PROGRESS_CHARS` characters. */
  deltas({ number }: KeptCall, after: number): CallProgress["deltas"] {
    const deltas: CallProgress["deltas"] = [];
    let chars = 0;
    for (const delta of schema.readDeltas(this.#storage.sql, number, after)) {
      deltas.push(delta);
      chars += delta.delta.length + delta.stream.length;
      if (chars >= PROGRESS_CHARS) break;
    }
    return deltas;
  }

  add({ callId, toolUseId, caller, identity, digest, message }: CallRequest, now: number): void {
    const state = queueCall(now);
    schema.insertCall(this.#storage.sql, {
      id: callId,
      status: state.status,
      due_at: state.dueAt,
      state: JSON.stringify(state),
      caller,
      tool_use_id: toolUseId,
      identity,
      digest,
      message,
    });
    this.#chars += message.length;
  }

  /** Claims queued calls for a consumer, at most `max`, the oldest first. */
  claim(consumer: string, max: number, now: number): ProviderMessage[] {
    const { sql } = this.#storage;
    return schema.readQueued(sql, max).map((row) => {
      const call = parse(row);
      // A call has its message until it is settled.
      const message = JSON.parse(schema.readMessage(sql, call.number)!) as CallMessage;
      const claimId = claimIdOf(message.tool);
      const state = claimCall(call.state, { claimId, consumer }, now);
      this.update(call, state);
      return {
        type: "call",
        claim_id: claimId,
        call_id: call.id,
        ...message,
        deadline: isoTime(state.dueAt),
      };
    });
  }

  /** Writes a state that is not settled. */
  update({ number }: KeptCall, state: CallState): void {
    schema.updateCall(this.#storage.sql, number, {
      status: state.status,
      due_at: state.dueAt,
      consumer: state.status === "claimed" ? state.consumer : null,
      state: JSON.stringify(state),
    });
  }

  addDelta(call: KeptCall, { stream, delta }: Delta, state: ClaimedCall): void {
    this.#storage.transactionSync(() => {
      schema.insertDelta(this.#storage.sql, call.number, { seq: call.deltas + 1, stream, delta });
      this.update(call, state);
    });
    this.#chars += delta.length;
  }

  /** Drops the message; and the identity if no provider ever claimed the call, so that it can be made again. */
  settle(call: KeptCall, { outcome, ...state }: SettledCall): void {
    const json = JSON.stringify(outcome);
    const chars = call.delta_chars + json.length;
    schema.settleCall(this.#storage.sql, call.number, {
      status: state.status,
      due_at: state.dueAt,
      state: JSON.stringify(state),
      outcome: json,
      chars,
      keepIdentity: state.claims > 0,
    });
    this.#chars += chars - call.chars;
  }

  remove({ number, chars }: KeptCall): void {
    schema.deleteCall(this.#storage.sql, number);
    this.#chars -= chars;
  }
}

const parse = (row: schema.CallRow): KeptCall => ({ ...row, state: JSON.parse(row.state) as CallState });
