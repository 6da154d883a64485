import type { Epoch } from "../core/fence.ts";
import type { CallMessage, CallOutcome } from "../core/toolsets/call.ts";

export type { Epoch };

export interface CallRequest {
  epoch: Epoch;
  /** Unguessable, made by the asker; not used when the call repeats an earlier one. */
  callId: string;
  toolUseId: string;
  /** The name of the caller's API key; "" under open access. */
  caller: string;
  /** The same for every repetition of one call; null: this call cannot be repeated. */
  identity: string | null;
  /** Digest of tool and payload, which a repetition must have in common with its call. */
  digest: string;
  /** A `CallMessage` as JSON: what the provider gets. */
  message: string;
  /** The schema that the result will be held to, as JSON, and its hash. It outlives an amendment of the toolset. */
  resultSchema: { hash: string; json: string };
  /** How long the call is kept once it is settled, ms. */
  keptMs: number;
}

export type CallAnswer =
  | { answer: "taken" | "repeated"; callId: string; toolUseId: string; settled: boolean }
  | { answer: "conflict" | "queue_full" | "stale" };

export interface ClaimRequest {
  epoch: Epoch;
  /** The name of the one that claims: claims are kept, and pings sent, by consumer. */
  consumer: string;
  /** At most so many calls; 0: pings and cancellations alone. */
  max: number;
  /** How often this consumer is pinged. */
  intervalMs: number;
  /** Of a socket: the id of the API key that opens it; absent: it is configured, or none was asked for. */
  key?: string;
}

/** What a consumer gets. A ping's id and a claim's id have to be sent back with the answer; a cancelled call needs none. */
export type ProviderMessage =
  | { type: "ping"; ping_id: string }
  | { type: "cancel"; call_id: string; claim_id: string }
  | (CallMessage & {
      type: "call";
      claim_id: string;
      call_id: string;
      /** When the claim ends, RFC 3339. */
      deadline: string;
    });

export type ClaimAnswer =
  | {
      messages: ProviderMessage[];
      /** To be given to `arrived`, to wait for what comes after this. */
      seen: number;
      /** When this consumer's next ping is due, in ms from now. */
      pingInMs: number;
    }
  | "stale";

/** Names a claim, when a provider sends deltas or the outcome of its call. */
export interface ClaimRef {
  /** Of the registration under which it was claimed; "stale" if another is the latest. */
  fence: string;
  callId: string;
  claimId: string;
}

export interface Delta {
  stream: string;
  delta: string;
  /** 1, 2, … within the claim, so that a delta sent again is taken once; undefined: each is taken. */
  seq: number | undefined;
}

/** Why a delta or an outcome is not taken. */
export type ClaimRefusal =
  | "stale"
  | "call_not_found"
  | "call_settled"
  | "claim_lost"
  | "stream_full"
  | "out_of_order";

/** How far a call has come. */
export interface CallProgress {
  caller: string;
  toolUseId: string;
  status: "pending" | "done" | "failed";
  /** When the call was made, and when it last changed its state or had a delta: ms since the Unix epoch. */
  madeAt: number;
  changedAt: number;
  /** How long it is kept once it is settled, ms. */
  keptMs: number;
  /** undefined while the call is pending */
  outcome: CallOutcome | undefined;
  /** Deltas after the one asked for, in order, until they have 250,000 characters; there may be more. */
  deltas: { seq: number; stream: string; delta: string }[];
  /** How many deltas the call has altogether. */
  total: number;
}

export interface GatewayLoad {
  queued: number;
  claimed: number;
  /** Consumers that polled within the last 40 s or have a socket open. */
  consumers: number;
}

/** What an operator looks for when calls do not get on. Nothing of what was asked or answered: that is the caller's alone. */
export interface GatewayTroubles {
  /** When the oldest call that nobody has claimed was made, ms since the Unix epoch; null: none waits. */
  oldestQueuedAt: number | null;
  /** The newest failures that are kept, at most 5 among the newest 1,000 calls, with the instants at which they failed. */
  lastErrors: { code: string; at: number }[];
}

/**
 * What the callers and providers of one toolset share: the queue of calls, claims, result streams, consumers. There is one
 * object per namespace and toolset; every method is one call to it, and atomic except for the two that wait (`arrived` and
 * `changed`). `now` is in ms since the Unix epoch. "stale" means that the object knows a later registration than the asker's.
 *
 * Every method throws the Problem `store_unavailable` when the object cannot be reached, throws or is overloaded.
 */
export interface Gateway {
  /**
   * Queues a call, or finds the one that this repeats. A call that failed before any provider claimed it is not repeated but
   * queued anew.
   *
   * @returns "taken": queued; "repeated": the earlier call's ids; "conflict": the earlier call has another digest;
   *   "queue_full": 1,000 calls are unclaimed, or the toolset's calls take 10^9 characters; "stale"
   */
  call(request: CallRequest, now: number): Promise<CallAnswer>;
  /** Notes that a consumer polls, and gives it a ping if one is due, and queued calls, each claimed for 60 s. */
  claim(request: ClaimRequest, now: number): Promise<ClaimAnswer>;
  /**
   * Resolves when there may be something to claim since `seen` (see `ClaimAnswer`), for a consumer that takes `max` calls. It
   * claims nothing, so no call is lost when the one that waits goes away.
   */
  arrived(seen: number, max: number): Promise<void>;
  /**
   * Adds a delta to a call's result stream, and sets the end of the claim to 60 s from now. A call has at most 10,000 deltas
   * with 4,000,000 characters.
   */
  delta(delta: ClaimRef & Delta, now: number): Promise<{ deadlineAt: number } | ClaimRefusal>;
  /** Settles a call for good: the first outcome counts. */
  settle(settlement: ClaimRef & { outcome: CallOutcome }, now: number): Promise<"taken" | ClaimRefusal>;
  /** The result schema of a call that is not settled, as JSON; undefined: there is no such call. */
  resultSchema(hash: string): Promise<string | undefined>;
  /**
   * Fails a call that is not settled, as `cancelled`. A consumer that has claimed it is told with its next messages, at once
   * on a socket or where it waits.
   *
   * @returns the outcome, the same for a call that is cancelled already; "call_settled" for one that has another outcome
   */
  cancel(callId: string, now: number): Promise<CallOutcome | "call_not_found" | "call_settled">;
  /**
   * @param after give the deltas after the one of this number; 0: from the first
   * @returns undefined when the call is unknown, or was settled longer ago than it is kept
   */
  follow(callId: string, after: number, now: number): Promise<CallProgress | undefined>;
  /**
   * Resolves when the call has more than `after` deltas, is settled, or is not kept.
   *
   * @returns as `follow` then; a state that has ended by itself is not noticed before the next call to the object
   */
  changed(callId: string, after: number): Promise<CallProgress | undefined>;
  /**
   * Begins a registration: calls of an earlier one that are not settled fail as `stale_registration`.
   *
   * @returns undefined; or, where the current registration is later than this one, its `registeredAt`
   */
  open(epoch: Epoch, now: number): Promise<number | undefined>;
  /** Ends a registration: its calls that are not settled fail as `stale_registration`. */
  close(epoch: Epoch, now: number): Promise<void>;
  load(now: number): Promise<GatewayLoad>;
  troubles(now: number): Promise<GatewayTroubles>;
  /**
   * Opens a hibernating socket for a consumer, on which it gets the messages that `claim` would give, at most `max` calls at
   * a time. A claim that ends without an answer closes the socket with 4408, another socket of the consumer with 4409, the end
   * of the registration with 4410.
   *
   * @returns 101 with the client's end of the socket; 409: "stale"
   */
  socket(request: ClaimRequest, now: number): Promise<Response>;
}
