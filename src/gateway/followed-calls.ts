import {
  callAt,
  changedAt,
  keptMsOf,
  type ClaimedCall,
  isSettled,
  type SettledCall,
} from "../core/toolsets/call.ts";
import type { CallTable, KeptCall } from "./call-table.ts";
import type { CallProgress } from "./gateway.ts";
import { CallWaiters } from "./waiters.ts";

/** What has become of calls, and the requests that wait for more. */
export class FollowedCalls {
  readonly #calls: CallTable;
  readonly #waiting = new CallWaiters();

  constructor(calls: CallTable) {
    this.#calls = calls;
  }

  /** @returns undefined: the call is not kept */
  find(callId: string, after: number): CallProgress | undefined {
    const call = this.#calls.find(callId);
    return call && this.#progress(call, after);
  }

  /** As `find`, once the call has more than `after` deltas or is settled. */
  async changed(callId: string, after: number): Promise<CallProgress | undefined> {
    for (;;) {
      const call = this.#calls.find(callId);
      if (!call) return undefined;
      if (call.deltas > after || isSettled(call.state)) return this.#progress(call, after);
      await this.#waiting.next(callId);
    }
  }

  /** The call that is claimed under this id, or why there is none. */
  findClaim(
    callId: string,
    claimId: string,
  ): KeptCall<ClaimedCall> | "call_not_found" | "call_settled" | "claim_lost" {
    const call = this.#calls.find(callId);
    if (!call) return "call_not_found";
    const { state } = call;
    if (isSettled(state)) return "call_settled";
    return state.status === "claimed" && state.claimId === claimId ? { ...call, state } : "claim_lost";
  }

  /**
   * Applies the transitions that were due before `now`.
   *
   * @returns the consumers whose claims ended
   */
  applyDue(now: number): ReadonlySet<string> {
    const lapsed = new Set<string>();
    for (const call of this.#calls.due(now)) {
      if (call.state.status === "claimed") lapsed.add(call.state.consumer);
      const state = callAt(call.state, now);
      if (!state) this.remove(call);
      else if (isSettled(state)) this.settle(call, state);
      else this.#calls.update(call, state);
    }
    return lapsed;
  }

  settle(call: KeptCall, state: SettledCall): void {
    this.#calls.settle(call, state);
    this.wake(call);
  }

  remove(call: KeptCall): void {
    this.#calls.remove(call);
    this.wake(call);
  }

  /** Wakes the requests that wait for a call which has changed. */
  wake({ id }: KeptCall): void {
    this.#waiting.wake(id);
  }

  #progress(call: KeptCall, after: number): CallProgress {
    const { state } = call;
    return {
      caller: call.caller,
      toolUseId: call.tool_use_id,
      status: isSettled(state) ? state.status : "pending",
      madeAt: call.made_at,
      changedAt: changedAt(state),
      keptMs: keptMsOf(state),
      outcome: isSettled(state) ? this.#calls.outcome(call) : undefined,
      deltas: this.#calls.deltas(call, after),
      total: call.deltas,
    };
  }
}
