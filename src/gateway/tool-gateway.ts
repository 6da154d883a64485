import { KEYS_LOOKED_AT_EVERY_MS } from "../core/api-key.ts";
import {
  cancelCall,
  type CallOutcome,
  type ClaimedCall,
  DELTA_CHARS_MAX,
  DELTAS_MAX,
  extendClaim,
  isCancelled,
  isSettled,
  orphanCall,
  settleCall,
} from "../core/toolsets/call.ts";
import { migrate } from "../durable/migrate.ts";
import type { Served } from "../durable/served.ts";
import type { HibernatingSocket, ObjectStorage, Sockets } from "../durable/storage.ts";
import { CallTable, type KeptCall } from "./call-table.ts";
import { Cancellations } from "./cancellations.ts";
import { Consumers } from "./consumers.ts";
import { FollowedCalls } from "./followed-calls.ts";
import { ResultSchemas } from "./result-schemas.ts";
import { LatestEpoch } from "./epoch.ts";
import type {
  CallAnswer,
  CallProgress,
  CallRequest,
  ClaimAnswer,
  ClaimRef,
  ClaimRefusal,
  ClaimRequest,
  Delta,
  Epoch,
  Gateway,
  GatewayLoad,
  GatewayTroubles,
} from "./gateway.ts";
import { MIGRATIONS } from "./schema.ts";

/** After it could not be found out which API keys have ended, ms. */
const KEYS_AGAIN_MS = 5000;

/** Which of these API keys have ended; rejects if that cannot be found out now. */
export type EndedKeys = (ids: readonly string[], now: number) => Promise<ReadonlySet<string>>;

/**
 * The object behind one toolset's gateway; gateway.ts says what each method does, core/toolsets/call.ts what becomes of a
 * call. There is one object per toolset, so nothing else writes its calls. Between events it relies on `tick` being called
 * when the alarm goes off.
 */
export class ToolGateway implements Served<Omit<Gateway, "socket">> {
  readonly #storage: ObjectStorage;
  readonly #epoch: LatestEpoch;
  readonly #calls: CallTable;
  readonly #cancellations: Cancellations;
  readonly #resultSchemas: ResultSchemas;
  readonly #consumers: Consumers;
  readonly #followed: FollowedCalls;
  /** When the keys are looked at next; undefined: it was not said in this life. */
  #keysDueAt: number | undefined;
  endedKeys: EndedKeys;

  constructor(storage: ObjectStorage, sockets: Sockets, endedKeys: EndedKeys) {
    this.endedKeys = endedKeys;
    migrate(storage, MIGRATIONS);
    this.#storage = storage;
    this.#epoch = new LatestEpoch(storage.sql);
    this.#calls = new CallTable(storage);
    this.#followed = new FollowedCalls(this.#calls);
    this.#cancellations = new Cancellations(storage.sql);
    this.#resultSchemas = new ResultSchemas(storage.sql);
    this.#consumers = new Consumers(sockets);
  }

  async call(request: CallRequest, now: number): Promise<CallAnswer> {
    if (!this.#adoptEpoch(request.epoch, now)) return { answer: "stale" };
    const { callId, toolUseId, identity, digest } = request;
    const earlier = identity === null ? undefined : this.#calls.findByIdentity(identity);
    if (earlier) {
      if (earlier.digest !== digest) return { answer: "conflict" };
      const settled = isSettled(earlier.state);
      return { answer: "repeated", callId: earlier.id, toolUseId: earlier.tool_use_id, settled };
    }
    if (this.#calls.isFull()) return { answer: "queue_full" };
    this.#calls.add(request, now);
    this.#resultSchemas.add(request.resultSchema);
    this.#offerWork(now);
    await this.#setAlarm(now);
    return { answer: "taken", callId, toolUseId, settled: false };
  }

  async claim(request: ClaimRequest, now: number): Promise<ClaimAnswer> {
    if (!this.#adoptEpoch(request.epoch, now)) return "stale";
    const { pings, pingInMs } = this.#consumers.poll(request, now);
    const { consumer, max } = request;
    const messages = [
      ...pings,
      ...this.#cancellations.take(consumer, now),
      ...this.#calls.claim(consumer, max, now),
    ];
    const { seen } = this.#consumers.waiting(max);
    await this.#setAlarm(now);
    return { messages, seen, pingInMs };
  }

  arrived(seen: number, max: number): Promise<void> {
    return this.#consumers.waiting(max).after(seen);
  }

  delta(delta: ClaimRef & Delta, now: number): { deadlineAt: number } | ClaimRefusal {
    const call = this.#findClaim(delta, now);
    if (typeof call === "string") return call;
    const { state } = call;
    if (delta.seq !== undefined) {
      // Sent again because the answer was lost: it is kept already.
      if (delta.seq <= state.deltas) return { deadlineAt: state.dueAt };
      if (delta.seq > state.deltas + 1) return "out_of_order";
    }
    if (call.deltas >= DELTAS_MAX || call.delta_chars + delta.delta.length > DELTA_CHARS_MAX) {
      return "stream_full";
    }
    const extended = extendClaim(state, now);
    this.#calls.addDelta(call, delta, extended);
    this.#followed.wake(call);
    return { deadlineAt: extended.dueAt };
  }

  async settle(
    settlement: ClaimRef & { outcome: CallOutcome },
    now: number,
  ): Promise<"taken" | ClaimRefusal> {
    const call = this.#findClaim(settlement, now);
    if (typeof call === "string") return call;
    this.#followed.settle(call, settleCall(call.state, settlement.outcome, now));
    this.#sendToSockets(now);
    await this.#setAlarm(now);
    return "taken";
  }

  resultSchema(hash: string): string | undefined {
    return this.#resultSchemas.find(hash);
  }

  async cancel(callId: string, now: number): Promise<CallOutcome | "call_not_found" | "call_settled"> {
    this.#applyDue(now);
    const call = this.#calls.find(callId);
    if (!call) return "call_not_found";
    const { state } = call;
    if (isSettled(state)) {
      const outcome = this.#calls.outcome(call);
      return isCancelled(outcome) ? outcome : "call_settled";
    }
    const cancelled = cancelCall(state, now);
    this.#followed.settle(call, cancelled);
    if (state.status === "claimed") {
      this.#cancellations.add(callId, state, now);
      this.#sendToSockets(now);
      this.#consumers.wake("cancellation");
    }
    await this.#setAlarm(now);
    return cancelled.outcome;
  }

  follow(callId: string, after: number, now: number): CallProgress | undefined {
    this.#applyDue(now);
    return this.#followed.find(callId, after);
  }

  changed(callId: string, after: number): Promise<CallProgress | undefined> {
    return this.#followed.changed(callId, after);
  }

  async open(epoch: Epoch, now: number): Promise<number | undefined> {
    const isCurrent = this.#adoptEpoch(epoch, now);
    await this.#setAlarm(now);
    return isCurrent ? undefined : this.#epoch.registeredAt;
  }

  async close(epoch: Epoch, now: number): Promise<void> {
    if (!this.#adoptEpoch(epoch, now)) return;
    this.#endEpoch(now);
    this.#epoch.close();
    await this.#setAlarm(now);
  }

  load(now: number): GatewayLoad {
    this.#applyDue(now);
    return {
      queued: this.#calls.countQueued(),
      claimed: this.#calls.countClaimed(),
      consumers: this.#consumers.count(now),
    };
  }

  troubles(now: number): GatewayTroubles {
    this.#applyDue(now);
    return { oldestQueuedAt: this.#calls.oldestQueuedAt(), lastErrors: this.#calls.lastErrors() };
  }

  /** Takes the server's end of a consumer's socket (the port's `socket`); false: "stale", and the socket is not accepted. */
  async attach(socket: HibernatingSocket, request: ClaimRequest, now: number): Promise<boolean> {
    if (!this.#adoptEpoch(request.epoch, now)) return false;
    this.#consumers.attach(socket, request);
    this.#sendToSockets(now);
    await this.#setAlarm(now);
    return true;
  }

  /** To be called when the alarm goes off: applies what is due, sends pings, lets sockets go whose keys have ended, and sets the next alarm. */
  async tick(now: number): Promise<void> {
    this.#applyDue(now);
    this.#offerWork(now);
    await this.#letEndedKeysGo(now);
    await this.#setAlarm(now);
  }

  /** While it cannot be found out which have ended, their sockets stay. */
  async #letEndedKeysGo(now: number): Promise<void> {
    const keys = this.#consumers.keys();
    if (keys.length === 0 || now < (this.#keysDueAt ?? now)) return;
    this.#keysDueAt = now + KEYS_AGAIN_MS;
    const ended = await this.endedKeys(keys, now).catch(() => undefined);
    if (!ended) return;
    this.#keysDueAt = now + KEYS_LOOKED_AT_EVERY_MS;
    this.#consumers.letKeysGo(ended);
  }

  /**
   * Applies what is due, and makes `epoch` the current one if it is later.
   *
   * @returns false: `epoch` is earlier than the current one
   */
  #adoptEpoch(epoch: Epoch, now: number): boolean {
    this.#applyDue(now);
    const compared = this.#epoch.compare(epoch);
    if (compared !== "later") return compared === "current";
    this.#endEpoch(now);
    this.#epoch.replace(epoch);
    return true;
  }

  /** Fails the calls that are not settled, and lets all consumers go. */
  #endEpoch(now: number): void {
    for (const call of this.#calls.unsettled()) this.#followed.settle(call, orphanCall(call.state, now));
    this.#cancellations.dropAll();
    this.#resultSchemas.dropUnused();
    this.#consumers.letAllGo();
  }

  /** Applies the transitions of calls that were due before `now`. */
  #applyDue(now: number): void {
    const lapsed = this.#followed.applyDue(now);
    if (lapsed.size > 0) this.#consumers.letLapsedGo(lapsed);
  }

  #findClaim({ fence, callId, claimId }: ClaimRef, now: number): KeptCall<ClaimedCall> | ClaimRefusal {
    this.#applyDue(now);
    return this.#epoch.isCurrent(fence) ? this.#followed.findClaim(callId, claimId) : "stale";
  }

  /** Gives queued calls to the sockets, and wakes the polls that wait. */
  #offerWork(now: number): void {
    this.#sendToSockets(now);
    this.#consumers.wake("call");
  }

  #sendToSockets(now: number): void {
    this.#consumers.send(({ consumer, max }) => {
      const room = max - this.#calls.countClaimedBy(consumer);
      const cancelled = this.#cancellations.take(consumer, now);
      return room > 0 ? [...cancelled, ...this.#calls.claim(consumer, room, now)] : cancelled;
    }, now);
  }

  /** Sets the alarm to the next ping or the end of the first call's state, whichever comes first; off if there is neither. */
  async #setAlarm(now: number): Promise<void> {
    const dueAt = this.#calls.nextDueAt();
    const keysDueAt =
      this.#consumers.keys().length > 0 ? (this.#keysDueAt ?? now + KEYS_LOOKED_AT_EVERY_MS) : Infinity;
    const at = Math.min(this.#consumers.nextPingAt(now), dueAt === null ? Infinity : dueAt + 1, keysDueAt);
    const set = await this.#storage.getAlarm();
    if (at === Infinity) {
      if (set !== null) await this.#storage.deleteAlarm();
    } else if (set === null || set > at) await this.#storage.setAlarm(at);
  }
}
