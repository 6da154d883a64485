import type { CallOutcome } from "../../src/core/toolsets/call.ts";
import type { ObjectStorage } from "../../src/durable/storage.ts";
import type { Epoch, Gateway, ProviderMessage } from "../../src/gateway/gateway.ts";
import type { ToolGateway } from "../../src/gateway/tool-gateway.ts";
import { START } from "./start.ts";

export const INTERVAL_MS = 10_000;

/** The registrations of one toolset, in their order. */
export const epochOf = (n: number): Epoch => ({ fence: `fence-${n}`, registeredAt: START + n });

export type CallMessage = Extract<ProviderMessage, { type: "call" }>;
export const callsOf = (messages: readonly ProviderMessage[]): CallMessage[] =>
  messages.filter((message) => message.type === "call");
export const idsOf = (messages: readonly ProviderMessage[]): string[] =>
  callsOf(messages).map(({ call_id }) => call_id);
export const pingsOf = (messages: readonly ProviderMessage[]): string[] =>
  messages.flatMap((message) => (message.type === "ping" ? [message.ping_id] : []));

/** What a provider knows of a call that it has. */
export type ClaimedCall = Pick<CallMessage, "call_id" | "claim_id">;

export interface CallOptions {
  tool?: string;
  toolUseId?: string;
  caller?: string;
  identity?: string | null;
  digest?: string;
  resultSchema?: { hash: string; json: string };
  keptMs?: number;
}

/** A gateway of its own for one test, and what is behind it. */
export interface ReachedGateway {
  gateway: Gateway;
  /** The object's host starts it anew. Like `inside`, for an object that has been called. */
  evict: () => Promise<void>;
  inside: <R>(work: (object: ToolGateway, storage: ObjectStorage) => R | Promise<R>) => Promise<R>;
}

export type OpenGateway = () => OpenedGateway;

/** The same, with a clock that stands still until told. */
export class OpenedGateway {
  readonly #reached: ReachedGateway;
  now = START;
  /** The registration that everybody knows as the current one. */
  epoch = epochOf(1);

  constructor(reached: ReachedGateway) {
    this.#reached = reached;
  }

  get gateway(): Gateway {
    return this.#reached.gateway;
  }

  pass(ms: number): void {
    this.now += ms;
  }

  call(callId: string, options: CallOptions = {}) {
    const {
      tool = "echo",
      toolUseId = `use-${callId}`,
      caller = "",
      identity = null,
      digest = "same",
      resultSchema = { hash: tool, json: "true" },
      keptMs = 900_000,
    } = options;
    const message = JSON.stringify({ tool_use_id: toolUseId, tool, payload: { of: callId }, meta: {} });
    const { epoch } = this;
    const request = { epoch, callId, toolUseId, caller, identity, digest, message, resultSchema, keptMs };
    return this.gateway.call(request, this.now);
  }

  /** What a consumer that is not refused gets, and how to wait for more. */
  async claim(consumer = "c1", max = 100, intervalMs = INTERVAL_MS) {
    const { epoch } = this;
    const request = { epoch, consumer, max, intervalMs };
    const claimed = await this.gateway.claim(request, this.now);
    if (claimed === "stale") throw new Error("this registration is not the current one");
    return claimed;
  }

  async calls(consumer?: string, max?: number): Promise<CallMessage[]> {
    return callsOf((await this.claim(consumer, max)).messages);
  }

  /** The one call that a consumer gets. */
  async take(consumer?: string): Promise<CallMessage> {
    const [call] = await this.calls(consumer, 1);
    if (!call) throw new Error("there is no call to take");
    return call;
  }

  delta({ call_id: callId, claim_id: claimId }: ClaimedCall, delta = "…", seq?: number, stream = "out") {
    return this.gateway.delta({ fence: this.epoch.fence, callId, claimId, stream, delta, seq }, this.now);
  }

  settle({ call_id: callId, claim_id: claimId }: ClaimedCall, outcome: CallOutcome = { result: "done" }) {
    return this.gateway.settle({ fence: this.epoch.fence, callId, claimId, outcome }, this.now);
  }

  follow(callId: string, after = 0) {
    return this.gateway.follow(callId, after, this.now);
  }

  /** A call's status, or what it failed with; undefined: it is not kept. */
  async status(callId: string): Promise<string | undefined> {
    const followed = await this.follow(callId);
    const outcome = followed?.outcome;
    return outcome && "error" in outcome ? outcome.error.code : followed?.status;
  }

  load() {
    return this.gateway.load(this.now);
  }

  troubles() {
    return this.gateway.troubles(this.now);
  }

  /** What the alarm does, `now`. As on the platform, none is set while it is at it. */
  tick(): Promise<void> {
    return this.inside(async (object, storage) => {
      await storage.deleteAlarm();
      await object.tick(this.now);
    });
  }

  /** In how many ms the object wakes up by itself; null: never, but to ask whether it is forgotten. */
  async wakesInMs(): Promise<number | null> {
    const [at, askAt] = await this.inside(async (_, storage) => {
      const { ask_at } = storage.sql.exec<{ ask_at: number }>("SELECT ask_at FROM last_use").one();
      return [await storage.getAlarm(), ask_at];
    });
    return at === null || at === askAt ? null : at - this.now;
  }

  evict(): Promise<void> {
    return this.#reached.evict();
  }

  rows(table: "call" | "delta"): Promise<number> {
    return this.inside(
      (_, storage) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
    );
  }

  inside<R>(work: (object: ToolGateway, storage: ObjectStorage) => R | Promise<R>): Promise<R> {
    return this.#reached.inside(work);
  }
}
