import type { ClaimedCall } from "../core/toolsets/call.ts";
import type { Sql } from "../durable/storage.ts";
import type { ProviderMessage } from "./gateway.ts";
import { type CancellationRow, SQL } from "./schema.ts";

/** Cancelled calls that a consumer has claimed and has not been told of. */
export class Cancellations {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Notes that the consumer of `claim` has to be told, until the claim would have ended. */
  add(callId: string, { claimId, consumer, dueAt }: ClaimedCall, now: number): void {
    this.#sql.exec(SQL.deleteDueCancellations, now);
    this.#sql.exec(SQL.addCancellation, claimId, callId, consumer, dueAt);
  }

  /** What a consumer has to be told, once. */
  take(consumer: string, now: number): ProviderMessage[] {
    return this.#sql
      .exec<CancellationRow>(SQL.takeCancellations, consumer)
      .toArray()
      .filter(({ due_at }) => due_at >= now)
      .map(({ call_id, claim_id }) => ({ type: "cancel", call_id, claim_id }));
  }

  dropAll(): void {
    this.#sql.exec(SQL.deleteCancellations);
  }
}
