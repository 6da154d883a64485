import type { CallMessage, CallOutcome } from "../core/toolsets/call.ts";
import { remote } from "../durable/remote.ts";
import type { ToolGateway } from "./tool-gateway.ts";

/** Which registration the asker knows as the current one. */
export interface Epoch {
  fence: string;
  /** ms since the Unix epoch; of two registrations the later one is current */
  registeredAt: number;
}

export interface CallRequest {
  epoch: Epoch;
  /** Minted by the asker, unguessable; a repetition's is not used. */
  callId: string;
  toolUseId: string;
  /** The API key's name; "" under open access. */
  caller: string;
  /** The same for every repetition of one call; null where there is nothing to know one by. */
  identity: string | null;
  /** Of tool and payload: a repetition has the same. */
  digest: string;
  /** What providers get: tool, payload, meta and trace context, as JSON. */
  message: string;
}

export type Called =
  | { answer: "taken" | "repeated"; callId: string; toolUseId: string; settled: boolean }
  | { answer: "conflict" | "queue_full" | "stale" };

export interface ClaimRequest {
  epoch: Epoch;
  /** Who polls: what is claimed is known by it, and each consumer is pinged. */
  consumer: string;
  /** At most so many calls. */
  max: number;
  intervalMs: number;
}

export type Message =
  | { type: "ping"; ping_id: string }
  | (CallMessage & { type: "call"; claim_id: string; call_id: string; deadline: string });

export type Claimed =
  | {
      messages: Message[];
      /** Give it to `arrived`, to wait for what comes after this. */
      seen: number;
      /** When this consumer's next ping is due. */
      pingInMs: number;
    }
  | "stale";

export interface Answering {
  epoch: Epoch;
  callId: string;
  claimId: string;
}

export interface Delta {
  stream: string;
  delta: string;
  /** 1, 2, … within the claim: one sent again is taken once. */
  seq: number | undefined;
}

/** Why an answer is not taken. */
export type AnswerRefusal =
  | "stale"
  | "call_not_found"
  | "call_settled"
  | "claim_lost"
  | "stream_full"
  | "out_of_order";

export interface Followed {
  caller: string;
  toolUseId: string;
  status: "pending" | "done" | "failed";
  outcome: CallOutcome | undefined;
  /** Deltas after the one asked for, in order; so many as make a message of fair size, and there may be more. */
  deltas: { seq: number; stream: string; delta: string }[];
  /** How many deltas there are. */
  total: number;
}

export interface GatewayLoad {
  queued: number;
  claimed: number;
  /** Consumers that polled lately or have a socket open. */
  consumers: number;
}

/**
 * What one toolset's callers and providers share: the call queue, claims, result streams, who is attached. One object per
 * namespace and toolset; every method but the two that wait is atomic, and one call to it. `now` is in ms since the Unix
 * epoch. "stale" means that the object knows of a later registration than the asker does.
 *
 * Every method throws the Problem `store_unavailable` when the object cannot be reached, throws or is overloaded.
 */
export interface Gateway {
  /**
   * Queues a call, or finds the one that this repeats. "queue_full" beyond 1,000 unclaimed calls, or 10^9 characters kept of
   * all. A call that failed without anybody having claimed it is repeated as a new one.
   */
  call(request: CallRequest, now: number): Promise<Called>;
  /** Attaches a consumer, and gives it what there is: a ping if one is due, and calls, each of which it now has for 60 s. */
  claim(request: ClaimRequest, now: number): Promise<Claimed>;
  /** Resolves when something may have come since `seen`. Claims nothing, so a waiter that goes away loses nothing. */
  arrived(seen: number): Promise<void>;
  /** Adds to a call's result stream and gives its claim 60 s more. At most 10,000 of them and 4,000,000 characters a call. */
  delta(answer: Answering & Delta, now: number): Promise<{ deadlineAt: number } | AnswerRefusal>;
  /** Settles a call, for good: the first answer counts. */
  settle(answer: Answering & { outcome: CallOutcome }, now: number): Promise<"taken" | AnswerRefusal>;
  /** A call, and its deltas after number `after`; undefined when it is not kept (any more). */
  follow(callId: string, after: number, now: number): Promise<Followed | undefined>;
  /** Resolves when the call has more than `deltas` deltas, or is settled or forgotten. */
  changed(callId: string, deltas: number): Promise<void>;
  /**
   * A registration has begun: what waited for an earlier one fails as `stale_registration`.
   *
   * @returns undefined; or where this one is not the later, the instant it would have to be later than
   */
  open(epoch: Epoch, now: number): Promise<number | undefined>;
  /** The toolset is unregistered: what waited for it fails likewise. */
  close(epoch: Epoch, now: number): Promise<void>;
  load(now: number): Promise<GatewayLoad>;
  /** A hibernating socket for a provider, on which the same messages come as `claim` gives; at most `max` calls at a time. */
  socket(request: ClaimRequest, now: number): Promise<Response>;
}

/** The gateway over RPC. */
export function durableGateway(stub: () => DurableObjectStub<ToolGateway>): Gateway {
  // A socket does not travel by RPC, only in the answer to a request.
  const overFetch = {
    socket: (...asked: SocketAsked) =>
      stub().fetch("https://gateway/", {
        headers: { Upgrade: "websocket", Asked: encodeURIComponent(JSON.stringify(asked)) },
      }),
  };
  return {
    ...remote<Omit<Gateway, "socket">>(stub, {
      call: true,
      claim: true,
      arrived: true,
      delta: true,
      settle: true,
      follow: true,
      changed: true,
      open: true,
      close: true,
      load: true,
    }),
    ...remote<Pick<Gateway, "socket">>(() => overFetch, { socket: true }),
  };
}

/** What `ToolGateway.fetch` is asked. */
export type SocketAsked = [request: ClaimRequest, now: number];
